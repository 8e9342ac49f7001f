//! `draw`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::class::Class;
use crate::data::synthetic::draw;
use crate::file::write_atomically;
use crate::picture::Picture;

/// Draws pictures of the ten classes: files CLASS-SEED.png of 96x96 pixels.
#[derive(Args)]
pub struct Arguments {
    /// Folder for the pictures.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Pictures of each class.
    #[arg(long, value_name = "N", default_value_t = 2)]
    per_class: u64,

    /// Seed of the first one; the others count on from it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Only this class.
    #[arg(long, value_name = "CLASS")]
    class: Option<Class>,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let classes = arguments.class.map_or_else(|| Class::ALL.to_vec(), |class| vec![class]);
    for class in classes {
        for seed in arguments.seed..arguments.seed.saturating_add(arguments.per_class) {
            let picture = Picture::from_rgb(&draw(class, seed));
            write_atomically(
                &arguments.out.join(format!("{class}-{seed}.png")),
                &picture.to_png(),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
