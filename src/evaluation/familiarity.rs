//! How well a classifier's familiarity tells pictures of its classes from pictures of other things.

use std::fmt::{self, Display, Formatter};

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use super::area_under_roc;
use crate::data::Selection;
use crate::data::synthetic::{Other, draw_other, shuffle};
use crate::error::Result;
use crate::model::FamiliarityCard;
use crate::picture::{Picture, VALUES};

/// Pictures of other things, by kind, to measure a familiarity on: so many drawn ones of each kind, and these pictures of the
/// classes, cut into squares that stand in another order.
///
/// # Errors
/// When a picture cannot be read.
pub fn other_things(drawn: u64, of_classes: &Selection) -> Result<Vec<(String, Vec<Picture>)>> {
    let of_kind = |other| {
        let pictures = (0..drawn).map(|seed| Picture::from_rgb(&draw_other(other, seed)));
        (other.to_string(), pictures.collect())
    };
    let mut kinds: Vec<(String, Vec<Picture>)> = Other::ALL.into_iter().map(of_kind).collect();
    let Selection { pictures, indices, description } = of_classes;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(description.split_seed);
    let mut bytes = [0; VALUES];
    let mut shuffled = Vec::with_capacity(indices.len());
    for index in indices {
        pictures.read(*index, &mut bytes)?;
        shuffle(&mut bytes, &mut rng);
        shuffled.push(Picture::new(bytes.iter().map(|b| f32::from(*b) / 255.0).collect())?);
    }
    kinds.push(("shuffled".to_owned(), shuffled));
    Ok(kinds)
}

/// Figures of a familiarity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FamiliarityFigures {
    /// Pictures of the classes, none of them trained on.
    pub pictures: usize,
    /// The share of them that is called unfamiliar.
    pub refused: f64,
    /// The chance that a picture of another thing is less familiar than one of the classes: the area under the ROC curve,
    /// over the pictures of all kinds; `None` without any.
    pub auroc: Option<f64>,
    /// The mean of the kinds' areas; `None` without any.
    pub mean_auroc: Option<f64>,
    /// Figures of each kind of pictures of other things.
    pub kinds: Vec<KindFigures>,
}

/// Figures of one kind of pictures of other things.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindFigures {
    /// What they show.
    pub kind: String,
    /// How many.
    pub pictures: usize,
    /// The share of them that is called unfamiliar.
    pub refused: f64,
    /// The area under the ROC curve, against the pictures of the classes.
    pub auroc: f64,
}

impl FamiliarityFigures {
    /// Figures from how unfamiliar pictures of the classes and of other kinds are; `None` without the former.
    ///
    /// # Errors
    /// When one of the numbers is not finite.
    pub fn of(
        card: &FamiliarityCard,
        clean: &[f32],
        others: &[(String, Vec<f32>)],
    ) -> Result<Option<Self>> {
        let refused = |values: &[f32]| -> Result<f64> {
            let mut count = 0;
            for value in values {
                count += usize::from(!card.judge(*value)?.familiar);
            }
            Ok(count as f64 / values.len() as f64)
        };
        if clean.is_empty() {
            return Ok(None);
        }
        let mut kinds = Vec::with_capacity(others.len());
        for (kind, values) in others {
            if let Some(auroc) = area_under_roc(clean, values) {
                let (kind, pictures) = (kind.clone(), values.len());
                kinds.push(KindFigures { kind, pictures, refused: refused(values)?, auroc });
            }
        }
        let all: Vec<f32> = others.iter().flat_map(|(_, values)| values).copied().collect();
        let mean = kinds.iter().map(|kind| kind.auroc).sum::<f64>() / kinds.len() as f64;
        Ok(Some(Self {
            pictures: clean.len(),
            refused: refused(clean)?,
            auroc: area_under_roc(clean, &all),
            mean_auroc: (!kinds.is_empty()).then_some(mean),
            kinds,
        }))
    }
}

impl Display for FamiliarityFigures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:>8} {:>8} {:>6}", "pictures of", "pictures", "refused", "AUROC")?;
        writeln!(f, "{:<12} {:>8} {:>8.3} {:>6}", "the classes", self.pictures, self.refused, "")?;
        for KindFigures { kind, pictures, refused, auroc } in &self.kinds {
            writeln!(f, "{kind:<12} {pictures:>8} {refused:>8.3} {auroc:>6.3}")?;
        }
        if let (Some(auroc), Some(mean)) = (self.auroc, self.mean_auroc) {
            write!(
                f,
                "AUROC over all pictures of other things {auroc:.3}, mean of the kinds {mean:.3}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::familiarity::Scale;

    #[test]
    fn each_kind_has_its_figures_and_all_together_theirs() {
        let card = FamiliarityCard {
            layers: vec!["features.3".parse().unwrap()],
            inputs: 32,
            outputs: 1,
            distance: Scale { mean: 0.0, std: 1.0 },
            energy: Scale { mean: 0.0, std: 1.0 },
            quantiles: (0..21).map(|i| i as f32).collect(),
        };
        let others = [
            ("cups".to_owned(), vec![18.0, 25.0, 30.0, 40.0]),
            ("nothing".to_owned(), vec![]),
            ("faces".to_owned(), vec![0.5, 19.5]),
        ];
        let clean = [1.0, 2.0, 19.2, 3.0];
        let figures = FamiliarityFigures::of(&card, &clean, &others).unwrap().unwrap();
        assert_eq!((figures.pictures, figures.refused), (4, 0.25));
        let kinds: Vec<_> = figures
            .kinds
            .iter()
            .map(|of| (of.kind.as_str(), of.pictures, of.refused, of.auroc))
            .collect();
        assert_eq!(kinds, [("cups", 4, 0.75, 15.0 / 16.0), ("faces", 2, 0.5, 0.5)]);
        assert_eq!(figures.auroc, Some(19.0 / 24.0));
        assert_eq!(figures.mean_auroc, Some(23.0 / 32.0));
        assert!(figures.to_string().contains("faces               2    0.500  0.500"), "{figures}");
        assert_eq!(FamiliarityFigures::of(&card, &[], &others).unwrap(), None);
        assert!(FamiliarityFigures::of(&card, &[f32::NAN], &others).is_err());
    }
}
