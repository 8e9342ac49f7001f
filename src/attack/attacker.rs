//! Attackers, by what they know.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an attacker knows. A figure without its attacker means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Attacker {
    /// Nothing: noise, the control
    Nothing,
    /// The classifier and its weights, but nothing of the defence
    Classifier,
    /// Another classifier of the same kind, --surrogate
    Transfer,
    /// The classifier's answers to any number of questions, but no weights
    Queries,
    /// Classifier, autoencoder, corrector and threshold
    Defence,
}

impl fmt::Display for Attacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Attacker::Nothing => "nothing",
            Attacker::Classifier => "classifier",
            Attacker::Transfer => "transfer",
            Attacker::Queries => "queries",
            Attacker::Defence => "defence",
        })
    }
}

impl Attacker {
    /// What the attacker knows, as a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Attacker::Nothing => "random noise, no attacker",
            Attacker::Classifier => "the attacker knows the classifier, not the defence",
            Attacker::Transfer => {
                "the attacker knows another classifier of the same kind, not the defence"
            }
            Attacker::Queries => "the attacker sees the classifier's probabilities, no weights",
            Attacker::Defence => "the attacker knows the whole defence",
        }
    }
}
