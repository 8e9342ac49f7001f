//! The command line. One file per command; nothing of the method is decided here.

mod attack;
mod calibrate;
#[cfg(feature = "remote")]
mod compute_server;
mod convert;
mod detect;
mod device;
mod download;
mod draw;
mod evaluate;
mod models;
mod serve;
mod source;
mod train;

use std::io::IsTerminal;
use std::panic;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use device::DeviceChoice;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// See an attack on a neural network, and the second look that uncovers it.
///
/// A classifier (CL) names what is on a 96x96 picture. An attack (PGD) changes the picture by less than a
/// person sees, and CL errs. The defence: an autoencoder (AE) redraws the picture so that CL's
/// prediction survives; where CL's two predictions differ too much, the picture is adversarial and the
/// prediction on the redrawn one is used.
#[derive(Parser)]
#[command(name = "second-look", version)]
struct Cli {
    /// Where to compute: auto (a GPU if there is one that the build knows of), cpu, gpu (or gpu:N; Vulkan,
    /// Metal, DX12), cuda:N, rocm:N, or ws://HOST:PORT, where `second-look compute-server` runs. With
    /// `train`, several, separated by commas, share each batch. All but the CPU need a build with
    /// `--features` gpu, cuda, rocm or remote.
    #[arg(
        long,
        global = true,
        value_name = "DEVICE",
        value_delimiter = ',',
        default_value = "auto"
    )]
    device: Vec<DeviceChoice>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page and open it in the browser; what happens without a command, too.
    Serve(serve::Arguments),
    /// Fetch STL-10, or VGG16's weights from ImageNet.
    #[command(subcommand)]
    Download(download::Command),
    /// Train a classifier or an autoencoder.
    #[command(subcommand)]
    Train(train::Command),
    /// Measure: the table of accuracies, and the detector's figures.
    Evaluate(evaluate::Arguments),
    /// Choose AE's score and threshold anew, after training.
    Calibrate(calibrate::Arguments),
    /// Attack one picture: a picture file in, an attacked PNG out.
    Attack(attack::Arguments),
    /// Say of picture files whether they are adversarial, and what is on them.
    Detect(detect::Arguments),
    /// Write weights in 32, 16 or 8 bits, for elsewhere.
    Export(convert::Export),
    /// Make weights that were trained with PyTorch usable here.
    #[command(subcommand)]
    Import(convert::Import),
    /// Draw pictures of the ten classes into a folder.
    Draw(draw::Arguments),
    /// Lend this machine's devices to a training on another one.
    #[cfg(feature = "remote")]
    ComputeServer(compute_server::Arguments),
}

/// Runs the command that the process was started with.
///
/// Exit codes: 0 fine; 1 `detect` found an adversarial picture; 2 an error; 130 interrupted by Ctrl-C.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Of the libraries, what went wrong; of ours, what goes on.
    let loud = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("second_look", LevelFilter::INFO);
    tracing_subscriber::registry().with(lines.with_filter(loud)).init();
    // A device whose memory runs out, or whose driver goes, is a panic in burn.
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    panic::catch_unwind(|| dispatch(cli)).unwrap_or_else(|_| {
        eprintln!(
            "error: the computation broke down; if memory ran out, use a smaller --batch-size, or another \
             --device; a training goes on from its last checkpoint with --resume"
        );
        ExitCode::from(2)
    })
}

fn dispatch(cli: Cli) -> ExitCode {
    let device = || device::open_one(&cli.device);
    let outcome = match cli.command.unwrap_or(Command::Serve(serve::Arguments::default())) {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Download(command) => download::run(command),
        Command::Train(command) => {
            device::open(&cli.device).and_then(|devices| train::run(command, devices))
        }
        Command::Evaluate(arguments) => {
            device().and_then(|device| evaluate::run(&arguments, &device))
        }
        Command::Calibrate(arguments) => {
            device().and_then(|device| calibrate::run(&arguments, &device))
        }
        Command::Attack(arguments) => device().and_then(|device| attack::run(&arguments, &device)),
        Command::Detect(arguments) => device().and_then(|device| detect::run(&arguments, &device)),
        Command::Export(arguments) => convert::export(&arguments),
        Command::Import(what) => convert::import(&what),
        Command::Draw(arguments) => draw::run(&arguments),
        #[cfg(feature = "remote")]
        Command::ComputeServer(arguments) => {
            device::open(&cli.device).and_then(|devices| compute_server::run(&arguments, devices))
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}
