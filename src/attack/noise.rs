//! Random noise of length eps: the control. What falls to it needs no attacker.

use std::fmt;

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::norm::NormBall;
use super::objective::{CrossEntropy, Objective};
use super::restarts::Best;
use super::target::Draw;
use super::{
    Attack, AttackOptions, AttackResult, Attacker, Input, Norm, Parameters, Pgd, Shape, Step,
    Target, check_length, check_restarts, kind,
};
use crate::error::Result;
use crate::picture::VALUES;

/// Parameters of random noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Noise {
    /// Which distance is meant.
    pub norm: Norm,
    /// Distance from the original before values are cut to [0, 1]: in L-infinity each value moves by eps up or down,
    /// in L2 the direction is even over the sphere.
    pub eps: f32,
    /// So many draws, at least one; the best one is kept.
    pub num_random_init: usize,
    /// Which draw is the best one: the furthest from the given class, or the nearest to it.
    pub targeted: bool,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Noise {
    fn default() -> Self {
        Self::from(Pgd::default())
    }
}

impl From<Pgd> for Noise {
    fn from(Pgd { norm, eps, num_random_init, targeted, seed, .. }: Pgd) -> Self {
        Self { norm, eps, num_random_init, targeted, seed }
    }
}

impl Parameters for Noise {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Pgd::of_options(options, targeted).into()
    }

    fn validate(&self) -> Result<()> {
        check_length("eps", self.eps, self.norm)?;
        check_restarts(self.num_random_init)
    }

    fn shape(&self) -> Shape {
        Shape {
            norm: self.norm,
            eps: Some(self.eps),
            eps_step: None,
            steps: 1,
            draws: 1,
            restarts: self.num_random_init.max(1),
            starts_at_the_images: false,
            targeted: self.targeted,
            attacker: Attacker::Nothing,
            cost: 1,
        }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let objective = CrossEntropy::new(target, &input.images, &input.classes, self.targeted);
        Ok(Box::new(Draws { parameters: *self, input, objective, draw: 0, best: None }))
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, num_random_init, targeted, .. } = self;
        write!(f, "random noise, {norm}, eps {eps}")?;
        match num_random_init {
            0 | 1 => Ok(()),
            n => write!(f, ", the best of {n} draws, {}", kind(*targeted)),
        }
    }
}

/// Draws under way.
struct Draws {
    parameters: Noise,
    input: Input,
    objective: CrossEntropy,
    draw: usize,
    best: Option<Best>,
}

impl Draws {
    fn noise(&self) -> Tensor<4> {
        let Noise { norm, eps, seed, .. } = self.parameters;
        let ball: &dyn NormBall = norm.ball();
        let draw = Draw { seed, ids: &self.input.ids, number: self.draw as u64 };
        let values: Vec<f32> = draw
            .generators()
            .flat_map(|mut rng| ball.sample_surface(VALUES, eps, &mut rng))
            .collect();
        let images = &self.input.images;
        Tensor::from_data(TensorData::new(values, images.dims()), &images.device())
    }
}

impl Attack for Draws {
    fn step(&mut self) -> Option<Step> {
        if self.draw == self.parameters.num_random_init.max(1) {
            return None;
        }
        let images = (self.input.images.clone() + self.noise()).clamp(0.0, 1.0);
        let evaluation = self.objective.evaluate(images.clone());
        let step = Step {
            restart: self.draw,
            t: 1,
            images: images.clone(),
            logits: evaluation.logits.clone(),
            loss: evaluation.loss.clone(),
        };
        self.best = Some(Best::update(self.best.take(), images, evaluation));
        self.draw += 1;
        Some(step)
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }
}
