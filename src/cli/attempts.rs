//! Which attacks `evaluate` makes.

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::Args;

use super::models::SurrogateArgument;
use crate::attack::{AttackName, AttackOptions, Attacker};
use crate::evaluation::{Attempt, ModelFile, Plan, Suite, Sweep, Varied};
use crate::model::Classifier;

/// The attacks and the curves.
#[derive(Args)]
#[command(next_help_heading = "Attack")]
pub struct AttackArguments {
    /// Which attacks, separated by commas, all on the same pictures with the same options below; the first one's
    /// figures are the detailed ones [default: the attacker's, else pgd]
    #[arg(long = "attack", value_name = "NAME", value_enum, value_delimiter = ',')]
    names: Vec<AttackName>,

    /// What the attacker knows [default: what the attack needs]
    #[arg(long, value_enum)]
    attacker: Option<Attacker>,

    #[command(flatten)]
    surrogate: SurrogateArgument,

    /// Lead each picture to a target, the class after its own (of airplane, bird, car, cat, deer, dog, horse, monkey, ship,
    /// truck; after truck comes airplane), instead of to any other class. SR@5 and SR@50 then count those that get there.
    #[arg(long)]
    targeted: bool,

    #[command(flatten)]
    options: AttackOptions,

    /// All of it: the attacks of every attacker, the curves of two of them, and --corruptions. The time that it takes is measured on a few
    /// pictures and printed first. --pictures is 100 (quick) or 1000 (full) if it is not given; options of the attacks are those
    /// of all.
    #[arg(
        long,
        value_enum,
        help_heading = "Attack",
        conflicts_with_all = ["names", "attacker", "surrogate", "sweep_eps", "sweep_steps", "sweep_attack"]
    )]
    suite: Option<Suite>,

    #[command(flatten)]
    sweeps: SweepArguments,
}

/// The same attack with several values of a parameter.
#[derive(Args)]
#[command(next_help_heading = "Curves")]
struct SweepArguments {
    /// Also measure with these largest distances, separated by commas, such as 0,0.005,0.01,0.02,0.03,0.05,0.1; 0: the clean
    /// pictures. Steps are as long as needed to reach the distance.
    #[arg(long, value_name = "EPS", value_delimiter = ',')]
    sweep_eps: Vec<f32>,

    /// Also measure with these numbers of steps, separated by commas, such as 1,2,5,10,20,50,100.
    #[arg(long, value_name = "N", value_delimiter = ',')]
    sweep_steps: Vec<u16>,

    /// Which of the attacks, separated by commas [default: the first]
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    sweep_attack: Vec<AttackName>,
}

impl SweepArguments {
    /// The sweeps of these attacks.
    ///
    /// # Errors
    /// When an attack is none of these, or has no such parameter, or a value is out of its range.
    fn sweeps(
        &self,
        attempts: &[Attempt],
        options: &AttackOptions,
        targeted: bool,
    ) -> Result<Vec<Sweep>> {
        let first = [attempts[0].attack.name()];
        let names =
            if self.sweep_attack.is_empty() { &first } else { self.sweep_attack.as_slice() };
        let mut sweeps = Vec::new();
        for name in names {
            let attempt = attempts.iter().find(|attempt| attempt.attack.name() == *name);
            let attempt = attempt.with_context(|| {
                format!("--sweep-attack {name} is none of the attacks: add it to --attack")
            })?;
            let steps = self.sweep_steps.iter().map(|steps| f32::from(*steps)).collect();
            for (varied, values) in [(Varied::Eps, self.sweep_eps.clone()), (Varied::Steps, steps)]
            {
                if !values.is_empty() {
                    let attacker = attempt.attacker;
                    sweeps.push(Sweep::new(*name, attacker, options, targeted, varied, values)?);
                }
            }
        }
        Ok(sweeps)
    }
}

impl AttackArguments {
    /// The attacks and the curves; of the attacks on the whole defence, where the `worst_case` is wanted and none are named.
    ///
    /// # Errors
    /// When they do not fit together, or a value is out of its range.
    pub fn plan(&self, worst_case: bool) -> Result<Plan> {
        let Self { names, attacker, targeted, options, .. } = self;
        if let Some(suite) = self.suite {
            return Ok(suite.plan(options, *targeted)?);
        }
        let worst = (worst_case && names.is_empty()).then_some(Attacker::Defence);
        let attempts = Attempt::chosen(names, attacker.or(worst), options, *targeted)?;
        let sweeps = self.sweeps.sweeps(&attempts, options, *targeted)?;
        Ok(Plan { attempts, sweeps })
    }

    pub fn suite(&self) -> Option<Suite> {
        self.suite
    }

    /// The classifier whose gradients an attacker uses who does not know CL, and its file.
    ///
    /// # Errors
    /// When it is missing, or nobody needs it, or the file cannot be used.
    pub fn surrogate(&self, device: &Device) -> Result<Option<(Classifier, ModelFile)>> {
        let surrogate = self.surrogate.load(device)?;
        if (self.attacker == Some(Attacker::Transfer)) != surrogate.is_some() {
            bail!(
                "--attacker transfer and --surrogate FILE belong together: give both, or neither"
            );
        }
        Ok(surrogate)
    }
}
