//! What the report says in words.

use crate::attack::{Attacker, Norm};

/// All attackers, those who know more later.
pub const ATTACKERS: [Attacker; 5] = [
    Attacker::Nothing,
    Attacker::Queries,
    Attacker::Transfer,
    Attacker::Classifier,
    Attacker::Defence,
];

/// Who attacks, after "where".
pub fn who(attacker: Attacker) -> &'static str {
    match attacker {
        Attacker::Nothing => "nobody attacks and noise of the same size is added",
        Attacker::Queries => "the attacker sees only the classifier's probabilities",
        Attacker::Transfer => "the attacker knows another classifier of the same kind",
        Attacker::Classifier => "the attacker knows the classifier, not the defence",
        Attacker::Defence => "the attacker knows the whole defence",
    }
}

/// The columns of the table of attacks.
pub const FIGURES: [(&str, &str); 13] = [
    (
        "attacker knows",
        "Nothing (noise, the control), the classifier's answers (queries), another classifier (transfer), the \
      classifier, or the whole defence. A figure holds against this attacker and weaker ones only.",
    ),
    (
        "eps",
        "The largest distance from the original that the attack may use; with linf, of each value, which ranges from 0 to 1.",
    ),
    ("CL", "Share of the attacked pictures on which the classifier alone is right."),
    (
        "success",
        "Share of the attacked pictures on which the attack gets what it is after: the classifier errs, or, if the attack is \
      targeted, names the target.",
    ),
    ("detected", "Share of the attacked pictures that the detector calls adversarial."),
    (
        "answer",
        "Share of the attacked pictures on which the defence's answer is right: the classifier's, or the corrected one where \
      the picture is called adversarial.",
    ),
    (
        "AUC",
        "How likely an attacked picture scores higher than a clean one; 0.5 is guessing. Whether the attack succeeded does not \
      count.",
    ),
    (
        "TPR@1, TPR@5",
        "Share of the attacked pictures that are found by the threshold with 1 % or 5 % false alarms on these clean \
      pictures.",
    ),
    (
        "AP",
        "Average precision, the area under precision against recall, with as many clean pictures as attacked ones; 0.5 is \
      guessing.",
    ),
    (
        "SR@5, SR@50",
        "What the attacker wins: share of the pictures on which the attack succeeds and that pass a threshold with 5 % or \
      50 % false alarms. Lower is better for the defence.",
    ),
    (
        "distance",
        "Median distance from the original of the pictures on which CL was right and the attack succeeds.",
    ),
    ("queries", "Median number of questions asked about these pictures."),
    (
        "95 % interval",
        "Where the share of all such pictures would lie (Wilson's interval); it covers the choice of the pictures, not \
      other models or other attacks.",
    ),
];

/// What a check asks.
pub fn explain_check(name: &str) -> &'static str {
    match name {
        "larger-eps" => "A larger eps never helps the defender.",
        "more-steps" => "More steps never help the defender.",
        "huge-eps" => "With a huge eps nothing is left but guessing.",
        "iterative-beats-single-step" => "Many steps are at least as strong as one.",
        "white-box-beats-black-box" => {
            "Attacks by gradients are at least as strong as those without."
        }
        "knowing-the-defence-helps" => {
            "Attacks on the whole defence are at least as strong as those on the classifier."
        }
        "something-changed" => "Every attack changes pictures and predictions.",
        "finite" => "All predictions are finite numbers.",
        "repeatable" => {
            "The same picture gets the same prediction, or the attacks know that it does not."
        }
        "gradients" => "Gradients are not zero.",
        _ => "",
    }
}

/// A share in per cent.
pub fn percent(share: f64) -> String {
    // The sign stays beside its number.
    format!("{:.1}\u{a0}%", share * 100.0)
}

pub fn norm_in_words(norm: Norm) -> &'static str {
    match norm {
        Norm::Linf => "L-infinity",
        Norm::L2 => "L2",
    }
}

pub fn eps_in_words(eps: Option<f32>) -> String {
    eps.map_or_else(|| "no bound".to_owned(), |eps| format!("eps {eps}"))
}
