//! What a person can choose about an attack: declared once for the command line, JSON and the page.

use serde::{Deserialize, Serialize};

use super::{AttackConfig, MiFgsm, Norm, Pgd};
use crate::error::Result;

/// Which attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum AttackName {
    /// Projected gradient descent
    #[default]
    Pgd,
    /// PGD whose steps follow accumulated gradients
    MiFgsm,
}

/// A named setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// linf: eps 0.03, eps_step 0.001, max_iter 10, so at most 0.01 away; l2: eps 3, eps_step 0.2
    #[default]
    Tutorial,
    /// linf: eps 0.03, eps_step 0.005, max_iter 20; l2: eps 3, eps_step 0.5, max_iter 20
    Strong,
}

/// What a person chose; what is missing follows from the attack, the preset and the norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::Args))]
#[cfg_attr(not(target_arch = "wasm32"), command(next_help_heading = "Attack"))]
#[serde(default)]
pub struct AttackOptions {
    /// Which attack.
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_enum, default_value_t))]
    pub attack: AttackName,

    /// Start from a named setting; the options below change single parameters of it.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-preset", value_enum, default_value_t)
    )]
    pub preset: Preset,

    /// Which distance from the original is bounded [default: linf]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, visible_alias = "attack-norm", value_enum))]
    pub norm: Option<Norm>,

    /// Largest distance from the original; values range from 0 to 1. With linf, 0.03 is 8 of 255 grey
    /// levels [default: the preset's for the norm]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-eps", value_name = "DISTANCE")
    )]
    pub eps: Option<f32>,

    /// Length of one step [default: the preset's for the norm]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-eps-step", value_name = "DISTANCE")
    )]
    pub eps_step: Option<f32>,

    /// Number of steps, up to 10000 [default: the preset's]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-max-iter", value_name = "N")
    )]
    pub max_iter: Option<usize>,

    /// Restart so many times from a random point of the ball and keep the best; 0 starts at the picture
    /// [default: 0]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-num-random-init", value_name = "N")
    )]
    pub num_random_init: Option<usize>,

    /// With mi-fgsm: how much of the accumulated gradient is kept from step to step, 0 to 1 [default: 1]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "SHARE"))]
    pub decay: Option<f32>,

    /// Seed of the random restarts [default: 0]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "N"))]
    pub attack_seed: Option<u64>,
}

impl AttackOptions {
    /// The attack with all its parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn resolve(&self, targeted: bool) -> Result<AttackConfig> {
        let norm = self.norm.unwrap_or_default();
        let preset = match self.preset {
            Preset::Tutorial => Pgd::tutorial(norm),
            Preset::Strong => Pgd::strong(norm),
        };
        let pgd = Pgd {
            norm,
            eps: self.eps.unwrap_or(preset.eps),
            eps_step: self.eps_step.unwrap_or(preset.eps_step),
            max_iter: self.max_iter.unwrap_or(preset.max_iter),
            num_random_init: self.num_random_init.unwrap_or(preset.num_random_init),
            seed: self.attack_seed.unwrap_or(preset.seed),
            targeted,
        };
        match self.attack {
            AttackName::Pgd => AttackConfig::Pgd(pgd),
            AttackName::MiFgsm => {
                AttackConfig::MiFgsm(MiFgsm { pgd, decay: self.decay.unwrap_or(MiFgsm::DECAY) })
            }
        }
        .check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_the_norm() {
        let l2 = AttackOptions { norm: Some(Norm::L2), ..AttackOptions::default() };
        assert_eq!(l2.resolve(false).unwrap(), Pgd::tutorial(Norm::L2).into());
        let strong = AttackOptions { preset: Preset::Strong, ..l2 };
        assert_eq!(strong.resolve(false).unwrap(), Pgd::strong(Norm::L2).into());
        // A given value wins; the others still follow the norm.
        let one = AttackOptions { eps: Some(1.5), ..l2 };
        let expected = Pgd { eps: 1.5, ..Pgd::tutorial(Norm::L2) };
        assert_eq!(one.resolve(false).unwrap(), expected.into());
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let base = AttackOptions::default();
        for options in [
            AttackOptions { eps: Some(0.0), ..base },
            AttackOptions { eps: Some(1.1), ..base },
            AttackOptions { eps_step: Some(f32::NAN), ..base },
            AttackOptions { max_iter: Some(0), ..base },
            AttackOptions { max_iter: Some(10_001), ..base },
            AttackOptions { num_random_init: Some(1_001), ..base },
            AttackOptions { attack: AttackName::MiFgsm, decay: Some(1.1), ..base },
        ] {
            assert!(options.resolve(false).is_err(), "{options:?}");
        }
    }

    #[test]
    fn a_config_says_which_attack_it_is_and_comes_back_from_json() {
        let mi_fgsm = AttackOptions { attack: AttackName::MiFgsm, ..AttackOptions::default() };
        let config = mi_fgsm.resolve(true).unwrap();
        let json = serde_json::to_value(config).unwrap();
        assert_eq!(json["attack"], "mi-fgsm");
        assert_eq!(json["targeted"], true);
        assert_eq!(serde_json::from_value::<AttackConfig>(json).unwrap(), config);
        assert_eq!((config.steps(), config.restarts(), config.targeted()), (10, 1, true));
        let short: AttackConfig = serde_json::from_str(r#"{"attack":"pgd"}"#).unwrap();
        assert_eq!(short, Pgd::default().into());
    }
}
