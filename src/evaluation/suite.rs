//! Which attacks an evaluation makes: those that a person chose, those of an attacker, or the whole of an evaluation by one word: every attacker, and how the figures change with eps and with steps.

use anyhow::bail;

use super::{Attempt, Plan, Sweep, Varied};
use crate::attack::{AttackName, AttackOptions, Attacker};
use crate::error::Result;

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Suite {
    /// Eight attacks with few steps, to see that all is as it should be; of use on 100 pictures and more
    Quick,
    /// All attacks with the steps that their papers ask for, and long curves: what a published figure needs
    Full,
}

/// Attacks whose curves are drawn: the classifier's, and the defence's.
const SWEPT: [AttackName; 2] = [AttackName::Pgd, AttackName::SelectivePgd];

impl Suite {
    /// The number of pictures where none is given.
    pub fn pictures(self) -> usize {
        match self {
            Suite::Quick => 100,
            Suite::Full => 1000,
        }
    }

    /// The attacks; `None`: as many steps as the attack's default.
    fn attacks(self) -> &'static [(AttackName, Option<usize>)] {
        use AttackName::{
            ApgdCe, ApgdDlr, Corrector, Cw, Deepfool, Fgsm, Lagrangian, MiFgsm, Noise,
            OrthogonalPgd, Pgd, SelectivePgd, Square,
        };
        match self {
            Suite::Quick => &[
                (Pgd, None),
                (Noise, None),
                (Fgsm, None),
                (ApgdCe, Some(20)),
                (Square, Some(200)),
                (SelectivePgd, Some(40)),
                (OrthogonalPgd, Some(40)),
                (Corrector, Some(40)),
            ],
            Suite::Full => &[
                (Pgd, None),
                (Noise, None),
                (Fgsm, None),
                (MiFgsm, None),
                (ApgdCe, None),
                (ApgdDlr, None),
                (Cw, None),
                (Deepfool, None),
                (Square, None),
                (SelectivePgd, None),
                (OrthogonalPgd, None),
                (Lagrangian, None),
                (Corrector, None),
            ],
        }
    }

    fn values(self) -> [(Varied, &'static [f32]); 2] {
        match self {
            Suite::Quick => {
                [(Varied::Eps, &[0.0, 0.01, 0.03, 0.1]), (Varied::Steps, &[1.0, 5.0, 20.0, 40.0])]
            }
            Suite::Full => [
                (Varied::Eps, &[0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1]),
                (Varied::Steps, &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]),
            ],
        }
    }

    /// Its attacks and sweeps; the options, where one is given, are those of all attacks, and so is whether they are targeted.
    ///
    /// # Errors
    /// When an option is out of its range or fits none of these attacks, such as a norm.
    pub fn plan(self, options: &AttackOptions, targeted: bool) -> Result<Plan> {
        let mut plan = Plan::default();
        for (name, steps) in self.attacks() {
            let own = AttackOptions { max_iter: options.max_iter.or(*steps), ..*options };
            // Attacks that look for the smallest change are not bounded: what is compared is its length.
            let free = AttackOptions { eps: None, norm: None, ..own }.resolve(*name, targeted)?;
            let attempt = match free.shape().eps {
                None => Attempt::from(free),
                Some(_) => Attempt::from(own.resolve(*name, targeted)?),
            };
            plan.attempts.push(attempt);
            if SWEPT.contains(name) {
                for (varied, values) in self.values() {
                    let values = values.to_vec();
                    let sweep =
                        Sweep::new(*name, attempt.attacker, &own, targeted, varied, values)?;
                    plan.sweeps.push(sweep);
                }
            }
        }
        Ok(plan)
    }
}

impl Attacker {
    /// The attacks that tell most about a defence against this attacker, the cheaper ones first.
    pub fn attacks(self) -> &'static [AttackName] {
        use AttackName::{Corrector, Lagrangian, Noise, OrthogonalPgd, Pgd, SelectivePgd, Square};
        match self {
            Attacker::Defence => &[SelectivePgd, OrthogonalPgd, Corrector, Lagrangian],
            Attacker::Queries => &[Square],
            Attacker::Nothing => &[Noise],
            Attacker::Classifier | Attacker::Transfer => &[Pgd],
        }
    }
}

impl Attempt {
    /// These attacks, or without any those of the attacker; without both, PGD. An attack on the classifier can be one by an
    /// attacker who knows another classifier.
    ///
    /// # Errors
    /// When an attack is not one of this attacker, or a parameter is out of its range.
    pub fn chosen(
        names: &[AttackName],
        attacker: Option<Attacker>,
        options: &AttackOptions,
        targeted: bool,
    ) -> anyhow::Result<Vec<Self>> {
        let default = attacker.unwrap_or(Attacker::Classifier).attacks();
        let names = if names.is_empty() { default } else { names };
        let attempt = |name: &AttackName| {
            let attack = options.resolve(*name, targeted)?;
            let needed = attack.shape().attacker;
            let attacker = attacker.unwrap_or(needed);
            if attacker != needed
                && (attacker, needed) != (Attacker::Transfer, Attacker::Classifier)
            {
                bail!(
                    "{name} is an attack whose attacker is \"{needed}\", not \"{attacker}\": leave out --attacker, or \
                     choose another --attack"
                );
            }
            Ok(Self { attack, attacker })
        };
        names.iter().map(attempt).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{AttackConfig, Attacker};

    #[test]
    fn the_full_suite_has_every_attack_and_both_have_every_attacker_and_the_tutorial_s_pgd_first() {
        for suite in [Suite::Quick, Suite::Full] {
            let plan = suite.plan(&AttackOptions::default(), false).unwrap();
            assert_eq!(plan.attempts[0].attack, AttackConfig::default());
            for attacker in
                [Attacker::Nothing, Attacker::Queries, Attacker::Classifier, Attacker::Defence]
            {
                assert!(
                    plan.attempts.iter().any(|a| a.attacker == attacker),
                    "{suite:?} {attacker}"
                );
            }
            assert_eq!(plan.sweeps.len(), 4);
        }
        let full = Suite::Full.plan(&AttackOptions::default(), false).unwrap();
        for name in AttackName::ALL {
            assert!(full.attempts.iter().any(|a| a.attack.name() == *name), "{name}");
        }
        let bounded = AttackOptions { eps: Some(0.01), ..AttackOptions::default() };
        for attempt in Suite::Full.plan(&bounded, false).unwrap().attempts {
            let free = matches!(attempt.attack.name(), AttackName::Cw | AttackName::Deepfool);
            assert_eq!(attempt.attack.shape().eps, (!free).then_some(0.01));
        }
        let targeted = Suite::Full.plan(&AttackOptions::default(), true).unwrap();
        let swept = targeted.sweeps.iter().flat_map(Sweep::attempts);
        assert!(targeted.attempts.iter().copied().chain(swept).all(|a| a.attack.targeted()));
        let steps = AttackOptions { max_iter: Some(7), ..AttackOptions::default() };
        let plan = Suite::Quick.plan(&steps, false).unwrap();
        assert!(plan.attempts.iter().all(|a| [1, 7].contains(&a.attack.steps())));
    }

    #[test]
    fn attacks_are_those_of_their_attacker() {
        let options = AttackOptions::default();
        let chosen = |names: &[AttackName], attacker| {
            let attempts = Attempt::chosen(names, attacker, &options, false)?;
            let pairs = attempts.iter().map(|a| (a.attack.name(), a.attacker));
            anyhow::Ok(pairs.collect::<Vec<_>>())
        };
        let (pgd, corrector) = (AttackName::Pgd, AttackName::Corrector);
        assert_eq!(chosen(&[], None).unwrap(), [(pgd, Attacker::Classifier)]);
        let transfer = Some(Attacker::Transfer);
        assert_eq!(chosen(&[], transfer).unwrap(), [(pgd, Attacker::Transfer)]);
        assert_eq!(chosen(&[corrector], None).unwrap(), [(corrector, Attacker::Defence)]);
        for attacker in [Attacker::Nothing, Attacker::Queries, Attacker::Defence] {
            for (_, knows) in chosen(&[], Some(attacker)).unwrap() {
                assert_eq!(knows, attacker);
            }
            let error = chosen(&[pgd], Some(attacker)).unwrap_err().to_string();
            assert!(error.contains("leave out --attacker"), "{error}");
        }
        assert!(
            chosen(&[corrector], transfer).is_err(),
            "no other classifier tells of the detector"
        );
    }
}
