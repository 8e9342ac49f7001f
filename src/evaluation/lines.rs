//! The verdicts as lines of a table (CSV): one for each picture and attack.

use anyhow::Result;
use serde::Serialize;

use super::{Attempt, Record};
use crate::attack::{AttackName, Attacker, Norm};
use crate::class::Class;

/// A line. The names of the columns are those of the fields.
#[derive(Serialize)]
struct Line {
    /// The picture's place in the dataset.
    index: usize,
    class: Class,
    clean_prediction: Class,
    clean_score: f32,
    clean_adversarial: bool,
    clean_answer: Class,
    attack: AttackName,
    attacker: Attacker,
    norm: Norm,
    eps: Option<f32>,
    prediction: Class,
    reconstruction_prediction: Class,
    corrected_prediction: Option<Class>,
    score: f32,
    adversarial: bool,
    answer: Class,
    distance: f32,
    queries: Option<f32>,
}

/// The lines of all records, whose attacks these are, with a line of names above; `indices` are the pictures' places in the
/// dataset.
///
/// # Errors
/// When there is not the memory for them.
pub fn lines(records: &[Record], indices: &[usize], attempts: &[Attempt]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (record, index) in records.iter().zip(indices) {
        for (attempt, outcome) in attempts.iter().zip(&record.attacks) {
            let (shape, clean, verdict) = (attempt.attack.shape(), record.clean, outcome.verdict);
            writer.serialize(Line {
                index: *index,
                class: record.class,
                clean_prediction: clean.answer_if_clean,
                clean_score: clean.score,
                clean_adversarial: clean.adversarial,
                clean_answer: clean.answer,
                attack: attempt.attack.name(),
                attacker: attempt.attacker,
                norm: shape.norm,
                eps: shape.eps,
                prediction: verdict.answer_if_clean,
                reconstruction_prediction: Class::most_likely(&verdict.reconstruction_prediction),
                corrected_prediction: verdict.corrected_prediction.map(|p| Class::most_likely(&p)),
                score: verdict.score,
                adversarial: verdict.adversarial,
                answer: verdict.answer,
                distance: outcome.distance,
                queries: outcome.queries,
            })?;
        }
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{AttackConfig, Cw, Square};
    use crate::evaluation::Outcome;
    use crate::evaluation::made_up::{outcome, record, verdict};

    #[test]
    fn a_line_for_each_picture_and_attack_with_what_it_names() {
        let attempts =
            [AttackConfig::from(Square::default()), Cw::default().into()].map(Attempt::from);
        let asked = Outcome { queries: Some(12.5), ..outcome(Class::Dog, 2.0) };
        let attacks = vec![asked, outcome(Class::Cat, 0.25)];
        let records = [
            record(verdict(Class::Cat, 0.5), attacks.clone()),
            record(verdict(Class::Dog, 0.5), attacks),
        ];
        let text = String::from_utf8(lines(&records, &[7, 19], &attempts).unwrap()).unwrap();
        let found: Vec<&str> = text.lines().collect();
        assert_eq!(found.len(), 5);
        assert_eq!(
            found[0],
            "index,class,clean_prediction,clean_score,clean_adversarial,clean_answer,attack,attacker,norm,eps,prediction,\
             reconstruction_prediction,corrected_prediction,score,adversarial,answer,distance,queries"
        );
        assert_eq!(
            found[1],
            "7,cat,cat,0.5,false,cat,square,queries,linf,0.03,dog,cat,,2.0,true,cat,0.03,12.5"
        );
        assert_eq!(
            found[4],
            "19,cat,dog,0.5,false,dog,cw,classifier,l2,,cat,cat,,0.25,false,cat,0.03,"
        );
    }
}
