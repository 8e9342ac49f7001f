//! The most floating-point operations that this machine's cores do: fused multiply-adds on independent accumulators,
//! nothing loaded, nothing stored. Prints GFLOP/s, for all threads together.
//!
//!     rustc -O -C target-cpu=native peak.rs && ./peak THREADS
//!
//! A program of its own, without cargo, because it is compiled for this machine's processor: without that, `mul_add` is
//! a call of a function.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 2_000;

/// GFLOP/s of one thread with N accumulators: the best of many short stretches, for others may use the machine as well.
fn speed<const N: usize>() -> f64 {
    let (factor, summand) = (black_box(0.999_f32), black_box(0.001_f32));
    let mut accumulators = [1.0_f32; N];
    let mut best = 0.0;
    for _ in 0..50 {
        let (start, mut rounds) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(2) {
            for _ in 0..ROUNDS {
                for accumulator in &mut accumulators {
                    *accumulator = accumulator.mul_add(factor, summand);
                }
            }
            rounds += ROUNDS;
        }
        best = f64::max(best, (2 * rounds * N) as f64 / start.elapsed().as_secs_f64() / 1e9);
    }
    black_box(accumulators);
    best
}

fn main() {
    let threads = std::env::args().nth(1).map_or(1, |n| n.parse().expect("a number of threads"));
    // How many accumulators hide the latency and still fit into the registers depends on the processor.
    let candidates = [speed::<64>, speed::<80>, speed::<96>, speed::<128>, speed::<256>];
    let of_all = candidates.map(|speed| {
        thread::scope(|scope| {
            let started: Vec<_> = (0..threads).map(|_| scope.spawn(speed)).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).sum::<f64>()
        })
    });
    println!("{}", of_all.into_iter().fold(0.0, f64::max));
}
