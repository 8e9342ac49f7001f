//! The learning-rate schedule.

use anyhow::Result;
use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::options::HyperParameters;

/// Learning-rate schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Constant, as in the tutorial
    Constant,
    /// Half a cosine from the full rate down to 0 (Loshchilov & Hutter 2017, arXiv 1608.03983)
    Cosine,
    /// A quarter of the steps up to the full rate, then half a cosine down to 0 (Smith & Topin 2018,
    /// arXiv 1708.07120, with the cosine that is used since)
    OneCycle,
}

/// The schedule of a training in parts, given by their numbers of steps; it starts again with each part.
pub(super) fn schedule(
    hyper_parameters: HyperParameters,
    parts: &[usize],
) -> Result<ModuleLrScheduler> {
    let rate = hyper_parameters.learning_rate;
    let cosine =
        |steps| LrSchedulerConfig::Cosine(CosineAnnealingLrSchedulerConfig::new(rate, steps));
    // Each with its number of steps.
    let mut pieces = Vec::new();
    for steps in parts.iter().copied().filter(|steps| *steps > 0) {
        match hyper_parameters.schedule {
            Schedule::Constant => return Ok(ConstantLr::new(rate).into()),
            Schedule::Cosine => pieces.push((cosine(steps), steps)),
            Schedule::OneCycle => {
                let rise = (steps / 4).max(1);
                let up = LinearLrSchedulerConfig::new(rate / 25.0, rate, rise);
                pieces.push((LrSchedulerConfig::Linear(up), rise));
                if steps > rise {
                    pieces.push((cosine(steps - rise), steps - rise));
                }
            }
        }
    }
    let ends = pieces.iter().scan(0, |end, (_, steps)| {
        *end += steps;
        Some(*end)
    });
    // The last one has no end.
    let ends = ends.take(pieces.len().saturating_sub(1)).collect();
    let pieces = pieces.into_iter().map(|(piece, _)| piece).collect();
    SequentialLrSchedulerConfig::new(pieces, ends).init().map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Optimizer;

    fn rates(schedule: Schedule, parts: &[usize]) -> Vec<f64> {
        let hyper_parameters = HyperParameters {
            epochs: 1,
            batch_size: 1,
            optimizer: Optimizer::Sgd,
            learning_rate: 0.1,
            weight_decay: 0.0,
            schedule,
            ema: None,
        };
        let mut schedule = super::schedule(hyper_parameters, parts).unwrap();
        (0..parts.iter().sum()).map(|_| schedule.step().base()).collect()
    }

    #[test]
    fn one_cycle_rises_for_a_quarter_and_falls_to_zero() {
        let rates = rates(Schedule::OneCycle, &[100]);
        assert!((rates[0] - 0.004).abs() < 1e-9);
        assert!(rates[..26].is_sorted_by(|a, b| a < b) && (rates[25] - 0.1).abs() < 1e-9);
        assert!(rates[25..].is_sorted_by(|a, b| a > b) && rates[99] < 1e-3);
        assert_eq!(super::tests::rates(Schedule::OneCycle, &[1]).len(), 1);
    }

    #[test]
    fn a_schedule_starts_again_after_the_frozen_epochs() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine, Schedule::Constant] {
            for (frozen, rest) in [(20, 60), (1, 1), (2, 1), (1, 5)] {
                let both = rates(schedule, &[frozen, rest]);
                assert_eq!(both[..frozen], rates(schedule, &[frozen]), "{schedule:?}");
                assert_eq!(both[frozen..], rates(schedule, &[rest]), "{schedule:?}");
            }
        }
    }

    #[test]
    fn constant_stays_and_cosine_falls_to_zero() {
        assert!(rates(Schedule::Constant, &[5]).iter().all(|rate| *rate == 0.1));
        let cosine = rates(Schedule::Cosine, &[0, 100]);
        assert!(cosine.is_sorted_by(|a, b| a > b) && cosine[0] == 0.1 && cosine[99] < 1e-3);
    }
}
