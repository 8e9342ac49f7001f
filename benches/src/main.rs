//! Runs one work over and over in a process of its own and prints, as JSON, how long each run took.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use cpu_time::ProcessTime;
use second_look::data::Pictures;
use second_look::data::stl10::Stl10;
use second_look::data::synthetic::Drawn;
use second_look::picture::{PLANE, SIDE, VALUES};
use serde_json::json;
use works::{PICTURES, WORKS, Works};

#[derive(Parser)]
enum Command {
    /// Draw pictures into a folder, as STL-10's files train_X.bin and train_y.bin.
    Draw { folder: PathBuf },
    /// Print the works: a JSON list of names and meanings.
    List,
    /// Run a work. Prints seconds of CPU time and of wall time of each run, and the first run's result.
    Run {
        work: String,
        /// Folder with train_X.bin and train_y.bin
        #[arg(long)]
        data: PathBuf,
        /// Go on for this long
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Draw { folder } => draw(&folder),
        Command::List => {
            println!("{}", json!(WORKS));
            Ok(())
        }
        Command::Run { work, data, seconds } => {
            let pictures = Stl10::open(&data, "train")?;
            ensure!(pictures.len() >= PICTURES, "there must be at least {PICTURES} pictures");
            run(&Works::new(Box::new(pictures))?, &work, seconds)
        }
    }
}

/// The first run is not counted, for it fills the caches, unless it takes all of the time.
fn run(works: &Works, name: &str, seconds: f64) -> Result<()> {
    let mut work = works.prepare(name)?;
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    let mut timed = || {
        let (cpu_start, start) = (ProcessTime::now(), Instant::now());
        let result = work();
        (result, cpu_start.elapsed().as_secs_f64(), start.elapsed().as_secs_f64())
    };
    let (result, first_cpu, first_wall) = timed();
    if first_wall >= seconds {
        (cpu, wall) = (vec![first_cpu], vec![first_wall]);
    }
    while wall.iter().sum::<f64>() < seconds {
        let (_, cpu_seconds, wall_seconds) = timed();
        cpu.push(cpu_seconds);
        wall.push(wall_seconds);
    }
    println!("{}", json!({ "cpu": cpu, "wall": wall, "result": result }));
    Ok(())
}

fn draw(folder: &Path) -> Result<()> {
    let drawn = Drawn::test(PICTURES, 0);
    let mut pictures = Vec::with_capacity(PICTURES * VALUES);
    let mut rows = [0; VALUES];
    for index in 0..PICTURES {
        drawn.read(index, &mut rows)?;
        // STL-10's planes go column by column.
        for plane in rows.chunks_exact(PLANE) {
            pictures.extend((0..PLANE).map(|i| plane[i % SIDE * SIDE + i / SIDE]));
        }
    }
    let labels: Vec<u8> = drawn.labels().iter().map(|class| class.index() as u8 + 1).collect();
    fs::create_dir_all(folder)?;
    fs::write(folder.join("train_X.bin"), pictures)?;
    Ok(fs::write(folder.join("train_y.bin"), labels)?)
}
