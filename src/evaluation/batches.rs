//! Batches of pictures, several at a time on a CPU with several cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use burn::tensor::Device;
use rayon::ThreadPoolBuilder;

use crate::error::Result;

/// Threads that compute batches, and pictures of a batch.
fn plan(pictures: usize, size: usize, device: &Device) -> (usize, usize) {
    let size = size.min(pictures).max(1);
    let threads = if *device == Device::flex() { rayon::current_num_threads() } else { 1 };
    let threads = threads.min(size);
    (threads, size.div_ceil(threads))
}

/// The number of batches that [`in_batches`] computes.
pub fn batch_count(pictures: usize, size: usize, device: &Device) -> usize {
    pictures.div_ceil(plan(pictures, size, device).1)
}

/// The results of `compute` for all `indices`, in their order. On the CPU each core computes batches of its own, so that
/// none waits for another; together they hold about `size` pictures at a time. A GPU gets one batch of `size` after
/// the other.
///
/// `done` is called on this thread after each batch, with its pictures and their results.
///
/// # Errors
/// The first error of `compute`; no further batches are begun.
pub fn in_batches<R: Send>(
    indices: &[usize],
    size: usize,
    device: &Device,
    compute: impl Fn(&[usize]) -> Result<Vec<R>> + Sync,
    mut done: impl FnMut(&[usize], &[R]),
) -> Result<Vec<R>> {
    let (threads, size) = plan(indices.len(), size, device);
    let batches: Vec<&[usize]> = indices.chunks(size).collect();
    if threads == 1 {
        let mut all = Vec::with_capacity(indices.len());
        for batch in batches {
            let computed = compute(batch)?;
            done(batch, &computed);
            all.extend(computed);
        }
        return Ok(all);
    }
    let mut results = Vec::with_capacity(batches.len());
    let next = AtomicUsize::new(0);
    let (finished, wait) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (batches, next) = (&batches, &next);
            let (compute, finished) = (&compute, finished.clone());
            scope.spawn(move || {
                // What a batch is divided into stays on this thread. (rayon keeps a few hundred bytes of such a pool for
                // ever: one for each thread and call.)
                let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
                while let Some((at, batch)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    batches.get(at).map(|batch| (at, batch))
                } {
                    let result = match &pool {
                        Ok(pool) => pool.install(|| compute(batch)),
                        Err(_) => compute(batch),
                    };
                    if result.is_err() {
                        next.store(batches.len(), Ordering::Relaxed);
                    }
                    finished.send((at, result)).expect("the receiver outlives the threads");
                }
            });
        }
        drop(finished);
        for (at, result) in wait {
            if let Ok(computed) = &result {
                done(batches[at], computed);
            }
            results.push((at, result));
        }
    });
    results.sort_by_key(|(at, _)| *at);
    let mut all = Vec::with_capacity(indices.len());
    for (_, result) in results {
        all.extend(result?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn results_stand_in_the_order_of_the_pictures() {
        let indices: Vec<usize> = (0..103).rev().collect();
        for size in [1, 7, 32, 200] {
            let device = Device::flex();
            let (mut counted, mut batches) = (0, 0);
            let squares = |batch: &[usize]| Ok(batch.iter().map(|i| i * i).collect());
            let count = |batch: &[usize], squares: &[usize]| {
                assert_eq!(squares, batch.iter().map(|i| i * i).collect::<Vec<_>>());
                (counted, batches) = (counted + batch.len(), batches + 1);
            };
            let all = in_batches(&indices, size, &device, squares, count).unwrap();
            assert_eq!(all, indices.iter().map(|i| i * i).collect::<Vec<_>>());
            assert_eq!((counted, batches), (103, batch_count(103, size, &device)));
        }
    }

    #[test]
    fn an_error_ends_it() {
        let indices: Vec<usize> = (0..1000).collect();
        let begun = AtomicUsize::new(0);
        let failing = |batch: &[usize]| {
            begun.fetch_add(1, Ordering::Relaxed);
            match batch[0] {
                0 => Err(Error::Option { name: "x", value: String::new(), must: "y" }),
                _ => Ok(batch.to_vec()),
            }
        };
        assert!(in_batches(&indices, 8, &Device::flex(), failing, |_, _| ()).is_err());
        assert!(begun.load(Ordering::Relaxed) < 100);
    }
}
