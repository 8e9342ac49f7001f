//! Evaluation: accuracy of the classifier, of the reconstruction and of the corrected prediction, and figures of
//! the detector, on clean and on attacked pictures.

#[cfg(not(target_arch = "wasm32"))]
mod batches;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod figures;
mod report;
mod roc;
#[cfg(not(target_arch = "wasm32"))]
mod setting;

use serde::Serialize;

#[cfg(not(target_arch = "wasm32"))]
pub use batches::{batch_count, in_batches};
pub use report::{Accuracy, DetectorFigures, Report};
pub use roc::area_under_roc;
#[cfg(not(target_arch = "wasm32"))]
pub use setting::{Attacker, Evaluation, ModelFile, Models, Setting};

use crate::attack::{AttackConfig, Input};
use crate::class::Class;
use crate::data::Pictures;
use crate::defence::Defence;
use crate::detector::Verdict;
use crate::error::{Error, Result};
use crate::picture::{Picture, VALUES};
use crate::tensor::read;

/// The verdicts on one picture, clean and attacked.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The true class.
    pub class: Class,
    /// The verdict on the clean picture.
    pub clean: Verdict,
    /// The verdict on the attacked picture.
    pub attacked: Verdict,
}

/// A picture kept for figures: clean, attacked, and the reconstructions of both.
pub struct Sample {
    /// The verdicts.
    pub record: Record,
    /// The clean picture x.
    pub clean: Picture,
    /// AE(x).
    pub reconstructed: Picture,
    /// The attacked picture x'.
    pub attacked: Picture,
    /// AE(x').
    pub attacked_reconstructed: Picture,
}

/// Scores of clean pictures, in nats, in the order of `indices`: what a threshold is inferred from. Read as one
/// batch.
///
/// # Errors
/// When a picture cannot be read or the device does not answer.
pub async fn scores(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
) -> Result<Vec<f32>> {
    let pictures = indices.iter().map(|i| pictures.picture(*i)).collect::<Result<Vec<_>>>()?;
    defence.score(Picture::batch(&pictures, defence.device())).await
}

/// Runs the whole method on a batch: attack, detection on the clean and on the attacked images.
///
/// The attack moves away from the true class. Returns a record for each picture and, if `keep` is set, the
/// pictures themselves.
///
/// # Errors
/// When a picture cannot be read, the attack is targeted or a parameter out of range, or the device fails.
pub async fn examine(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    attack: AttackConfig,
    keep: bool,
) -> Result<(Vec<Record>, Vec<Sample>)> {
    if attack.targeted() {
        return Err(Error::Option {
            name: "targeted",
            value: "true".to_owned(),
            must: "false: an evaluation counts pictures that are no longer named right",
        });
    }
    let originals = indices.iter().map(|i| pictures.picture(*i)).collect::<Result<Vec<_>>>()?;
    let classes: Vec<Class> = indices.iter().map(|i| pictures.labels()[*i]).collect();
    let images = Picture::batch(&originals, defence.device());
    let ids = indices.iter().map(|i| *i as u64).collect();
    let input = Input { images: images.clone(), classes: classes.clone(), ids };
    let mut run = attack.start(defence.classifier(), input)?;
    let first = run.step();
    while run.step().is_some() {}
    let attacked = run.best().expect("the attack has ended").clone();
    let on_clean = match first {
        // The attack has begun at the pictures as they are, so their logits are known.
        Some(step) if attack.starts_at_the_images() => {
            defence.detect_from(images, step.logits).await?
        }
        _ => defence.detect(images).await?,
    };
    let on_attacked = defence.detect_from(attacked.images.clone(), attacked.logits).await?;
    let records: Vec<Record> = classes
        .into_iter()
        .zip(on_clean.verdicts.into_iter().zip(on_attacked.verdicts))
        .map(|(class, (clean, attacked))| Record { class, clean, attacked })
        .collect();
    if !keep {
        return Ok((records, Vec::new()));
    }
    let shown = |values: Vec<f32>| {
        values
            .chunks_exact(VALUES)
            .map(|v| Picture::clamped(v.to_vec()))
            .collect::<Result<Vec<_>>>()
    };
    let reconstructed = shown(read(on_clean.reconstructions).await?)?;
    let attacked_pictures = shown(read(attacked.images).await?)?;
    let attacked_reconstructed = shown(read(on_attacked.reconstructions).await?)?;
    let samples = records
        .iter()
        .cloned()
        .zip(originals)
        .zip(reconstructed.into_iter().zip(attacked_pictures).zip(attacked_reconstructed))
        .map(|((record, clean), ((reconstructed, attacked), attacked_reconstructed))| Sample {
            record,
            clean,
            reconstructed,
            attacked,
            attacked_reconstructed,
        })
        .collect();
    Ok((records, samples))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::attack::{Norm, Pgd};
    use crate::data::synthetic::Drawn;
    use crate::detector::{Detector, ScoreConfig};
    use crate::model::{AutoencoderConfig, ClassifierConfig};
    use burn::module::Module;
    use burn::tensor::Device;

    fn defence() -> Defence {
        let device = Device::flex();
        device.seed(5);
        let classifier = ClassifierConfig::Compact.init(&device).valid();
        let autoencoder = AutoencoderConfig::Compact { channels: 2 }.init(&device).valid();
        let corrector = AutoencoderConfig::Compact { channels: 1 }.init(&device).valid();
        let detector = Detector { score: ScoreConfig::default(), threshold: 0.01 };
        Defence::new(classifier, autoencoder, detector, &device).with_corrector(corrector)
    }

    fn near(a: &[f32], b: &[f32], error: f32) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= error)
    }

    #[test]
    fn the_attack_is_applied_and_every_verdict_is_on_the_picture_it_is_named_after() {
        let (defence, drawn) = (defence(), Drawn::test(6, 3));
        let indices = [4, 1, 3];
        let config = Pgd { eps: 0.02, eps_step: 0.01, max_iter: 3, ..Pgd::tutorial(Norm::Linf) };
        let (records, samples) =
            pollster::block_on(examine(&defence, &drawn, &indices, config.into(), true)).unwrap();
        assert_eq!((records.len(), samples.len()), (3, 3));
        let detect = |picture: &Picture| {
            let images = picture.to_tensor(defence.device());
            pollster::block_on(defence.detect(images)).unwrap()
        };
        for ((index, record), sample) in indices.into_iter().zip(&records).zip(&samples) {
            assert_eq!(record.class, drawn.labels()[index]);
            assert_eq!(sample.clean, drawn.picture(index).unwrap());
            let changes: Vec<f32> = sample
                .clean
                .values()
                .iter()
                .zip(sample.attacked.values())
                .map(|(a, b)| (a - b).abs())
                .collect();
            let most = changes.iter().copied().fold(0.0, f32::max);
            assert!((0.019..0.0201).contains(&most), "moved by {most}");
            let truth = record.class.index();
            let before = record.clean.prediction[truth];
            let after = record.attacked.prediction[truth];
            assert!(after < before, "the true class: {before}, then {after}");
            for (verdict, picture, reconstruction) in [
                (&record.clean, &sample.clean, &sample.reconstructed),
                (&record.attacked, &sample.attacked, &sample.attacked_reconstructed),
            ] {
                let again = detect(picture);
                let expected = again.verdicts[0];
                assert!(near(&verdict.prediction, &expected.prediction, 1e-5));
                assert!(near(
                    &verdict.reconstruction_prediction,
                    &expected.reconstruction_prediction,
                    1e-5
                ));
                let corrected = |verdict: &Verdict| verdict.corrected_prediction.unwrap();
                assert!(near(&corrected(verdict), &corrected(&expected), 1e-5));
                assert!((verdict.score - expected.score).abs() < 1e-5);
                let shown = pollster::block_on(read(again.reconstructions)).unwrap();
                let shown = Picture::clamped(shown).unwrap();
                assert!(near(reconstruction.values(), shown.values(), 1e-4));
            }
        }
        let (same, none) =
            pollster::block_on(examine(&defence, &drawn, &[1], config.into(), false)).unwrap();
        assert!(none.is_empty());
        // Nothing depends on what else is in the batch.
        assert!(near(&same[0].attacked.prediction, &records[1].attacked.prediction, 1e-4));
    }

    #[test]
    fn scores_are_those_of_the_clean_pictures_in_order() {
        let (defence, drawn) = (defence(), Drawn::held_out(6, 3));
        let scores = pollster::block_on(scores(&defence, &drawn, &[5, 0])).unwrap();
        for (index, score) in [5, 0].into_iter().zip(scores) {
            let image = drawn.picture(index).unwrap().to_tensor(defence.device());
            let verdict = pollster::block_on(defence.detect(image)).unwrap().verdicts[0];
            assert!((verdict.score - score).abs() < 1e-5);
        }
    }

    #[test]
    fn a_targeted_attack_is_no_evaluation() {
        let targeted = Pgd { targeted: true, ..Pgd::default() };
        let (defence, drawn) = (defence(), Drawn::test(1, 0));
        let examined = examine(&defence, &drawn, &[0], targeted.into(), false);
        assert!(pollster::block_on(examined).is_err());
    }
}
