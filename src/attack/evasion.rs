//! What the attacks on the whole defence share: their parameters, and what such an attacker computes.
//!
//! The attacker knows the classifier, the autoencoder, the corrector and the threshold. The defence fails in two ways:
//! the classifier errs and the score stays at or below the threshold (`selective-pgd`, `orthogonal-pgd`, `lagrangian`),
//! or the score is above it and the corrected answer is wrong (`corrector`). What an evaluation must report is the worst
//! of them for each picture.

use std::fmt;
use std::rc::Rc;

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::gradient::GradientAttack;
use super::objective::{Evaluation, Goal, Loss, Objective, gradient_of};
use super::pgd::Budget;
use super::target::{Draw, Guard};
use super::update::Steepest;
use super::{Attack, AttackOptions, Attacker, Input, Pgd, Shape, Target, kind};
use crate::error::{Error, Result};

/// Parameters of an attack on the whole defence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Evasion {
    /// What it shares with PGD.
    #[serde(flatten)]
    pub pgd: Pgd,
    /// What leads away from the class, or towards it.
    pub loss: Loss,
    /// Each gradient is the mean over so many random draws of a randomised defence (expectation over transformations,
    /// Athalye et al. 2018, arXiv 1707.07397), 1..=1000. Of no use against a defence that draws nothing.
    pub eot: usize,
}

impl Default for Evasion {
    fn default() -> Self {
        let pgd = Pgd { eps_step: 0.003, max_iter: Self::STEPS, ..Pgd::default() };
        Self { pgd, loss: Loss::default(), eot: 1 }
    }
}

impl Evasion {
    /// The default number of steps; arXiv 2106.15023 uses up to 1,000.
    pub const STEPS: usize = 100;

    /// eps from the options, steps of eps / 10 as in arXiv 2106.15023, unless they are given.
    pub(super) fn of_options(options: &AttackOptions, targeted: bool) -> Self {
        let pgd = Pgd::of_options(options, targeted);
        let eps_step = options.eps_step.unwrap_or(pgd.eps / 10.0);
        let max_iter = options.max_iter.unwrap_or(Self::STEPS);
        Self {
            pgd: Pgd { eps_step, max_iter, ..pgd },
            loss: options.attack_loss.unwrap_or_default(),
            eot: options.eot.unwrap_or(1),
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.pgd.check()?;
        if (1..=1000).contains(&self.eot) {
            return Ok(());
        }
        Err(Error::Option { name: "eot", value: self.eot.to_string(), must: "between 1 and 1000" })
    }

    /// `cost`: how long a step takes with one draw, in steps of PGD.
    pub(super) fn shape(&self, cost: usize) -> Shape {
        use super::Parameters;
        Shape {
            attacker: Attacker::Defence,
            draws: self.eot,
            cost: cost * self.eot,
            ..self.pgd.shape()
        }
    }

    /// Starts an attack with this objective, which is given what the attacker computes.
    pub(super) fn start<O: Objective + 'static>(
        &self,
        name: &'static str,
        target: &Target,
        input: Input,
        objective: impl FnOnce(WhiteBox) -> O,
    ) -> Result<GradientAttack> {
        let white_box = WhiteBox::new(self, name, target, &input)?;
        let objective = Box::new(objective(white_box));
        Ok(GradientAttack::new(input, objective, Box::new(Steepest), &self.pgd))
    }

    pub(super) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pgd, loss, eot } = self;
        write!(f, "{} {name}, {}", kind(pgd.targeted), Budget(pgd))?;
        if *loss == Loss::CrossEntropy {
            write!(f, ", cross-entropy")?;
        }
        match eot {
            1 => Ok(()),
            n => write!(f, ", mean of {n} draws"),
        }
    }
}

/// By how many logits the goal must be reached before the attack turns to the detector: an image on the boundary would
/// turn back with the next step.
pub(super) const FOOLED_BY: f32 = 0.05;

/// The attacker's draws are none of the defence's, whose seed nobody tells them.
const SALT: u64 = 0x5eed_a77a_c4e2_0001;

/// The defence as its attacker computes it.
pub(super) struct WhiteBox {
    target: Target,
    guard: Rc<dyn Guard>,
    goal: Goal,
    loss: Loss,
    eot: usize,
    seed: u64,
    ids: Vec<u64>,
    /// Draws made so far.
    drawn: u64,
}

/// An autodiff tensor's or a plain tensor's values at images.
pub(super) struct Scored {
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The detector's scores, shape `[n]`.
    pub score: Tensor<1>,
}

impl WhiteBox {
    fn new(
        parameters: &Evasion,
        name: &'static str,
        target: &Target,
        input: &Input,
    ) -> Result<Self> {
        let Evasion { pgd, loss, eot } = *parameters;
        Ok(Self {
            target: target.clone(),
            guard: target.guard(name)?,
            goal: Goal::new(&input.images, &input.classes, pgd.targeted),
            loss,
            eot,
            seed: pgd.seed ^ SALT,
            ids: input.ids.clone(),
            drawn: 0,
        })
    }

    /// Which images are fooled by [`FOOLED_BY`], shape `[n]`, by the logits of the attacked answer.
    pub fn fooled(&self, logits: Tensor<2>) -> Tensor<1, Bool> {
        self.goal.margin(logits).greater_elem(FOOLED_BY)
    }

    /// The loss that grows towards the goal, shape `[n]`.
    pub fn uphill(&self, logits: Tensor<2>) -> Tensor<1> {
        self.goal.uphill(self.loss, logits)
    }

    /// The classifier's logits.
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.target.logits(images)
    }

    /// Whatever `guard` computes, averaged over the draws.
    pub fn averaged<const D: usize>(
        &mut self,
        of_draw: impl Fn(&dyn Guard, Draw<'_>) -> Tensor<D>,
    ) -> Tensor<D> {
        let mut sum: Option<Tensor<D>> = None;
        for _ in 0..self.eot {
            let number = self.next_draw();
            let value = of_draw(self.guard.as_ref(), self.draw(number));
            sum = Some(match sum {
                Some(sum) => sum + value,
                None => value,
            });
        }
        sum.expect("there is at least one draw") / self.eot as f32
    }

    /// Logits and scores of images.
    pub fn scored(&mut self, images: Tensor<4>) -> Scored {
        let logits = self.logits(images.clone());
        let score = self.averaged(|guard, draw| guard.score(images.clone(), logits.clone(), draw));
        Scored { logits, score }
    }

    /// Mean gradient over the draws of what `value` makes of logits and scores, shape `[n]`; logits and mean scores.
    pub fn gradient(
        &mut self,
        images: Tensor<4>,
        value: impl Fn(&Self, &Scored) -> Tensor<1>,
    ) -> (Tensor<4>, Scored) {
        let mut sums: Option<(Tensor<4>, Scored)> = None;
        for _ in 0..self.eot {
            let number = self.next_draw();
            let draw = self.draw(number);
            let (gradient, scored) = gradient_of(images.clone(), |x| {
                let logits = self.logits(x.clone());
                let score = self.guard.score(x, logits.clone(), draw);
                let scored = Scored { logits, score };
                let value = value(self, &scored);
                (value, Scored { logits: scored.logits.inner(), score: scored.score.inner() })
            });
            sums = Some(match sums {
                Some((sum, Scored { logits, score })) => {
                    (sum + gradient, Scored { logits, score: score + scored.score })
                }
                None => (gradient, scored),
            });
        }
        let (sum, Scored { logits, score }) = sums.expect("there is at least one draw");
        let draws = self.eot as f32;
        (sum / draws, Scored { logits, score: score / draws })
    }

    /// The gradient of [`WhiteBox::uphill`] in the images, and the logits.
    pub fn uphill_gradient(&self, images: Tensor<4>) -> (Tensor<4>, Tensor<2>) {
        gradient_of(images, |x| {
            let logits = self.logits(x);
            (self.uphill(logits.clone()), logits.inner())
        })
    }

    /// What `selective-pgd`, `orthogonal-pgd` and `lagrangian` call better: fooled before not fooled; of the fooled, the
    /// lower score; of the others, the larger loss.
    pub fn evaluation(&self, scored: Scored) -> Evaluation {
        let Scored { logits, score } = scored;
        let loss = self.uphill(logits.clone());
        let succeeded = self.fooled(logits.clone());
        let progress = loss.clone().mask_where(succeeded.clone(), score.neg());
        Evaluation { logits, loss, succeeded, progress }
    }

    /// The defence behind the classifier.
    pub fn guard(&self) -> Rc<dyn Guard> {
        Rc::clone(&self.guard)
    }

    /// Number of draws that each gradient is the mean of.
    pub fn draws(&self) -> usize {
        self.eot
    }

    /// The number of the next draw.
    pub fn next_draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn - 1
    }

    /// The draw of this number.
    pub fn draw(&self, number: u64) -> Draw<'_> {
        Draw { seed: self.seed, ids: &self.ids, number }
    }
}

/// Boxes an attack.
pub(super) fn boxed(attack: GradientAttack) -> Box<dyn Attack> {
    Box::new(attack)
}
