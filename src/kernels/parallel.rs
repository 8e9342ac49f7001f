//! Work on several threads, and memory that is used again.

use std::cell::RefCell;

/// Runs `f` on every job, on all threads of rayon's pool; in the browser one after the other.
pub(crate) fn for_each<T: Send>(jobs: Vec<T>, f: impl Fn(T) + Sync + Send) {
    map(jobs, f);
}

/// The results of all jobs, in their order.
pub(crate) fn map<T: Send, R: Send>(jobs: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        use rayon::prelude::*;
        if jobs.len() > 1 && rayon::current_num_threads() > 1 {
            return jobs.into_par_iter().with_max_len(1).map(f).collect();
        }
    }
    jobs.into_iter().map(f).collect()
}

/// Threads that work at a time.
pub(crate) fn threads() -> usize {
    #[cfg(not(target_arch = "wasm32"))]
    return rayon::current_num_threads();
    #[cfg(target_arch = "wasm32")]
    return 1;
}

/// Calls `f` with `len` values of memory that holds anything: it was used before.
pub(crate) fn scratch<R>(len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    thread_local! {
        // The last one given back is the first to be taken again: nested calls get the same ones each time.
        static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
    }
    let mut memory = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    if memory.len() < len {
        memory.resize(len, 0.0);
    }
    let result = f(&mut memory[..len]);
    FREE.with_borrow_mut(|free| free.push(memory));
    result
}
