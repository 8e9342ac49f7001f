//! Fits a classifier's familiarity: the projection on the training pictures, scales and quantiles on those held out.

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, TensorData};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::batch::numbers;
use super::predictions::for_each;
use crate::data::TrainingData;
use crate::model::familiarity::{Familiar, FamiliarityCard, Scale, Stages};
use crate::model::weights::{load_classifier, save};
use crate::model::{Card, Classifier, Precision};
use crate::quantile::quantile;

/// Principal components of the averages, those with the largest variances.
const COMPONENTS: usize = 32;

/// Added to each variance, as a share of the largest one: a component that hardly varies is not worth dividing by.
const RIDGE: f64 = 1e-6;

/// A classifier's file with a familiarity, in this number format: fitted on the pictures of `data` to train on, with scales
/// and quantiles of those held out, which the network in that format sees.
///
/// # Errors
/// When the file holds no classifier that can be used, there are too few pictures, one cannot be read, or the device fails.
pub fn with_familiarity(
    bytes: &[u8],
    data: &TrainingData,
    precision: Precision,
    device: &Device,
) -> Result<Vec<u8>> {
    let (classifier, card) = load_classifier(bytes, device)?;
    let converted_from = card.converted_from.or_else(|| Some(crc32fast::hash(bytes)));
    let of_file =
        |familiarity| Card { familiarity: Some(familiarity), converted_from, ..card.clone() };
    let (fitted, unscaled) = fit(classifier, data, device)?;
    let rounded = save(&fitted, &of_file(unscaled), precision)?;

    let (classifier, of_rounded) = load_classifier(&rounded, device)?;
    let familiar = classifier.familiar()?.context("the familiarity was lost")?;
    let familiarity = calibrated(&familiar, data, device)?;
    Ok(save(&classifier, &Card { familiarity: Some(familiarity), ..of_rounded }, precision)?)
}

/// The classifier with a projection that whitens the principal components of the training pictures' averages; its scales
/// and quantiles are those of no pictures yet.
fn fit(
    classifier: Classifier,
    data: &TrainingData,
    device: &Device,
) -> Result<(Classifier, FamiliarityCard)> {
    let layers = classifier.pools();
    let stages = Stages::new(&classifier, &layers)?;
    let mut rows: Vec<Vec<f32>> = Vec::with_capacity(data.parts.training.len());
    let run = |x| numbers(stages.forward(x).1);
    let (pictures, training) = (data.pictures.as_ref(), &data.parts.training);
    for_each(pictures, training, false, device, "averages of the stages", run, |_, row| {
        rows.push(row.to_vec());
    })?;
    let Whitening { weights, biases } = whiten(&rows)?;
    let (inputs, outputs) = weights.shape();
    let unscaled = FamiliarityCard {
        layers,
        inputs,
        outputs,
        distance: Scale { mean: 0.0, std: 1.0 },
        energy: Scale { mean: 0.0, std: 1.0 },
        quantiles: vec![0.0; FamiliarityCard::QUANTILES],
    };
    // nalgebra keeps columns one after the other, a tensor rows.
    let weights = weights.transpose().iter().map(|w| *w as f32).collect::<Vec<_>>();
    let biases = biases.iter().map(|b| *b as f32).collect::<Vec<_>>();
    let fitted = classifier.with_familiarity(
        unscaled.clone(),
        TensorData::new(weights, [inputs, outputs]),
        TensorData::new(biases, [outputs]),
    );
    Ok((fitted, unscaled))
}

/// A projection whose outputs have mean 0 and variance 1, and no correlation, on the rows that it was made from.
struct Whitening {
    /// [inputs, outputs]
    weights: DMatrix<f64>,
    /// `[outputs]`
    biases: DVector<f64>,
}

fn whiten(rows: &[Vec<f32>]) -> Result<Whitening> {
    let columns = rows.first().map_or(0, Vec::len);
    ensure!(
        rows.len() > columns,
        "{} pictures are too few to fit a familiarity: take more than {columns}",
        rows.len()
    );
    let values = DMatrix::from_row_iterator(
        rows.len(),
        columns,
        rows.iter().flatten().map(|value| f64::from(*value)),
    );
    let mean = values.row_mean();
    let centred = DMatrix::from_fn(rows.len(), columns, |i, j| values[(i, j)] - mean[j]);
    let covariance = centred.tr_mul(&centred) / rows.len() as f64;
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|a, b| eigenvalues[*b].total_cmp(&eigenvalues[*a]));
    order.truncate(COMPONENTS);
    let largest = eigenvalues[order[0]];
    let weights = DMatrix::from_fn(columns, order.len(), |i, j| {
        eigenvectors[(i, order[j])] / (eigenvalues[order[j]] + RIDGE * largest).sqrt()
    });
    let biases = -weights.tr_mul(&mean.transpose());
    Ok(Whitening { weights, biases })
}

/// The card with scales and quantiles of the pictures held out.
fn calibrated(
    familiar: &Familiar,
    data: &TrainingData,
    device: &Device,
) -> Result<FamiliarityCard> {
    let (mut distances, mut energies) = (Vec::new(), Vec::new());
    let run = |x| {
        let (_, evidence) = familiar.evidence(x);
        let (distance, energy) = (numbers(evidence.distance)?, numbers(evidence.energy)?);
        Ok(distance.into_iter().zip(energy).flat_map(|(d, e)| [d, e]).collect())
    };
    let (pictures, held_out) = (data.pictures.as_ref(), &data.parts.validation);
    for_each(pictures, held_out, false, device, "distance and energy", run, |_, row| {
        distances.push(row[0]);
        energies.push(row[1]);
    })?;
    ensure!(
        held_out.len() >= FamiliarityCard::QUANTILES,
        "{} pictures held out are too few to calibrate a familiarity",
        held_out.len()
    );
    let (distance, energy) = (scale(&distances), scale(&energies));
    let of =
        |(d, e): (&f32, &f32)| (d - distance.mean) / distance.std + (e - energy.mean) / energy.std;
    let mut unfamiliar: Vec<f32> = distances.iter().zip(&energies).map(of).collect();
    unfamiliar.sort_by(f32::total_cmp);
    let last = FamiliarityCard::QUANTILES - 1;
    let card = FamiliarityCard {
        distance,
        energy,
        quantiles: (0..=last).map(|i| quantile(&unfamiliar, i as f64 / last as f64)).collect(),
        ..familiar.card().clone()
    };
    card.check()?;
    Ok(card)
}

/// Mean and standard deviation.
fn scale(values: &[f32]) -> Scale {
    let n = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
    Scale { mean: mean as f32, std: variance.sqrt() as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::Drawn;
    use crate::data::{HeldOut, Joined, Protocol};
    use crate::model::ClassifierConfig;
    use crate::model::familiarity::Familiarity;
    use crate::picture::VALUES;

    /// Rows with four correlated columns, one of which says nothing new.
    fn rows() -> Vec<Vec<f32>> {
        let wave = |i: usize, step: f32| (i as f32 * step).sin();
        (0..200)
            .map(|i| {
                let (a, b) = (3.0 * wave(i, 0.7), wave(i, 1.3));
                vec![a + 5.0, a + b, b - 2.0, 0.1 * wave(i, 2.1)]
            })
            .collect()
    }

    #[test]
    fn whitened_rows_have_mean_0_variance_1_and_no_correlation() {
        let rows = rows();
        let Whitening { weights, biases } = whiten(&rows).unwrap();
        let project = |row: &Vec<f32>| {
            weights.tr_mul(&DVector::from_iterator(4, row.iter().map(|v| f64::from(*v)))) + &biases
        };
        let projected: Vec<DVector<f64>> = rows.iter().map(project).collect();
        for i in 0..4 {
            for j in 0..=i {
                let product: f64 = projected.iter().map(|row| row[i] * row[j]).sum();
                let covariance = product / rows.len() as f64;
                // The last component varies by rounding alone, and the ridge takes that away.
                let expected = match (i, j) {
                    (3, 3) => covariance.clamp(0.0, 0.1),
                    _ if i == j => 1.0,
                    _ => 0.0,
                };
                assert!((covariance - expected).abs() < 0.15, "{i} {j}: {covariance}");
            }
            let mean: f64 = projected.iter().map(|row| row[i]).sum::<f64>() / rows.len() as f64;
            assert!(mean.abs() < 1e-6, "{i}: {mean}");
        }
        assert!(whiten(&rows[..4]).is_err());
    }

    /// Pictures held out count for the quantiles, those to train on for the projection.
    #[test]
    fn nineteen_of_twenty_pictures_held_out_are_familiar_and_noise_is_not() {
        let device = Device::flex();
        let pictures =
            Joined::new(Box::new(Drawn::training(400, 0)), Box::new(Drawn::held_out(60, 0)));
        let data = TrainingData {
            parts: HeldOut { training: (0..400).collect(), validation: (400..460).collect() },
            pictures: Box::new(pictures),
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        };
        let config = ClassifierConfig::Compact;
        let card = Card::new(crate::model::card::Architecture::Classifier(config));
        let bytes = save(&config.init(&device), &card, Precision::F32).unwrap();
        let source = Some(crc32fast::hash(&bytes));
        let fitted = with_familiarity(&bytes, &data, Precision::I8, &device).unwrap();
        let (classifier, card) = load_classifier(&fitted, &device).unwrap();
        assert_eq!(card.converted_from, source);
        let familiar = classifier.familiar().unwrap().unwrap();
        assert_eq!(familiar.card().inputs, 32 + 64 + 96 + 160);
        let judge = |values: Vec<f32>| {
            let picture = crate::picture::Picture::new(values).unwrap().to_tensor(&device);
            let (_, unfamiliar) = familiar.forward(picture);
            familiar.card().judge(numbers(unfamiliar).unwrap()[0]).unwrap()
        };
        let judged: Vec<Familiarity> = (400..460)
            .map(|i| judge(data.pictures.picture(i).unwrap().values().to_vec()))
            .collect();
        let count = judged.iter().filter(|of| of.familiar).count();
        assert_eq!(count, 57, "95 % of 60");
        let noise: Vec<f32> = (0..VALUES).map(|i| (i * 7919 % 256) as f32 / 255.0).collect();
        assert!(!judge(noise).familiar);
    }
}
