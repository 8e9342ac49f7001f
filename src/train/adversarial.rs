//! Adversarial training: a network learns from pictures that are attacked as it is at that step (Madry et al. 2018,
//! arXiv 1706.06083), with a single step from a random point if time is short (Wong, Rice & Kolter 2020,
//! arXiv 2001.03994).

use burn::tensor::Tensor;
use serde::Serialize;

use crate::attack::{AttackConfig, Input, Norm, Pgd};
use crate::class::Class;
use crate::error::{Error, Result};
use crate::model::Classifier;

/// How pictures are attacked in a training step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Adversarial {
    /// Largest change of a value, above 0 and at most 1.
    pub eps: f32,
    /// Steps of PGD, 1 to 100.
    pub steps: usize,
}

/// Steps of the attack in validation.
const VALIDATION_STEPS: usize = 10;

impl Adversarial {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn check(self) -> Result<()> {
        let out_of_range = |name, value: String, must| Err(Error::Option { name, value, must });
        if !(self.eps > 0.0 && self.eps <= 1.0) {
            return out_of_range("adversarial", self.eps.to_string(), "above 0 and at most 1");
        }
        if !(1..=100).contains(&self.steps) {
            let value = self.steps.to_string();
            return out_of_range("adversarial_steps", value, "between 1 and 100");
        }
        Ok(())
    }

    /// The attack of a training step, from a random point. Step lengths are the papers': 1.25 eps for a single one,
    /// together 2.5 eps for several.
    fn training(self, seed: u64) -> AttackConfig {
        let eps_step = self.eps * (2.5 / self.steps as f32).min(1.25);
        self.pgd(eps_step, self.steps, seed)
    }

    fn pgd(self, eps_step: f32, max_iter: usize, seed: u64) -> AttackConfig {
        AttackConfig::Pgd(Pgd {
            norm: Norm::Linf,
            eps: self.eps,
            eps_step: eps_step.min(1.0),
            max_iter,
            num_random_init: 1,
            seed,
            targeted: false,
        })
    }

    /// Attacks a batch of the training; `network` is in evaluation mode.
    pub(super) fn attack(
        self,
        network: &Classifier,
        images: Tensor<4>,
        classes: &[Class],
        seed: u64,
    ) -> Result<Tensor<4>> {
        run(self.training(seed), network, images, classes)
    }

    /// Attacks a batch of the validation, the same way in every epoch: ten steps of a quarter of eps.
    pub(super) fn attack_for_validation(
        self,
        network: &Classifier,
        images: Tensor<4>,
        classes: &[Class],
    ) -> Result<Tensor<4>> {
        run(self.pgd(self.eps / 4.0, VALIDATION_STEPS, 0), network, images, classes)
    }
}

fn run(
    attack: AttackConfig,
    network: &Classifier,
    images: Tensor<4>,
    classes: &[Class],
) -> Result<Tensor<4>> {
    let ids = (0..classes.len() as u64).collect();
    Ok(attack.run(network, Input { images, classes: classes.to_vec(), ids })?.images)
}
