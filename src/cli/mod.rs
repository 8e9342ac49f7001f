//! The command line: arguments and printing. One file per command; rules of the method are in the core.

mod attack;
mod attempts;
mod calibrate;
#[cfg(feature = "remote")]
mod compute_server;
mod convert;
mod corruptions;
mod detect;
mod device;
mod download;
mod draw;
mod evaluate;
mod familiarity;
mod licences;
mod models;
mod output;
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

/// Attacks an image classifier, and detects and corrects the attacks.
///
/// A classifier (CL) predicts the class of a 96x96 picture. An attack (PGD) changes the picture by less than a
/// person sees so that CL errs. The defence: an autoencoder (AE) reconstructs the picture so that CL's
/// prediction survives; where CL's predictions on the picture and on the reconstruction differ too much,
/// the picture is adversarial, and a corrected prediction is used.
#[derive(Parser)]
#[command(name = "second-look", version)]
struct Cli {
    /// Where to compute: auto (a GPU if the build supports it and there is one), cpu, gpu or gpu:N (Vulkan, Metal,
    /// DX12), cuda:N, rocm:N, or ws://HOST:PORT, where `second-look compute-server` runs. `train` takes
    /// several, separated by commas; they share each batch. All but cpu need a build with `--features` gpu,
    /// cuda, rocm or remote.
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
    /// Serve the page and open it in the browser (the default).
    Serve(serve::Arguments),
    /// Download STL-10, or VGG16's weights trained on ImageNet.
    #[command(subcommand)]
    Download(download::Command),
    /// Train a classifier or an autoencoder.
    #[command(subcommand)]
    Train(train::Command),
    /// Measure accuracies and the detector's rates on clean and attacked pictures.
    Evaluate(Box<evaluate::Arguments>),
    /// Change an autoencoder's score, and infer or set its threshold, after training.
    Calibrate(calibrate::Arguments),
    /// Tell a classifier what is familiar to it, or measure that.
    Familiarity(familiarity::Arguments),
    /// Attack a picture file; the result is a PNG.
    Attack(attack::Arguments),
    /// Tell of picture files whether they are adversarial, and their classes.
    Detect(detect::Arguments),
    /// Write weights in 32, 16 or 8 bits.
    Export(convert::Export),
    /// Import weights from PyTorch.
    #[command(subcommand)]
    Import(convert::Import),
    /// Draw pictures of the ten classes into a folder.
    Draw(draw::Arguments),
    /// Print the licences and notices of the packages that this program and the page are made of.
    #[command(visible_alias = "licenses")]
    Licences,
    /// Let another machine compute on this machine's devices.
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
        .with_writer(std::io::stderr)
        .log_internal_errors(false); // they are printed in a way that panics if standard error is full
    // WARN for dependencies, INFO for this crate.
    let loud = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("second_look", LevelFilter::INFO);
    tracing_subscriber::registry().with(lines.with_filter(loud)).init();
    // burn panics when a device runs out of memory or its driver fails.
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    panic::catch_unwind(|| dispatch(cli)).unwrap_or_else(|_| {
        output::print_error(
            "the computation failed; if memory ran out, use a smaller --batch-size or another --device; resume \
             a training from its last checkpoint with --resume",
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
        Command::Familiarity(arguments) => {
            device().and_then(|device| familiarity::run(&arguments, &device))
        }
        Command::Attack(arguments) => device().and_then(|device| attack::run(&arguments, &device)),
        Command::Detect(arguments) => device().and_then(|device| detect::run(&arguments, &device)),
        Command::Export(arguments) => convert::export(&arguments),
        Command::Import(what) => convert::import(&what),
        Command::Draw(arguments) => draw::run(&arguments),
        Command::Licences => licences::run(),
        #[cfg(feature = "remote")]
        Command::ComputeServer(arguments) => {
            device::open(&cli.device).and_then(|devices| compute_server::run(&arguments, devices))
        }
    };
    outcome.unwrap_or_else(|error| {
        output::print_error(format_args!("{error:#}"));
        ExitCode::from(2)
    })
}
