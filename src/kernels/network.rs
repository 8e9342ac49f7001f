//! A chain of convolutions with fixed weights, and the gradient of its input.
//!
//! Some pictures at a time go through the whole chain on one thread, so that what one layer writes is still in the
//! cache when the next reads it, and no thread waits for another between layers. With fixed weights, the backward pass
//! needs from the forward pass only the signs at ReLU and the argmax of each pooling window: one byte for each value,
//! instead of the value.

use std::sync::OnceLock;

use crate::direct::Epilogue;
use crate::filter::{Filter, group, pictures};
use crate::geometry::Geometry;
use crate::layout::transpose;
use crate::parallel::{map, scratch};
use crate::pool;
use crate::vector::loops;

/// A convolution and what follows it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its sizes.
    pub geometry: Geometry,
    /// Whether it is a transposed convolution: from [n, ho, wo, cout] to [n, h, w, cin].
    pub transposed: bool,
    /// Weights [cout, cin, k, k].
    pub weight: Vec<f32>,
    /// One for each channel that comes out, or none.
    pub bias: Vec<f32>,
    /// Whether ReLU follows.
    pub relu: bool,
    /// Whether 2x2 max pooling follows (after ReLU).
    pub pool: bool,
}

impl Step {
    fn goes_in(&self) -> [usize; 3] {
        let g = &self.geometry;
        if self.transposed { [g.ho, g.wo, g.cout] } else { [g.h, g.w, g.cin] }
    }

    pub(crate) fn comes_out(&self) -> [usize; 3] {
        let g = &self.geometry;
        if self.transposed { [g.h, g.w, g.cin] } else { [g.ho, g.wo, g.cout] }
    }

    fn after_pool(&self) -> [usize; 3] {
        let [h, w, c] = self.comes_out();
        if self.pool { [h / 2, w / 2, c] } else { [h, w, c] }
    }
}

#[derive(Debug)]
struct Stage {
    step: Step,
    forward: Filter,
    /// Packed at the first gradient.
    back: OnceLock<Filter>,
    epilogue: Epilogue,
}

/// A chain of convolutions with fixed weights.
#[derive(Debug)]
pub struct Network {
    stages: Vec<Stage>,
}

/// What the backward pass needs from a forward pass.
#[derive(Clone, Debug)]
pub struct Trace {
    pictures: usize,
    group: usize,
    /// For each group of pictures and each stage: one byte for each value that came out; empty if nothing is needed.
    codes: Vec<Vec<Vec<u8>>>,
}

/// ReLU let nothing through.
const CLOSED: u8 = 4;

fn len(size: [usize; 3]) -> usize {
    size.iter().product()
}

impl Network {
    /// Packs the weights.
    ///
    /// # Panics
    /// When there is no step, or one does not take what the one before gives.
    pub fn new(steps: Vec<Step>) -> Self {
        assert!(!steps.is_empty(), "at least one step");
        for pair in steps.windows(2) {
            assert_eq!(pair[0].after_pool(), pair[1].goes_in(), "steps fit together");
        }
        let stages = steps
            .into_iter()
            .map(|step| {
                let filter = if step.transposed { Filter::transposed } else { Filter::convolution };
                let forward = filter(&step.weight, step.geometry);
                let epilogue = forward.epilogue(&step.bias, step.relu);
                Stage { step, forward, back: OnceLock::new(), epilogue }
            })
            .collect();
        Self { stages }
    }

    /// [h, w, c] of what goes in.
    pub fn goes_in(&self) -> [usize; 3] {
        self.stages[0].step.goes_in()
    }

    /// [h, w, c] of what comes out.
    pub fn comes_out(&self) -> [usize; 3] {
        self.stages[self.stages.len() - 1].step.after_pool()
    }

    /// Pictures [n, c, h, w], channels *first*, through the chain; what comes out has channels first, too.
    ///
    /// # Panics
    /// When `x` is not whole pictures.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        self.run(x, false).0
    }

    /// [`Network::forward`], and what [`Network::gradient`] needs of it.
    ///
    /// # Panics
    /// When `x` is not whole pictures.
    pub fn forward_traced(&self, x: &[f32]) -> (Vec<f32>, Trace) {
        self.run(x, true)
    }

    fn run(&self, x: &[f32], traced: bool) -> (Vec<f32>, Trace) {
        let (from, to) = (self.goes_in(), self.comes_out());
        let n = pictures(x, len(from));
        let group = group(n);
        let mut y = vec![0.0; n * len(to)];
        let jobs = x.chunks(group * len(from)).zip(y.chunks_mut(group * len(to))).collect();
        let codes = map(jobs, |(x, y)| self.forward_group(x, y, traced));
        (y, Trace { pictures: n, group, codes })
    }

    fn forward_group(&self, x: &[f32], y: &mut [f32], traced: bool) -> Vec<Vec<u8>> {
        let (from, to) = (self.goes_in(), self.comes_out());
        let n = x.len() / len(from);
        let sizes = self.stages.iter().map(|stage| len(stage.step.after_pool()));
        let most = n * sizes.chain([len(from)]).max().expect("a step");
        let mut all_codes = Vec::new();
        scratch(2 * most, |memory| {
            let (mut current, mut next) = memory.split_at_mut(most);
            turn(x, from, &mut current[..x.len()], true);
            for stage in &self.stages {
                let size = n * len(stage.step.goes_in());
                let out = n * len(stage.step.after_pool());
                let mut codes = vec![0; if traced && stage.keeps_codes() { out } else { 0 }];
                stage.forward(&current[..size], &mut next[..out], &mut codes);
                if traced {
                    all_codes.push(codes);
                }
                (current, next) = (next, current);
            }
            turn(&current[..y.len()], to, y, false);
        });
        all_codes
    }

    /// The gradient of the pictures, [n, c, h, w], from that of what came out.
    ///
    /// # Panics
    /// When `dy` does not belong to the pictures of the trace.
    pub fn gradient(&self, dy: &[f32], trace: &Trace) -> Vec<f32> {
        let (from, to) = (self.goes_in(), self.comes_out());
        let n = pictures(dy, len(to));
        assert_eq!(n, trace.pictures, "the same pictures");
        let mut dx = vec![0.0; n * len(from)];
        let parts = dy.chunks(trace.group * len(to)).zip(dx.chunks_mut(trace.group * len(from)));
        map(parts.zip(&trace.codes).collect(), |((dy, dx), codes)| {
            self.gradient_group(dy, dx, codes);
        });
        dx
    }

    fn gradient_group(&self, dy: &[f32], dx: &mut [f32], codes: &[Vec<u8>]) {
        let (from, to) = (self.goes_in(), self.comes_out());
        let n = dy.len() / len(to);
        let sizes = self.stages.iter().map(|stage| len(stage.step.goes_in()));
        let most = n * sizes.chain([len(to)]).max().expect("a step");
        scratch(2 * most, |memory| {
            let (mut current, mut next) = memory.split_at_mut(most);
            turn(dy, to, &mut current[..dy.len()], true);
            for (stage, codes) in self.stages.iter().zip(codes).rev() {
                let size = n * len(stage.step.after_pool());
                let out = n * len(stage.step.goes_in());
                stage.gradient(&mut current[..size], &mut next[..out], codes);
                (current, next) = (next, current);
            }
            turn(&current[..dx.len()], from, dx, false);
        });
    }
}

impl Stage {
    fn keeps_codes(&self) -> bool {
        self.step.relu || self.step.pool
    }

    /// Some pictures, channels last. `codes` may be empty.
    fn forward(&self, x: &[f32], y: &mut [f32], codes: &mut [u8]) {
        let (from, whole, to) =
            (len(self.step.goes_in()), len(self.step.comes_out()), len(self.step.after_pool()));
        if !self.step.pool {
            self.forward.run_group(x, y, &self.epilogue);
            codes.iter_mut().zip(y).for_each(|(code, y)| *code = if *y > 0.0 { 0 } else { CLOSED });
            return;
        }
        // Pooled at once, while what was computed is in the cache.
        let together = self.forward.pictures_together();
        scratch(together * whole, |memory| {
            for (i, (x, y)) in
                x.chunks(together * from).zip(y.chunks_mut(together * to)).enumerate()
            {
                let memory = &mut memory[..x.len() / from * whole];
                self.forward.run_group(x, memory, &self.epilogue);
                let codes = codes.get_mut(i * together * to..).unwrap_or_default();
                let mut codes = codes.chunks_mut(to);
                for (memory, y) in memory.chunks_exact(whole).zip(y.chunks_exact_mut(to)) {
                    let mut codes = codes.next();
                    pool::picture(memory, self.step.comes_out(), y, codes.as_deref_mut());
                    if let Some(codes) = codes
                        && self.step.relu
                    {
                        loops(
                            #[inline(always)]
                            || {
                                for (code, y) in codes.iter_mut().zip(y.iter()) {
                                    *code = if *y > 0.0 { *code } else { CLOSED };
                                }
                            },
                        );
                    }
                }
            }
        });
    }

    /// Some pictures' gradients, channels last; changes `dy`.
    fn gradient(&self, dy: &mut [f32], dx: &mut [f32], codes: &[u8]) {
        let (from, whole, to) =
            (len(self.step.goes_in()), len(self.step.comes_out()), len(self.step.after_pool()));
        let back = self.back.get_or_init(|| {
            let filter =
                if self.step.transposed { Filter::convolution } else { Filter::transposed };
            filter(&self.step.weight, self.step.geometry)
        });
        let plain = back.epilogue(&[], false);
        if !self.step.pool {
            for (dy, code) in dy.iter_mut().zip(codes) {
                *dy = if *code == CLOSED { 0.0 } else { *dy };
            }
            back.run_group(dy, dx, &plain);
            return;
        }
        let together = back.pictures_together();
        scratch(together * whole, |memory| {
            let parts = dy.chunks(together * to).zip(codes.chunks(together * to));
            for ((dy, codes), dx) in parts.zip(dx.chunks_mut(together * from)) {
                let memory = &mut memory[..dy.len() / to * whole];
                let pictures = dy.chunks_exact(to).zip(codes.chunks_exact(to));
                for ((dy, codes), memory) in pictures.zip(memory.chunks_exact_mut(whole)) {
                    pool::spread(dy, codes, self.step.comes_out(), memory);
                }
                back.run_group(memory, dx, &plain);
            }
        });
    }
}

/// Between channels first and channels last, picture by picture: `to_last`, or back.
fn turn(x: &[f32], [h, w, c]: [usize; 3], y: &mut [f32], to_last: bool) {
    for (x, y) in x.chunks_exact(h * w * c).zip(y.chunks_exact_mut(h * w * c)) {
        if to_last {
            transpose(x, c, h * w, y);
        } else {
            transpose(x, h * w, c, y);
        }
    }
}
