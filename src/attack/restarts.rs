//! Restarts: random starting points, and which restart's result is kept.

use burn::tensor::{Bool, Tensor, TensorData};

use super::AttackResult;
use super::norm::NormBall;
use super::objective::Evaluation;
use super::target::Draw;
use crate::picture::{CHANNELS, SIDE, VALUES};
use crate::tensor::choose_rows;

/// Random perturbations [n, 3, 96, 96] inside the ball, one for each id.
///
/// An image's perturbation follows from (seed, id, restart) alone, not from its position in a batch or
/// from the size of the batch.
pub fn perturbations(
    norm: &dyn NormBall,
    eps: f32,
    seed: u64,
    ids: &[u64],
    restart: usize,
    like: &Tensor<4>,
) -> Tensor<4> {
    let mut values = Vec::with_capacity(ids.len() * VALUES);
    for mut rng in (Draw { seed, ids, number: restart as u64 }).generators() {
        values.extend(norm.sample(VALUES, eps, &mut rng));
    }
    Tensor::from_data(TensorData::new(values, [ids.len(), CHANNELS, SIDE, SIDE]), &like.device())
}

/// The best result so far of each image.
#[derive(Clone)]
pub struct Best {
    result: AttackResult,
    succeeded: Tensor<1, Bool>,
    progress: Tensor<1>,
}

impl Best {
    /// Takes images and their evaluation into account: for each image, one that succeeded replaces one that
    /// failed; between equals, the one with more progress wins. (The loss alone can prefer a failed restart, since the
    /// class that is left behind is not always the one with the smallest probability.)
    pub fn update(best: Option<Self>, images: Tensor<4>, evaluation: Evaluation) -> Self {
        let Evaluation { logits, loss, succeeded, progress } = evaluation;
        let new = AttackResult { images, logits, loss };
        let Some(Self { result: old, succeeded: old_succeeded, progress: old_progress }) = best
        else {
            return Self { result: new, succeeded, progress };
        };
        let further = progress.clone().greater(old_progress.clone());
        let equal = succeeded.clone().equal(old_succeeded.clone());
        let gained = succeeded.clone().bool_and(old_succeeded.clone().bool_not());
        let replace = gained.bool_or(equal.bool_and(further));
        Self {
            result: AttackResult {
                images: choose_rows(replace.clone(), new.images, old.images),
                logits: choose_rows(replace.clone(), new.logits, old.logits),
                loss: choose_rows(replace.clone(), new.loss, old.loss),
            },
            succeeded: succeeded.bool_or(old_succeeded),
            progress: choose_rows(replace, progress, old_progress),
        }
    }

    /// Which images have reached the goal, shape `[n]`.
    pub fn succeeded(&self) -> Tensor<1, Bool> {
        self.succeeded.clone()
    }

    /// The result.
    pub fn result(&self) -> &AttackResult {
        &self.result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::Norm;
    use burn::tensor::Device;

    /// Which of two restarts is kept: each with its loss and whether it succeeded.
    fn kept(first: (f32, bool), second: (f32, bool), ascends: bool) -> usize {
        let device = Device::flex();
        let mut best = None;
        for (value, (loss, succeeded)) in [(1.0, first), (2.0, second)] {
            let loss = Tensor::from_floats([loss], &device);
            let evaluation = Evaluation {
                logits: Tensor::full([1, 10], value, &device),
                succeeded: Tensor::from_data([succeeded], &device),
                progress: if ascends { loss.clone() } else { loss.clone().neg() },
                loss,
            };
            let images = Tensor::full([1, CHANNELS, SIDE, SIDE], value, &device);
            best = Some(Best::update(best, images, evaluation));
        }
        let best = best.unwrap();
        let of = |tensor: Tensor<1>| tensor.max().into_scalar::<f32>();
        let images = of(best.result().images.clone().flatten(0, 3));
        assert_eq!(images, of(best.result().logits.clone().flatten(0, 1)), "of the same restart");
        let loss = if images == 1.0 { first.0 } else { second.0 };
        assert_eq!(of(best.result().loss.clone()), loss, "of the same restart");
        images as usize
    }

    #[test]
    fn success_counts_before_the_loss() {
        // True class: p = 0.20, still the largest (loss 1.61), against p = 0.45, another one 0.50 (0.80).
        assert_eq!(kept((1.61, false), (0.80, true), true), 2);
        assert_eq!(kept((0.80, true), (1.61, false), true), 1);
        // Targeted: the target reached with the larger loss.
        assert_eq!(kept((1.0, false), (1.2, true), false), 2);
    }

    #[test]
    fn between_equals_the_loss_decides_in_the_attack_s_direction() {
        for succeeded in [false, true] {
            assert_eq!(kept((1.0, succeeded), (2.0, succeeded), true), 2);
            assert_eq!(kept((2.0, succeeded), (1.0, succeeded), true), 1);
            assert_eq!(kept((1.0, succeeded), (2.0, succeeded), false), 1);
            assert_eq!(kept((2.0, succeeded), (1.0, succeeded), false), 2);
        }
    }

    #[test]
    fn a_perturbation_follows_from_seed_id_and_restart_alone() {
        let like = Tensor::zeros([1, CHANNELS, SIDE, SIDE], &Device::flex());
        let values = |seed, ids: &[u64], restart| -> Vec<f32> {
            let of = perturbations(Norm::Linf.ball(), 0.1, seed, ids, restart, &like);
            of.into_data().try_to_vec().unwrap()
        };
        let alone = values(3, &[7], 0);
        assert_eq!(alone, values(3, &[1, 7, 2], 0)[VALUES..2 * VALUES]);
        assert_ne!(alone, values(4, &[7], 0));
        assert_ne!(alone, values(3, &[8], 0));
        assert_ne!(alone, values(3, &[7], 1));
    }
}
