//! Attacks: images changed a little so that the classifier errs, or the whole defence.
//!
//! An iterative attack is an [`objective`] x an [`update`] rule x a [`norm`] x [`restarts`]; [`gradient`]
//! puts them together. Each attack is one short file that names its paper, and one line in the list `attacks!`
//! below. All are [`Attack`]s: their steps are pulled one at a time, so to pause or to cancel one is to stop asking.
//!
//! | the attacker knows | attacks |
//! | --- | --- |
//! | nothing (the control) | `noise` |
//! | the classifier's answers | `square` |
//! | the classifier | `fgsm`, `pgd`, `mi-fgsm`, `apgd-ce`, `apgd-dlr`, `deepfool`, `cw` |
//! | the whole defence | `selective-pgd`, `orthogonal-pgd`, `lagrangian`, `corrector` |
//!
//! What they are aimed at is a [`Target`]. Parameters carry the names of the Adversarial Robustness Toolbox (`eps`,
//! `eps_step`, `max_iter`, `targeted`, `num_random_init`, `norm`).

mod apgd;
mod attacker;
mod corrector;
mod cw;
mod deepfool;
mod evasion;
mod fgsm;
pub mod gradient;
mod lagrangian;
mod mi_fgsm;
mod noise;
pub mod norm;
pub mod objective;
mod options;
mod orthogonal_pgd;
mod pgd;
pub mod restarts;
mod selective_pgd;
mod square;
pub mod target;
pub mod update;

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use apgd::{Apgd, ApgdCe, ApgdDlr};
pub use attacker::Attacker;
pub use corrector::Corrector;
pub use cw::Cw;
pub use deepfool::Deepfool;
pub use evasion::Evasion;
pub use fgsm::Fgsm;
pub use lagrangian::Lagrangian;
pub use mi_fgsm::MiFgsm;
pub use noise::Noise;
pub use norm::Norm;
pub use options::{AttackOptions, Preset};
pub use orthogonal_pgd::OrthogonalPgd;
pub use pgd::Pgd;
pub use selective_pgd::SelectivePgd;
pub use square::Square;
pub use target::Target;

use crate::class::Class;
use crate::error::{Error, Result};

/// An attack under way on a batch of images.
pub trait Attack {
    /// Computes the next step of all images; `None` when all steps of all restarts are done.
    ///
    /// Nothing waits for the device, so the page can read and show each step in its own time.
    fn step(&mut self) -> Option<Step>;

    /// The best result of each image so far: over the restarts that have ended, or, in attacks that return the best of
    /// all their iterates, over these; `None` before there is any.
    fn best(&self) -> Option<&AttackResult>;

    /// How often the classifier was asked about each image, shape `[n]`, until it erred; `None` if the attack does not
    /// count that.
    fn queries(&self) -> Option<Tensor<1>> {
        None
    }
}

/// What an attack starts from.
#[derive(Clone)]
pub struct Input {
    /// The images, [n, 3, 96, 96], values in [0, 1].
    pub images: Tensor<4>,
    /// One class for each image: the true one, or the target of a targeted attack.
    pub classes: Vec<Class>,
    /// A number for each image, such as its index in the dataset: its random numbers follow from it.
    pub ids: Vec<u64>,
}

/// The state after t steps.
#[derive(Clone)]
pub struct Step {
    /// The restart, from 0.
    pub restart: usize,
    /// Steps made since the restart began, 0..=max_iter.
    pub t: usize,
    /// The images, [n, 3, 96, 96].
    pub images: Tensor<4>,
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The objective's loss of each image, shape `[n]`, in nats.
    pub loss: Tensor<1>,
}

/// What an attack ends with.
#[derive(Clone)]
pub struct AttackResult {
    /// The attacked images, [n, 3, 96, 96].
    pub images: Tensor<4>,
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The objective's loss of each image, shape `[n]`, in nats.
    pub loss: Tensor<1>,
}

/// What all attacks have, whatever their parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// The distance that is bounded or made small.
    pub norm: Norm,
    /// Largest distance from the original; `None`: the attack looks for a small one and has no bound.
    pub eps: Option<f32>,
    /// Length of a step; `None`: the attack chooses it.
    pub eps_step: Option<f32>,
    /// Steps of one restart.
    pub steps: usize,
    /// Random draws of a randomised defence that each gradient is the mean of.
    pub draws: usize,
    /// Restarts, at least 1.
    pub restarts: usize,
    /// Whether the first step is at the images themselves, not at points near them.
    pub starts_at_the_images: bool,
    /// Whether the given class is the target instead of the true one.
    pub targeted: bool,
    /// What the attacker must know at least.
    pub attacker: Attacker,
    /// About how long a step takes, in steps of PGD: for the time that is left.
    pub cost: usize,
}

impl Shape {
    /// Whether the steps of a restart together are long enough to reach every distance that is allowed.
    pub fn reaches_its_bound(&self) -> bool {
        match (self.eps, self.eps_step) {
            // Rounding: ten steps of a tenth.
            (Some(eps), Some(step)) => step * self.steps as f32 >= eps * 0.999,
            _ => true,
        }
    }
}

/// An attack's parameters: what its file implements.
trait Parameters: fmt::Display {
    /// The parameters that a person chose; what is missing takes its default.
    fn chosen(options: &AttackOptions, targeted: bool) -> Self
    where
        Self: Sized;

    /// Checks that each is in its range.
    fn validate(&self) -> Result<()>;

    fn shape(&self) -> Shape;

    /// Starts the attack; the parameters are valid.
    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>>;
}

/// Declares [`AttackName`] and [`AttackConfig`] from the default and the list of attacks.
macro_rules! attacks {
    (default $default:ident; $($(#[$doc:meta])* $name:ident,)*) => {
        /// Which attack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
        #[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
        #[serde(rename_all = "kebab-case")]
        pub enum AttackName {
            $($(#[$doc])* $name,)*
        }

        /// An attack with all its parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
        #[serde(tag = "attack", rename_all = "kebab-case")]
        pub enum AttackConfig {
            $($(#[$doc])* $name($name),)*
        }

        $(impl From<$name> for AttackConfig {
            fn from(parameters: $name) -> Self {
                AttackConfig::$name(parameters)
            }
        })*

        impl Default for AttackName {
            fn default() -> Self {
                AttackName::$default
            }
        }

        impl AttackName {
            /// All attacks.
            pub const ALL: &[AttackName] = &[$(AttackName::$name,)*];

            /// The attack with the parameters that a person chose; not validated.
            fn chosen(self, options: &AttackOptions, targeted: bool) -> AttackConfig {
                match self {
                    $(AttackName::$name => {
                        AttackConfig::$name(Parameters::chosen(options, targeted))
                    })*
                }
            }
        }

        impl AttackConfig {
            /// Which attack it is.
            pub fn name(&self) -> AttackName {
                match self {
                    $(AttackConfig::$name(_) => AttackName::$name,)*
                }
            }

            fn parameters(&self) -> &dyn Parameters {
                match self {
                    $(AttackConfig::$name(parameters) => parameters,)*
                }
            }
        }
    };
}

attacks! {
    default Pgd;

    /// Projected gradient descent
    Pgd,
    /// PGD whose steps follow accumulated gradients
    MiFgsm,
    /// One step of length eps along the gradient
    Fgsm,
    /// Auto-PGD on the cross-entropy: step sizes chosen by the attack
    ApgdCe,
    /// Auto-PGD on the difference of logits ratio
    ApgdDlr,
    /// Carlini and Wagner's: the smallest change in L2, by optimisation; no eps unless one is given
    Cw,
    /// The smallest change, by linear approximations of the classifier; no eps unless one is given
    Deepfool,
    /// Random squares; asks for probabilities only, --max-iter times at most
    Square,
    /// Random noise of length eps: the control
    Noise,
    /// On the defence: away from the class and from the detector at once
    Lagrangian,
    /// On the defence: away from the class until the classifier errs, then from the detector
    SelectivePgd,
    /// On the defence: the same, each gradient without its part along the other one
    OrthogonalPgd,
    /// On the defence: detected, and the corrected answer is wrong
    Corrector,
}

/// The name on the command line and in JSON.
impl fmt::Display for AttackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // serde has it already, in kebab case.
        let name = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        f.pad(name.as_str().ok_or(fmt::Error)?)
    }
}

impl Default for AttackConfig {
    fn default() -> Self {
        Pgd::default().into()
    }
}

impl AttackConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        self.parameters().validate()?;
        Ok(self)
    }

    /// Starts the attack on a batch.
    ///
    /// # Errors
    /// When a parameter is out of its range, or the attack is on the whole defence and the target is a classifier alone.
    ///
    /// # Panics
    /// When there is not one class and one id for each image.
    pub fn start(self, target: impl Into<Target>, input: Input) -> Result<Box<dyn Attack>> {
        assert_eq!(input.images.dims()[0], input.classes.len(), "one class for each image");
        assert_eq!(input.images.dims()[0], input.ids.len(), "one id for each image");
        self.check()?.parameters().start(&target.into(), input)
    }

    /// Runs the whole attack on a batch.
    ///
    /// # Errors
    /// As [`AttackConfig::start`].
    ///
    /// # Panics
    /// As [`AttackConfig::start`].
    pub fn run(self, target: impl Into<Target>, input: Input) -> Result<AttackResult> {
        let mut attack = self.start(target, input)?;
        while attack.step().is_some() {}
        Ok(attack.best().expect("the attack has ended").clone())
    }

    /// What all attacks have, whatever their parameters.
    pub fn shape(&self) -> Shape {
        self.parameters().shape()
    }

    /// The distance that bounds the perturbation.
    pub fn norm(&self) -> Norm {
        self.shape().norm
    }

    /// Steps of one restart.
    pub fn steps(&self) -> usize {
        self.shape().steps
    }

    /// Restarts, at least 1.
    pub fn restarts(&self) -> usize {
        self.shape().restarts
    }

    /// Whether the given class is the target instead of the true one.
    pub fn targeted(&self) -> bool {
        self.shape().targeted
    }
}

impl fmt::Display for AttackConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parameters().fmt(f)
    }
}

/// "targeted " or "untargeted ", for descriptions.
fn kind(targeted: bool) -> &'static str {
    if targeted { "targeted" } else { "untargeted" }
}

/// Checks that a length is above 0 and at most the largest distance there is in the norm.
fn check_length(name: &'static str, length: f32, norm: Norm) -> Result<()> {
    if length > 0.0 && length <= norm.ball().diameter() {
        return Ok(());
    }
    Err(Error::Option {
        name,
        value: length.to_string(),
        must: match norm {
            Norm::Linf => "above 0 and at most 1",
            Norm::L2 => "above 0 and at most 166.2",
        },
    })
}

/// Checks the number of steps.
fn check_steps(max_iter: usize) -> Result<()> {
    if (1..=Pgd::MAX_STEPS).contains(&max_iter) {
        return Ok(());
    }
    Err(Error::Option {
        name: "max_iter",
        value: max_iter.to_string(),
        must: "between 1 and 10000",
    })
}

/// Checks the number of restarts.
fn check_restarts(num_random_init: usize) -> Result<()> {
    if num_random_init <= Pgd::MAX_RESTARTS {
        return Ok(());
    }
    Err(Error::Option {
        name: "num_random_init",
        value: num_random_init.to_string(),
        must: "at most 1000",
    })
}

#[cfg(test)]
mod tests;
