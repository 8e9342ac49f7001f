//! `licences`

use std::process::ExitCode;

use anyhow::Result;

use super::output::print;

/// Made by scripts/licences.py.
const NOTICES: &str = include_str!("../../www/licences.txt");

pub fn run() -> Result<ExitCode> {
    print(NOTICES.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
