//! The processor's vectors: a few operations on some `f32` at a time, all safe.
//!
//! [`vectorized`] runs a piece of code compiled for the widest vectors there are:
//! AVX2 with fused multiply-add on x86 (found out at run time, by the crate `pulp`), simd128 in WebAssembly (decided when
//! the module is built), else whatever the compiler makes of arrays of eight.

/// Operations on vectors of [`LANES`] values.
pub(crate) trait Vectors: Copy {
    /// A vector.
    type V: Copy;
    /// The value in all lanes.
    fn splat(self, value: f32) -> Self::V;
    /// The first [`LANES`] values.
    fn load(self, values: &[f32; LANES]) -> Self::V;
    /// The vector's values.
    fn values(self, v: Self::V) -> [f32; LANES];
    /// a * b + c; rounded once or twice, as the processor has it.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// a + b
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a - b
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// The larger; NaN where `v` is NaN.
    fn at_least(self, low: Self::V, v: Self::V) -> Self::V;
}

/// A piece of code that is generic over the vectors it uses.
pub(crate) trait Work {
    /// What it computes.
    type Output;
    /// Computes. Implementations are `#[inline(always)]`, as is what they call: only so the compiler uses the
    /// vectors of the caller.
    fn run<S: Vectors>(self, vectors: S) -> Self::Output;
}

/// Values in one vector.
pub(crate) const LANES: usize = if cfg!(target_arch = "wasm32") { 4 } else { 8 };

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86 {
    use super::{LANES, Vectors, Work};
    use pulp::{NullaryFnOnce, cast, f32x8, x86::V3};

    impl Vectors for V3 {
        type V = f32x8;
        #[inline(always)]
        fn splat(self, value: f32) -> f32x8 {
            self.splat_f32x8(value)
        }
        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> f32x8 {
            cast(*values)
        }
        #[inline(always)]
        fn values(self, v: f32x8) -> [f32; LANES] {
            cast(v)
        }
        #[inline(always)]
        fn mul_add(self, a: f32x8, b: f32x8, c: f32x8) -> f32x8 {
            self.mul_add_f32x8(a, b, c)
        }
        #[inline(always)]
        fn add(self, a: f32x8, b: f32x8) -> f32x8 {
            self.add_f32x8(a, b)
        }
        #[inline(always)]
        fn sub(self, a: f32x8, b: f32x8) -> f32x8 {
            self.sub_f32x8(a, b)
        }
        #[inline(always)]
        fn at_least(self, low: f32x8, v: f32x8) -> f32x8 {
            self.max_f32x8(low, v)
        }
    }

    struct Run<W>(V3, W);

    impl<W: Work> NullaryFnOnce for Run<W> {
        type Output = W::Output;
        #[inline(always)]
        fn call(self) -> W::Output {
            self.1.run(self.0)
        }
    }

    pub(super) fn run<W: Work>(work: W) -> W::Output {
        match V3::try_new() {
            Some(v3) => v3.vectorize(Run(v3, work)),
            None => work.run(super::Arrays),
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::{LANES, Vectors};
    use bytemuck::cast;
    use core::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_pmax, f32x4_splat, f32x4_sub, v128};

    /// WebAssembly's simd128.
    #[derive(Clone, Copy)]
    pub(super) struct Simd128;

    impl Vectors for Simd128 {
        type V = v128;
        #[inline(always)]
        fn splat(self, value: f32) -> v128 {
            f32x4_splat(value)
        }
        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> v128 {
            cast(*values)
        }
        #[inline(always)]
        fn values(self, v: v128) -> [f32; LANES] {
            cast(v)
        }
        #[inline(always)]
        fn mul_add(self, a: v128, b: v128, c: v128) -> v128 {
            f32x4_add(f32x4_mul(a, b), c)
        }
        #[inline(always)]
        fn add(self, a: v128, b: v128) -> v128 {
            f32x4_add(a, b)
        }
        #[inline(always)]
        fn sub(self, a: v128, b: v128) -> v128 {
            f32x4_sub(a, b)
        }
        #[inline(always)]
        fn at_least(self, low: v128, v: v128) -> v128 {
            f32x4_pmax(v, low)
        }
    }
}

/// Any other processor.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
struct Arrays;

#[cfg(not(target_arch = "wasm32"))]
impl Vectors for Arrays {
    type V = [f32; LANES];
    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> [f32; LANES] {
        *values
    }
    #[inline(always)]
    fn values(self, v: [f32; LANES]) -> [f32; LANES] {
        v
    }
    #[inline(always)]
    fn mul_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn add(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn at_least(self, low: [f32; LANES], v: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| if v[i] < low[i] { low[i] } else { v[i] })
    }
}

/// Runs `work` with the widest vectors that there are.
pub(crate) fn vectorized<W: Work>(work: W) -> W::Output {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return x86::run(work);
    #[cfg(target_arch = "wasm32")]
    return work.run(wasm::Simd128);
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "wasm32")))]
    return work.run(Arrays);
}

/// Runs a loop over slices, which the compiler turns into vectors by itself, compiled for the widest ones.
pub(crate) fn loops<R>(f: impl FnOnce() -> R) -> R {
    struct Loops<F>(F);
    impl<R, F: FnOnce() -> R> Work for Loops<F> {
        type Output = R;
        #[inline(always)]
        fn run<S: Vectors>(self, _: S) -> R {
            (self.0)()
        }
    }
    vectorized(Loops(f))
}
