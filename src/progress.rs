//! Progress of long work: a bar on a terminal, a line a minute in a log.

use std::cell::Cell;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tracing::info;

/// Time between two lines of a log.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// Progress of work on pictures, in a known number of steps.
pub(crate) struct Meter {
    bar: ProgressBar,
    started: Instant,
    last_line: Instant,
    steps: u64,
    pictures: usize,
}

impl Meter {
    /// Starts after `done` of `total` steps.
    pub fn new(total: usize, done: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {percent}% {msg}, {eta} left")
            .expect("the template is well formed");
        let bar = ProgressBar::new(total as u64).with_style(style).with_position(done as u64);
        bar.reset_eta();
        let now = Instant::now();
        Self { bar, started: now, last_line: now, steps: 0, pictures: 0 }
    }

    /// Counts a step over so many pictures, and shows `status`.
    pub fn step(&mut self, pictures: usize, status: &str) {
        self.steps += 1;
        self.pictures += pictures;
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.set_message(format!("{status}, {:.1} pictures/s", self.rate()));
        self.bar.inc(1);
        if self.bar.is_hidden() && self.last_line.elapsed() >= LINE_EVERY {
            let (at, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
            let left = seconds / self.steps as f64 * total.saturating_sub(at) as f64 / 60.0;
            info!("step {at}/{total}, {}, {left:.0} min left", self.bar.message());
            self.last_line = Instant::now();
        }
    }

    /// Counts so many pictures as done, and shows `status`. The steps themselves are counted by [`Meter::ticker`].
    pub fn pictures(&mut self, pictures: usize, status: &str) {
        self.pictures += pictures;
        self.bar.set_message(format!("{status}, {:.1} pictures/s", self.rate()));
    }

    /// Counts steps from any thread, for work whose pictures take long.
    pub fn ticker(&self) -> impl Fn(usize) + Sync + use<> {
        let (bar, started, begun) = (self.bar.clone(), self.started, self.bar.position());
        let last_line = Mutex::new(started);
        move |steps| {
            bar.inc(steps as u64);
            // Whoever finds it locked leaves the line to the other thread.
            let Ok(mut last_line) = last_line.try_lock() else { return };
            if bar.is_hidden() && last_line.elapsed() >= LINE_EVERY {
                let (at, total) = (bar.position(), bar.length().unwrap_or_default());
                let left = total.saturating_sub(at) as f64 / (at - begun).max(1) as f64;
                let minutes = started.elapsed().as_secs_f64() * left / 60.0;
                info!("{} %, {minutes:.0} min left", at * 100 / total.max(1));
                *last_line = Instant::now();
            }
        }
    }

    /// Pictures per second since the start.
    pub fn rate(&self) -> f64 {
        self.pictures as f64 / self.started.elapsed().as_secs_f64()
    }

    /// Logs a line, above the bar.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| info!("{text}"));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.abandon(); // keeps it on the screen
    }
}

/// Progress of a download, in bytes.
pub(crate) struct Transfer {
    bar: ProgressBar,
    last_line: Cell<Instant>,
}

impl Transfer {
    /// Starts for a file of this length.
    pub fn new(bytes: u64) -> Self {
        let template = "{bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        let bar = ProgressBar::new(bytes).with_style(style);
        Self { bar, last_line: Cell::new(Instant::now()) }
    }

    /// Shows that so many bytes have arrived.
    pub fn at(&self, bytes: u64) {
        self.bar.set_position(bytes);
        if self.bar.is_hidden() && self.last_line.get().elapsed() >= LINE_EVERY {
            let total = self.bar.length().unwrap_or_default();
            info!("{:.1} of {:.1} MB", bytes as f64 / 1e6, total as f64 / 1e6);
            self.last_line.set(Instant::now());
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.bar.abandon();
    }
}
