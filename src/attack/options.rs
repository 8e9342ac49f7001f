//! What a person can choose about an attack: declared once for the command line, JSON and the page.

use serde::{Deserialize, Serialize};

use super::objective::Loss;
use super::{AttackConfig, AttackName, Norm};
use crate::error::Result;

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

/// What a person chose beside the attack; what is missing follows from the attack, the preset and the norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::Args))]
#[cfg_attr(not(target_arch = "wasm32"), command(next_help_heading = "Attack"))]
#[serde(default)]
pub struct AttackOptions {
    /// Start from a named setting; the options below change single parameters of it. Of attacks that say their own
    /// defaults it sets eps alone
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

    /// Length of one step [default: the preset's for the norm; attacks on the defence: a tenth of eps]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        arg(long, visible_alias = "attack-eps-step", value_name = "DISTANCE")
    )]
    pub eps_step: Option<f32>,

    /// Number of steps, up to 10000 [default: the preset's; attacks on the defence, apgd-*, cw: 100; deepfool: 50;
    /// square: 1000]
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

    /// Seed of all random choices of the attack [default: 0]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "N"))]
    pub attack_seed: Option<u64>,

    /// With attacks on the defence: what leads away from the class [default: margin]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_enum))]
    pub attack_loss: Option<Loss>,

    /// With attacks on a randomised defence: so many random draws are averaged for each gradient, up to 1000
    /// [default: 1]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "DRAWS"))]
    pub eot: Option<usize>,

    /// With lagrangian: the weight of the detector's part, above 0 [default: 1, 10 and 100, each from the start]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "WEIGHT"))]
    pub lambda: Option<f32>,

    /// With cw: by how much the wrong logit must exceed the others [default: 0]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "LOGITS"))]
    pub confidence: Option<f32>,

    /// With cw: how often the weight of the classifier's part is halved or raised, up to 20 [default: 6]
    #[cfg_attr(not(target_arch = "wasm32"), arg(long, value_name = "N"))]
    pub binary_search_steps: Option<usize>,
}

impl AttackOptions {
    /// The attack with all its parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn resolve(&self, attack: AttackName, targeted: bool) -> Result<AttackConfig> {
        attack.chosen(self, targeted).check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Attacker, Cw, Pgd};
    use AttackName::{ApgdCe, MiFgsm, OrthogonalPgd, Pgd as PgdName};

    #[test]
    fn defaults_follow_the_norm() {
        let l2 = AttackOptions { norm: Some(Norm::L2), ..AttackOptions::default() };
        assert_eq!(l2.resolve(PgdName, false).unwrap(), Pgd::tutorial(Norm::L2).into());
        let strong = AttackOptions { preset: Preset::Strong, ..l2 };
        assert_eq!(strong.resolve(PgdName, false).unwrap(), Pgd::strong(Norm::L2).into());
        // A given value wins; the others still follow the norm.
        let one = AttackOptions { eps: Some(1.5), ..l2 };
        let expected = Pgd { eps: 1.5, ..Pgd::tutorial(Norm::L2) };
        assert_eq!(one.resolve(PgdName, false).unwrap(), expected.into());
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let base = AttackOptions::default();
        for (attack, options) in [
            (PgdName, AttackOptions { eps: Some(0.0), ..base }),
            (PgdName, AttackOptions { eps: Some(1.1), ..base }),
            (PgdName, AttackOptions { eps_step: Some(f32::NAN), ..base }),
            (PgdName, AttackOptions { max_iter: Some(0), ..base }),
            (PgdName, AttackOptions { max_iter: Some(10_001), ..base }),
            (PgdName, AttackOptions { num_random_init: Some(1_001), ..base }),
            (MiFgsm, AttackOptions { decay: Some(1.1), ..base }),
            (OrthogonalPgd, AttackOptions { eot: Some(0), ..base }),
            (AttackName::Lagrangian, AttackOptions { lambda: Some(0.0), ..base }),
            (AttackName::Cw, AttackOptions { norm: Some(Norm::Linf), ..base }),
            (AttackName::Cw, AttackOptions { confidence: Some(-1.0), ..base }),
            (AttackName::Cw, AttackOptions { binary_search_steps: Some(0), ..base }),
        ] {
            assert!(options.resolve(attack, false).is_err(), "{attack}: {options:?}");
        }
        for attack in AttackName::ALL {
            if !matches!(attack, AttackName::Cw | AttackName::Deepfool) {
                let far = AttackOptions { eps: Some(1.1), ..base };
                assert!(far.resolve(*attack, false).is_err(), "{attack}");
            }
        }
    }

    #[test]
    fn a_config_says_which_attack_it_is_and_comes_back_from_json() {
        for attack in AttackName::ALL {
            let config = AttackOptions::default().resolve(*attack, true).unwrap();
            let json = serde_json::to_value(config).unwrap();
            assert_eq!(json["attack"], attack.to_string());
            assert_eq!(json["targeted"], true, "{attack}");
            assert_eq!(serde_json::from_value::<AttackConfig>(json).unwrap(), config);
            assert_eq!(config.name(), *attack);
            assert!(config.targeted() && config.restarts() > 0 && config.steps() > 0);
        }
        let mi_fgsm = AttackOptions::default().resolve(MiFgsm, false).unwrap();
        assert_eq!((mi_fgsm.steps(), mi_fgsm.restarts(), mi_fgsm.targeted()), (10, 1, false));
        let short: AttackConfig = serde_json::from_str(r#"{"attack":"pgd"}"#).unwrap();
        assert_eq!(short, Pgd::default().into());
        let names: Vec<String> = AttackName::ALL.iter().map(ToString::to_string).collect();
        let expected = "pgd mi-fgsm fgsm apgd-ce apgd-dlr cw deepfool square noise lagrangian selective-pgd \
                        orthogonal-pgd corrector";
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn attacks_without_a_bound_get_one_only_if_it_is_given() {
        let free = AttackOptions::default();
        assert_eq!(free.resolve(AttackName::Cw, false).unwrap(), Cw::default().into());
        assert_eq!(free.resolve(AttackName::Deepfool, false).unwrap().shape().eps, None);
        let bound = AttackOptions { eps: Some(0.5), ..free };
        assert_eq!(bound.resolve(AttackName::Cw, false).unwrap().shape().eps, Some(0.5));
        assert_eq!(bound.resolve(ApgdCe, false).unwrap().shape().eps, Some(0.5));
    }

    #[test]
    fn the_tutorial_s_steps_do_not_reach_its_eps() {
        let reaches = |preset, attack| {
            let options = AttackOptions { preset, ..AttackOptions::default() };
            options.resolve(attack, false).unwrap().shape().reaches_its_bound()
        };
        assert!(!reaches(Preset::Tutorial, PgdName) && reaches(Preset::Strong, PgdName));
        for attack in [AttackName::Fgsm, AttackName::Noise, ApgdCe, OrthogonalPgd] {
            assert!(reaches(Preset::Tutorial, attack), "{attack}");
        }
    }

    #[test]
    fn an_attack_says_what_its_attacker_knows() {
        let of = |attack| AttackOptions::default().resolve(attack, false).unwrap().shape().attacker;
        assert_eq!(of(AttackName::Noise), Attacker::Nothing);
        assert_eq!(of(AttackName::Square), Attacker::Queries);
        assert_eq!(of(AttackName::Deepfool), Attacker::Classifier);
        assert_eq!(of(AttackName::Corrector), Attacker::Defence);
    }
}
