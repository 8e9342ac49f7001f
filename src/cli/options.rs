//! Options that several commands share.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::attack::{Norm, Pgd};
use crate::data::Protocol;
use crate::detector::Direction;
use crate::model::Precision;
use crate::train::{Optimizer, Schedule};

impl ValueEnum for Norm {
    fn value_variants<'a>() -> &'a [Self] {
        &[Norm::Linf, Norm::L2]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Norm::Linf => PossibleValue::new("linf").help("largest change of any value"),
            Norm::L2 => PossibleValue::new("l2").help("Euclidean length of the change"),
        })
    }
}

impl ValueEnum for Direction {
    fn value_variants<'a>() -> &'a [Self] {
        &[Direction::Forward, Direction::Reverse]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Direction::Forward => {
                PossibleValue::new("forward").help("KL(CL(x) || CL(AE(x))), the paper's")
            }
            Direction::Reverse => {
                PossibleValue::new("reverse").help("KL(CL(AE(x)) || CL(x)), the tutorial's")
            }
        })
    }
}

impl ValueEnum for Protocol {
    fn value_variants<'a>() -> &'a [Self] {
        &[Protocol::Tutorial, Protocol::Standard]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Protocol::Tutorial => PossibleValue::new("tutorial").help(
                "learn from the official test split (8,000), measure on the training split (5,000)",
            ),
            Protocol::Standard => PossibleValue::new("standard")
                .help("learn from the official training split, measure on the test split"),
        })
    }
}

impl ValueEnum for Schedule {
    fn value_variants<'a>() -> &'a [Self] {
        &[Schedule::Constant, Schedule::Cosine, Schedule::OneCycle]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Schedule::Constant => PossibleValue::new("constant").help("the same rate throughout"),
            Schedule::Cosine => PossibleValue::new("cosine").help("half a cosine, down to 0"),
            Schedule::OneCycle => PossibleValue::new("one-cycle")
                .help("a quarter of the steps up to the rate, then half a cosine down to 0"),
        })
    }
}

impl ValueEnum for Precision {
    fn value_variants<'a>() -> &'a [Self] {
        &[Precision::F32, Precision::F16, Precision::I8]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Precision::F32 => PossibleValue::new("f32").help("as they were trained"),
            Precision::F16 => PossibleValue::new("f16").help("half the size"),
            Precision::I8 => {
                PossibleValue::new("i8").help("a quarter of the size: 8 bits, a scale per slice")
            }
        })
    }
}

impl ValueEnum for Optimizer {
    fn value_variants<'a>() -> &'a [Self] {
        &[Optimizer::Adam, Optimizer::Sgd]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Optimizer::Adam => PossibleValue::new("adam"),
            Optimizer::Sgd => PossibleValue::new("sgd").help("with Nesterov's momentum, 0.9"),
        })
    }
}

/// Settings that can be named instead of spelled out.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Preset {
    /// eps 0.03, eps_step 0.001, max_iter 10: at most 0.01 away
    Tutorial,
    /// eps 0.03, eps_step 0.005, max_iter 20
    Strong,
}

/// Projected gradient descent; names as in the Adversarial Robustness Toolbox.
#[derive(Args, Debug)]
#[command(next_help_heading = "Attack (PGD)")]
pub struct PgdArguments {
    /// Start from a named setting; the options below change single parameters of it.
    #[arg(long, visible_alias = "attack-preset", value_enum, default_value_t = Preset::Tutorial)]
    preset: Preset,

    /// Which distance from the original is bounded.
    #[arg(long, visible_alias = "attack-norm", value_enum)]
    norm: Option<Norm>,

    /// Largest distance from the original; pictures range from 0 to 1. With linf, 0.03 is 8 of 255 grey levels.
    #[arg(long, visible_alias = "attack-eps", value_name = "DISTANCE")]
    eps: Option<f32>,

    /// Length of one step.
    #[arg(long, visible_alias = "attack-eps-step", value_name = "DISTANCE")]
    eps_step: Option<f32>,

    /// Number of steps.
    #[arg(long, visible_alias = "attack-max-iter", value_name = "N")]
    max_iter: Option<usize>,

    /// Start so many times at a random place of the ball and keep the best; 0 starts at the picture.
    #[arg(long, visible_alias = "attack-num-random-init", value_name = "N")]
    num_random_init: Option<usize>,

    /// Seed of the random starts.
    #[arg(long, value_name = "N")]
    attack_seed: Option<u64>,
}

impl PgdArguments {
    pub fn pgd(&self) -> crate::Result<Pgd> {
        let preset = match self.preset {
            Preset::Tutorial => Pgd::default(),
            Preset::Strong => Pgd::strong(),
        };
        Pgd {
            norm: self.norm.unwrap_or(preset.norm),
            eps: self.eps.unwrap_or(preset.eps),
            eps_step: self.eps_step.unwrap_or(preset.eps_step),
            max_iter: self.max_iter.unwrap_or(preset.max_iter),
            num_random_init: self.num_random_init.unwrap_or(preset.num_random_init),
            seed: self.attack_seed.unwrap_or(preset.seed),
            targeted: preset.targeted,
        }
        .check()
    }
}
