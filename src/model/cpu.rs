//! The crate's own CPU kernels ([`kernels`]) as operations of burn, with their gradients.
//!
//! burn calls them through its backend extension: [`CpuKernels`] is implemented for flex, burn's CPU backend, and for flex
//! under autodiff. Any other device must take burn's own layers: see [`supports`]. While training, tensors between
//! these operations are channels last, [n, h, w, c], so that nothing is copied from one to the next.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Device, Tensor, TensorData};
use kernels::norm::Statistics;
use kernels::{Filter, Geometry, Network, Trace, norm, pool, weight_gradient};

/// Whether the kernels can compute with this tensor: 32-bit numbers on the CPU.
pub(super) fn supports<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device() == Device::flex()
}

/// A convolution from [n, h, w, cin] to [n, ho, wo, cout], or, `transposed`, from [n, ho, wo, cout] to
/// [n, h, w, cin]; weights are [cout, cin, k, k].
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    geometry: Geometry,
    transposed: bool,
    /// Whether ReLU follows.
    relu: bool,
}

/// What the kernels compute.
#[backend_extension(Flex, Autodiff)]
pub trait CpuKernels: Backend {
    /// A convolution, a bias and perhaps ReLU.
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self>;

    /// Batch normalisation by the batch's own statistics, and ReLU, of [n, h, w, c]. Also returns the means and
    /// the variances, [2, c].
    fn norm_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// 2x2 max pooling, [n, h/2, w/2, c] of [n, h, w, c].
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// A chain of convolutions with fixed weights, channels *first*: only the input has a gradient.
    fn network(x: FloatTensor<Self>, network: Arc<Network>) -> FloatTensor<Self>;
}

type Values = FloatTensor<Flex>;

/// A tensor of these values.
fn tensor(values: Vec<f32>, shape: &[usize]) -> Values {
    Values::from_data(TensorData::new(values, shape.to_vec()))
}

/// The tensor with its values in order, without gaps.
fn in_order(x: Values) -> Values {
    if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() }
}

/// The values of a tensor that is [`in_order`].
fn values(x: &Values) -> &[f32] {
    x.as_slice().expect("values in order, of 32 bits")
}

fn dims(x: &Values) -> [usize; 4] {
    x.layout().shape().dims()
}

impl Convolution {
    fn channels_taken(&self) -> usize {
        if self.transposed { self.geometry.cout } else { self.geometry.cin }
    }

    fn filter(&self, weight: &Values, back: bool) -> Filter {
        let pack = if self.transposed == back { Filter::convolution } else { Filter::transposed };
        pack(values(weight), self.geometry)
    }

    fn size_given(&self) -> [usize; 3] {
        let Geometry { cin, cout, h, w, ho, wo, .. } = self.geometry;
        if self.transposed { [h, w, cin] } else { [ho, wo, cout] }
    }

    fn size_taken(&self) -> [usize; 3] {
        Self { transposed: !self.transposed, ..*self }.size_given()
    }
}

impl CpuKernels for Flex {
    fn convolution(x: Values, weight: Values, bias: Values, convolution: Convolution) -> Values {
        let [x, weight, bias] = [x, weight, bias].map(in_order);
        let n = dims(&x)[0];
        let filter = convolution.filter(&weight, false);
        let [h, w, c] = convolution.size_given();
        tensor(filter.run(values(&x), values(&bias), convolution.relu), &[n, h, w, c])
    }

    fn norm_relu(x: Values, gamma: Values, beta: Values, epsilon: f32) -> (Values, Values) {
        let [x, gamma, beta] = [x, gamma, beta].map(in_order);
        let (y, statistics) = norm::forward(values(&x), values(&gamma), values(&beta), epsilon);
        let c = statistics.mean.len();
        let both = [statistics.mean, statistics.variance].concat();
        (tensor(y, &dims(&x)), tensor(both, &[2, c]))
    }

    fn max_pool(x: Values) -> Values {
        let x = in_order(x);
        let [n, h, w, c] = dims(&x);
        tensor(pool::max(values(&x), [h, w, c]), &[n, h / 2, w / 2, c])
    }

    fn network(x: Values, network: Arc<Network>) -> Values {
        let x = in_order(x);
        let [h, w, c] = network.comes_out();
        tensor(network.forward(values(&x)), &[dims(&x)[0], c, h, w])
    }
}

/// What a convolution's gradients are computed from.
#[derive(Clone, Debug)]
struct ConvolutionState {
    x: Values,
    weight: Values,
    /// What came out of ReLU, if there is one.
    y: Option<Values>,
    convolution: Convolution,
}

#[derive(Debug)]
struct ConvolutionGradient;

impl Backward<Flex, 3> for ConvolutionGradient {
    type State = ConvolutionState;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let ConvolutionState { x, weight, y, convolution } = ops.state;
        let mut dy = in_order(grads.consume::<Flex>(&ops.node));
        if let Some(y) = y {
            // ReLU lets through the gradients of what is above 0.
            let through = values(&dy).iter().zip(values(&y));
            let through = through.map(|(dy, y)| if *y > 0.0 { *dy } else { 0.0 }).collect();
            dy = tensor(through, &dims(&dy));
        }
        let g = convolution.geometry;
        let n = dims(&x)[0];
        if weight_node.is_some() || bias_node.is_some() {
            // A transposed convolution is the gradient of a convolution, so it has the two change places.
            let (dw, db) = if convolution.transposed {
                (weight_gradient(values(&dy), values(&x), &g).0, channel_sums(values(&dy), g.cin))
            } else {
                weight_gradient(values(&x), values(&dy), &g)
            };
            if let Some(node) = weight_node {
                let shape = [g.cout, g.cin, g.kernel, g.kernel];
                grads.register::<Flex>(node.id, tensor(dw, &shape));
            }
            if let Some(node) = bias_node {
                let c = db.len();
                grads.register::<Flex>(node.id, tensor(db, &[c]));
            }
        }
        if let Some(node) = x_node {
            let [h, w, c] = convolution.size_taken();
            let dx = convolution.filter(&weight, true).run(values(&dy), &[], false);
            grads.register::<Flex>(node.id, tensor(dx, &[n, h, w, c]));
        }
    }
}

/// Sums by channel of [n, h, w, c].
fn channel_sums(x: &[f32], c: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; c];
    for x in x.chunks_exact(c) {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

#[derive(Clone, Debug)]
struct NormState {
    x: Values,
    gamma: Values,
    beta: Values,
    statistics: Values,
    epsilon: f32,
}

#[derive(Debug)]
struct NormGradient;

impl Backward<Flex, 3> for NormGradient {
    type State = NormState;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let NormState { x, gamma, beta, statistics, epsilon } = ops.state;
        let dy = in_order(grads.consume::<Flex>(&ops.node));
        let [gamma, beta] = [gamma, beta].map(in_order);
        let (mean, variance) = values(&statistics).split_at(values(&gamma).len());
        let statistics = Statistics { mean: mean.to_vec(), variance: variance.to_vec() };
        let (dx, dgamma, dbeta) = norm::gradient(
            values(&x),
            values(&dy),
            values(&gamma),
            values(&beta),
            &statistics,
            epsilon,
        );
        let c = [dgamma.len()];
        let all = [tensor(dx, &dims(&x)), tensor(dgamma, &c), tensor(dbeta, &c)];
        for (node, gradient) in ops.parents.into_iter().zip(all) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct PoolGradient;

impl Backward<Flex, 1> for PoolGradient {
    type State = Values;

    fn backward(self, ops: Ops<Values, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = in_order(grads.consume::<Flex>(&ops.node));
        if let Some(node) = node {
            let [_, h, w, c] = dims(&ops.state);
            let dx = pool::gradient(values(&ops.state), values(&dy), [h, w, c]);
            grads.register::<Flex>(node.id, tensor(dx, &dims(&ops.state)));
        }
    }
}

#[derive(Debug)]
struct NetworkGradient;

impl Backward<Flex, 1> for NetworkGradient {
    type State = (Arc<Network>, Arc<Trace>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let (network, trace) = ops.state;
        let dy = in_order(grads.consume::<Flex>(&ops.node));
        if let Some(node) = node {
            let [h, w, c] = network.goes_in();
            let dx = network.gradient(values(&dy), &trace);
            grads.register::<Flex>(node.id, tensor(dx, &[dims(&dy)[0], c, h, w]));
        }
    }
}

type Tracked<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> CpuKernels for Autodiff<Flex, C> {
    fn convolution(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        convolution: Convolution,
    ) -> Tracked<C> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let (x, weight) = (in_order(x.into_primitive()), in_order(weight.into_primitive()));
        let y = Flex::convolution(x.clone(), weight.clone(), bias.into_primitive(), convolution);
        match ConvolutionGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let kept = convolution.relu.then(|| y.clone());
                prepared.finish(ConvolutionState { x, weight, y: kept, convolution }, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn norm_relu(
        x: Tracked<C>,
        gamma: Tracked<C>,
        beta: Tracked<C>,
        epsilon: f32,
    ) -> (Tracked<C>, Tracked<C>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let x = in_order(x.into_primitive());
        let (gamma, beta) = (gamma.into_primitive(), beta.into_primitive());
        let (y, statistics) = Flex::norm_relu(x.clone(), gamma.clone(), beta.clone(), epsilon);
        let constant = Self::from_inner(statistics.clone());
        let y = match NormGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish(NormState { x, gamma, beta, statistics, epsilon }, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        (y, constant)
    }

    fn max_pool(x: Tracked<C>) -> Tracked<C> {
        let nodes = [x.node()];
        let x = in_order(x.into_primitive());
        let y = Flex::max_pool(x.clone());
        match PoolGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(x, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn network(x: Tracked<C>, network: Arc<Network>) -> Tracked<C> {
        let nodes = [x.node()];
        let x = in_order(x.into_primitive());
        match NetworkGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (y, trace) = network.forward_traced(values(&x));
                let [h, w, c] = network.comes_out();
                let y = tensor(y, &[dims(&x)[0], c, h, w]);
                prepared.finish((network, Arc::new(trace)), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::network(x, network)),
        }
    }
}

/// A convolution of x [n, h, w, c] with weights [cout, cin, k, k]; `shape` is kernel, stride and padding.
pub(super) fn convolution(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    shape: [usize; 3],
    relu: bool,
) -> Tensor<4> {
    let ([_, h, w, _], [cout, cin, ..]) = (x.dims(), weight.dims());
    let geometry = Geometry::convolution([cin, cout], shape, [h, w]);
    run(x, weight, bias, Convolution { geometry, transposed: false, relu })
}

/// A transposed convolution of x [n, h, w, c] with weights [cin, cout, k, k].
pub(super) fn transposed(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    shape: [usize; 3],
    relu: bool,
) -> Tensor<4> {
    let ([_, h, w, _], [from, to, ..]) = (x.dims(), weight.dims());
    let geometry = Geometry::transposed([from, to], shape, [h, w]);
    run(x, weight, bias, Convolution { geometry, transposed: true, relu })
}

fn run(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, convolution: Convolution) -> Tensor<4> {
    assert_eq!(x.dims()[3], convolution.channels_taken(), "channels of the input");
    Tensor::from_dispatch(<Dispatch as CpuKernels>::convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        convolution,
    ))
}

/// Batch normalisation and ReLU of x [n, h, w, c]: the result, the means and the variances.
pub(super) fn norm_relu(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let (y, statistics) = <Dispatch as CpuKernels>::norm_relu(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon as f32,
    );
    let statistics = Tensor::<2>::from_dispatch(statistics);
    let row = |i: i32| statistics.clone().slice_dim(0, i).squeeze_dim::<1>(0);
    (Tensor::from_dispatch(y), row(0), row(1))
}

/// 2x2 max pooling, [n, h/2, w/2, c] of [n, h, w, c].
pub(super) fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CpuKernels>::max_pool(x.into_dispatch()))
}

/// A chain of convolutions with fixed weights, [n, c, h, w] to [n, c, h, w].
pub(super) fn network(x: Tensor<4>, network: &Arc<Network>) -> Tensor<4> {
    let network = Arc::clone(network);
    Tensor::from_dispatch(<Dispatch as CpuKernels>::network(x.into_dispatch(), network))
}
