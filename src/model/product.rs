//! A convolution as one matrix product, out of burn's own operations: for GPUs, where burn 0.22 computes convolutions
//! one output at a time in WebGPU and has good matrix products.
//!
//! Off unless the crate is built with the feature `gpu-products`: it was tried for correctness on CPUs only, and whether a
//! GPU gains from it was not measured.

use burn::tensor::ops::PadMode;
use burn::tensor::{Tensor, s};

/// A convolution of x [n, c, h, w] with weights [cout, c, k, k]; `shape` is kernel, stride and padding. Differentiable.
pub(super) fn convolution(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    [kernel, stride, padding]: [usize; 3],
) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let cout = weight.dims()[0];
    let [ho, wo] = [h, w].map(|size| (size + 2 * padding - kernel) / stride + 1);
    let x = match padding {
        0 => x,
        p => x.pad((p, p, p, p), PadMode::Constant(0.0)),
    };
    // What each tap of the kernel sees of the picture, one after the other as channels: im2col.
    let last = |first: usize, count: usize| first + (count - 1) * stride + 1;
    let step = stride as isize;
    let taps = (0..kernel * kernel).map(|tap| (tap / kernel, tap % kernel));
    let seen = taps.map(|(ky, kx)| {
        x.clone().slice(s![.., .., ky..last(ky, ho); step, kx..last(kx, wo); step])
    });
    let columns = Tensor::cat(seen.collect(), 1).reshape([n, kernel * kernel * c, ho * wo]);
    let rows = weight.permute([0, 2, 3, 1]).reshape([1, cout, kernel * kernel * c]);
    let y = rows.matmul(columns).reshape([n, cout, ho, wo]);
    y + bias.reshape([1, cout, 1, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::module::conv2d;
    use burn::tensor::ops::ConvOptions;
    use burn::tensor::{Device, Distribution, TensorData};
    use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

    #[test]
    fn it_is_burn_s_convolution_with_its_gradients() {
        let device = Device::flex();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut random = |shape: [usize; 4]| {
            let values =
                TensorData::random::<f32, _, _>(shape, Distribution::Normal(0.0, 1.0), &mut rng);
            Tensor::<4>::from_data(values, &device)
        };
        for ([n, c, h, w], cout, [kernel, stride, padding]) in [
            ([1, 3, 9, 7], 5, [3, 1, 1]),
            ([2, 4, 12, 12], 6, [4, 2, 1]),
            ([3, 3, 8, 16], 2, [4, 4, 0]),
            ([2, 2, 7, 7], 3, [2, 3, 0]),
        ] {
            let (x, weight) = (random([n, c, h, w]), random([cout, c, kernel, kernel]));
            let bias = random([cout, 1, 1, 1]).reshape([cout]);
            let both = |ours: bool| {
                let [x, weight] = [&x, &weight].map(|t| t.clone().autodiff().require_grad());
                let bias = bias.clone().autodiff().require_grad();
                let y = if ours {
                    convolution(x.clone(), weight.clone(), bias.clone(), [kernel, stride, padding])
                } else {
                    let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
                    conv2d(x.clone(), weight.clone(), Some(bias.clone()), options)
                };
                let gradients = y.clone().powi_scalar(2).sum().backward();
                let numbers = |t: Tensor<4>| -> Vec<f32> { t.into_data().try_to_vec().unwrap() };
                let of_bias = bias.grad(&gradients).unwrap().reshape([cout, 1, 1, 1]);
                [
                    numbers(y.inner()),
                    numbers(x.grad(&gradients).unwrap()),
                    numbers(weight.grad(&gradients).unwrap()),
                    numbers(of_bias),
                ]
            };
            for (a, b) in both(true).iter().zip(&both(false)) {
                assert_eq!(a.len(), b.len());
                let largest = b.iter().fold(0.0f32, |largest, b| largest.max(b.abs()));
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * largest));
            }
        }
    }
}
