//! The whole method on a batch of pictures: detection on the clean ones, then each attack, and detection on what it leaves.

use burn::tensor::Tensor;

use super::{Attempt, Outcome, Record, Sample};
use crate::attack::{AttackConfig, AttackResult, Attacker, Input, Target};
use crate::data::Pictures;
use crate::defence::{Defence, Detection};
use crate::detector::Verdict;
use crate::error::{Error, Result};
use crate::model::Classifier;
use crate::picture::{Picture, VALUES};
use crate::tensor::read;

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
    defence.score(Picture::batch(&pictures, defence.device()), &ids(indices)).await
}

/// What names pictures wherever random numbers follow from them: their places in the dataset.
pub(super) fn ids(indices: &[usize]) -> Vec<u64> {
    indices.iter().map(|i| *i as u64).collect()
}

/// [`examine_all`] with one attack, by the attacker who knows what it needs.
///
/// # Errors
/// As [`examine_all`].
pub async fn examine(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    attack: AttackConfig,
    keep: bool,
) -> Result<(Vec<Record>, Vec<Sample>)> {
    let attempts = Attempts { all: &[attack.into()], surrogate: None, until_wrong: false };
    examine_all(defence, pictures, indices, attempts, keep, &|_| ()).await
}

/// The attacks of an evaluation, all on the same pictures.
#[derive(Clone, Copy)]
pub struct Attempts<'a> {
    /// The attacks, at least one.
    pub all: &'a [Attempt],
    /// The classifier whose gradients an attacker uses who knows no more ([`Attacker::Transfer`]).
    pub surrogate: Option<&'a Classifier>,
    /// Whether attacks end once the defence's answers are wrong: enough to know the worst case, but the score and the
    /// distance are then not what the whole attack would lead to. An attack on a defence that draws at random never ends
    /// early: one unlucky draw says little.
    pub until_wrong: bool,
}

/// Steps between two looks at whether the answers are wrong; a look is one prediction of the whole defence.
const STEPS_BETWEEN_LOOKS: usize = 5;

/// Steps of an attack and its restarts, weighed by how long one takes: for the time that is left.
pub fn work(attack: &AttackConfig) -> usize {
    let shape = attack.shape();
    (shape.steps + 1) * shape.restarts * shape.cost
}

/// The pictures of a batch, and their true classes.
pub(super) struct Batch {
    originals: Vec<Picture>,
    pub(super) input: Input,
}

/// What an attack on a batch leads to.
struct Attacked {
    /// Of the first attack alone: what the defence finds in the clean images.
    clean: Option<Detection>,
    outcomes: Vec<Outcome>,
    images: Tensor<4>,
    reconstructions: Tensor<4>,
}

impl Batch {
    pub(super) fn read(
        defence: &Defence,
        pictures: &dyn Pictures,
        indices: &[usize],
    ) -> Result<Self> {
        let originals = indices.iter().map(|i| pictures.picture(*i)).collect::<Result<Vec<_>>>()?;
        let classes = indices.iter().map(|i| pictures.labels()[*i]).collect();
        let images = Picture::batch(&originals, defence.device());
        Ok(Self { originals, input: Input { images, classes, ids: ids(indices) } })
    }

    /// The attack at this place of the list: away from the true class, or, if it is targeted, to the next one.
    async fn attack(
        &self,
        defence: &Defence,
        attempts: Attempts<'_>,
        n: usize,
        done: &dyn Fn(usize),
    ) -> Result<Attacked> {
        let attempt = attempts.all[n];
        let Attempt { attack, attacker } = attempt;
        let Input { images, ids, .. } = &self.input;
        let shape = attack.shape();
        let transferred = attacker == Attacker::Transfer;
        let target = match (transferred, attempts.surrogate) {
            (false, _) => defence.target(),
            (true, Some(surrogate)) => Target::from(surrogate),
            (true, None) => {
                return Err(Error::Option {
                    name: "the surrogate",
                    value: "missing".to_owned(),
                    must: "a classifier, for an attacker who knows another one",
                });
            }
        };
        let until_wrong = attempts.until_wrong && !defence.randomisation().is_some();
        let given = self.input.classes.iter().map(|class| attempt.given(*class)).collect();
        let mut run = attack.start(&target, Input { classes: given, ..self.input.clone() })?;
        let mut left = work(&attack);
        let mut count = |step: usize| {
            let step = step.min(left);
            left -= step;
            done(step * ids.len());
        };
        let first = run.step();
        count(shape.cost);
        let mut clean = None;
        if n == 0 {
            // Where an attack begins at the pictures as they are, their logits are known.
            let known = shape.starts_at_the_images && !transferred;
            let logits = first.filter(|_| known).map(|step| step.logits);
            let found = defence.detect_drawn(images.clone(), logits, ids, 0).await?;
            if until_wrong && self.all_wrong(&found) {
                count(usize::MAX);
                return Ok(self.spared(found));
            }
            clean = Some(found);
        }
        let number = 1 + n as u64;
        let look = async |attacked: &AttackResult| {
            let logits = (!transferred).then(|| attacked.logits.clone());
            defence.detect_drawn(attacked.images.clone(), logits, ids, number).await
        };
        let mut steps = 1;
        while run.step().is_some() {
            count(shape.cost);
            steps += 1;
            if until_wrong
                && steps % STEPS_BETWEEN_LOOKS == 0
                && let Some(attacked) = run.best()
                && self.all_wrong(&look(attacked).await?)
            {
                break;
            }
        }
        count(usize::MAX);
        let attacked = run.best().expect("the attack has ended").clone();
        let found = look(&attacked).await?;
        let length = attack.norm().ball().length(attacked.images.clone() - images.clone());
        let distances = read(length).await?;
        let queries = match run.queries() {
            Some(queries) => read(queries).await?.into_iter().map(Some).collect(),
            None => vec![None; ids.len()],
        };
        let all = found.verdicts.into_iter().zip(distances).zip(queries);
        Ok(Attacked {
            clean,
            outcomes: all
                .map(|((verdict, distance), queries)| Outcome { verdict, distance, queries })
                .collect(),
            images: attacked.images,
            reconstructions: found.reconstructions,
        })
    }

    /// What it leads to that the pictures are not attacked.
    fn spared(&self, found: Detection) -> Attacked {
        let unchanged =
            |verdict: &Verdict| Outcome { verdict: *verdict, distance: 0.0, queries: None };
        Attacked {
            outcomes: found.verdicts.iter().map(unchanged).collect(),
            images: self.input.images.clone(),
            reconstructions: found.reconstructions.clone(),
            clean: Some(found),
        }
    }

    /// Whether no answer is right.
    fn all_wrong(&self, found: &Detection) -> bool {
        let answers = found.verdicts.iter().map(|verdict| verdict.answer);
        answers.zip(&self.input.classes).all(|(answer, class)| answer != *class)
    }
}

/// One attack of an evaluation on a batch, that at place `n` of the list: what it leads to for each picture, and, if it is
/// the first one, the verdict on the clean picture.
///
/// # Errors
/// As [`examine_all`].
pub async fn examine_one(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    attempts: Attempts<'_>,
    n: usize,
    done: &dyn Fn(usize),
) -> Result<Vec<(Option<Verdict>, Outcome)>> {
    let attacked =
        Batch::read(defence, pictures, indices)?.attack(defence, attempts, n, done).await?;
    let clean: Vec<Option<Verdict>> = match attacked.clean {
        Some(clean) => clean.verdicts.into_iter().map(Some).collect(),
        None => vec![None; indices.len()],
    };
    Ok(clean.into_iter().zip(attacked.outcomes).collect())
}

/// Runs the whole method on a batch: detection on the clean images, then each attack, and detection on what it leaves.
///
/// The attacks move away from the true class, or, if they are targeted, to the next one in the list. Returns a record for
/// each picture and, if `keep` is set, the pictures themselves, attacked by the first attack. `done` is called now and then
/// with the [`work`] done for all pictures of the batch since the last call.
///
/// # Errors
/// When a picture cannot be read, there is no attack, a parameter is out of range, an attacker has no surrogate, or the
/// device fails.
pub async fn examine_all(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    attempts: Attempts<'_>,
    keep: bool,
    done: &dyn Fn(usize),
) -> Result<(Vec<Record>, Vec<Sample>)> {
    let batch = Batch::read(defence, pictures, indices)?;
    let classes = batch.input.classes.clone();
    let mut on_clean = None;
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); classes.len()];
    let mut first_attacked: Option<(Tensor<4>, Tensor<4>)> = None;
    for n in 0..attempts.all.len() {
        let attacked = batch.attack(defence, attempts, n, done).await?;
        on_clean = on_clean.or(attacked.clean);
        for (outcomes, outcome) in outcomes.iter_mut().zip(attacked.outcomes) {
            outcomes.push(outcome);
        }
        first_attacked.get_or_insert((attacked.images, attacked.reconstructions));
    }
    let (Some(on_clean), Some(attacked)) = (on_clean, first_attacked) else {
        return Err(Error::Option {
            name: "the number of attacks",
            value: "0".to_owned(),
            must: "at least 1",
        });
    };
    let records: Vec<Record> = classes
        .into_iter()
        .zip(on_clean.verdicts.into_iter().zip(outcomes))
        .map(|(class, (clean, attacks))| Record {
            class,
            clean,
            attacked: attacks[0].verdict,
            attacks,
        })
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
    let attacked_pictures = shown(read(attacked.0).await?)?;
    let attacked_reconstructed = shown(read(attacked.1).await?)?;
    let samples = records
        .iter()
        .cloned()
        .zip(batch.originals)
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
    use crate::class::Class;
    use crate::data::synthetic::Drawn;
    use crate::detector::{Detector, ScoreConfig};
    use crate::model::{AutoencoderConfig, ClassifierConfig};
    use burn::module::Module;
    use burn::tensor::Device;

    fn defence() -> Defence {
        let device = Device::flex();
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
    fn each_attack_is_made_on_the_same_pictures_and_work_adds_up() {
        let (defence, drawn) = (defence(), Drawn::test(6, 3));
        let indices = [4, 1, 3];
        let pgd = Pgd { eps: 0.02, eps_step: 0.01, max_iter: 3, ..Pgd::tutorial(Norm::Linf) };
        let all = [
            pgd.into(),
            crate::attack::Noise::from(pgd).into(),
            crate::attack::Square::from(pgd).into(),
        ];
        let all: Vec<Attempt> = all.into_iter().map(|attack: AttackConfig| attack.into()).collect();
        let counted = std::cell::Cell::new(0);
        let done = |steps| counted.set(counted.get() + steps);
        let attempts = Attempts { all: &all, surrogate: None, until_wrong: false };
        let run = examine_all(&defence, &drawn, &indices, attempts, false, &done);
        let (records, _) = pollster::block_on(run).unwrap();
        let total: usize = all.iter().map(|attempt| work(&attempt.attack)).sum();
        assert_eq!(counted.get(), 3 * total);
        let (alone, _) =
            pollster::block_on(examine(&defence, &drawn, &indices, pgd.into(), false)).unwrap();
        for (record, alone) in records.iter().zip(&alone) {
            assert_eq!(record.attacks.len(), 3);
            assert_eq!(record.attacked, record.attacks[0].verdict);
            assert_eq!((record.clean, record.attacked), (alone.clean, alone.attacked));
            assert!(
                record.attacks[..2].iter().all(|outcome| (outcome.distance - 0.02).abs() < 1e-4)
            );
            assert!(record.attacks[1].queries.is_none() && record.attacks[2].queries.is_some());
        }
        let transfer = [Attempt { attacker: Attacker::Transfer, ..all[0] }];
        let mut attempts = Attempts { all: &transfer, surrogate: None, until_wrong: false };
        let missing = examine_all(&defence, &drawn, &indices, attempts, false, &done);
        assert!(pollster::block_on(missing).is_err(), "no surrogate");
        attempts.surrogate = Some(defence.classifier());
        let run = examine_all(&defence, &drawn, &indices, attempts, false, &done);
        let (transferred, _) = pollster::block_on(run).unwrap();
        for (transferred, alone) in transferred.iter().zip(&alone) {
            assert!(near(&transferred.attacked.prediction, &alone.attacked.prediction, 1e-4));
        }
    }

    /// Each picture is led to the class after its own, and to no other.
    #[test]
    fn a_targeted_attack_leads_to_the_next_class() {
        let (defence, drawn) = (defence(), Drawn::test(20, 3));
        let indices: Vec<usize> = (0..20).collect();
        let pgd = Pgd { eps: 0.1, eps_step: 0.02, max_iter: 10, ..Pgd::tutorial(Norm::Linf) };
        let targeted = Pgd { targeted: true, ..pgd };
        let mut rises = [Vec::new(), Vec::new()];
        for (attack, rises) in [targeted, pgd].into_iter().zip(&mut rises) {
            let run = examine(&defence, &drawn, &indices, attack.into(), false);
            let (records, _) = pollster::block_on(run).unwrap();
            for Record { class, clean, attacked, .. } in records {
                let rise = |class: Class| {
                    attacked.prediction[class.index()] - clean.prediction[class.index()]
                };
                let most = Class::ALL.into_iter().max_by(|a, b| rise(*a).total_cmp(&rise(*b)));
                rises.push(most == Some(class.next()));
            }
        }
        let [targeted, untargeted] = rises.map(|all| all.into_iter().filter(|next| *next).count());
        assert_eq!(targeted, 20, "the target's probability rises most");
        assert!(untargeted < 20, "{untargeted}");
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
}
