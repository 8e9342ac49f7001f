//! Gradients against differences of the loss itself.
//!
//! In f32 a single value's difference drowns in rounding, so the loss is followed along whole directions:
//! along the gradient (which catches a wrong length or place of any large part) and along random ones
//! (which catch what the first misses). Neither can see an error in parts that move the loss by less than the
//! tolerance; the comparison with PyTorch, value by value, is for those.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use second_look::class::Class;
use second_look::model::loss::{Direction, Divergence};
use second_look::model::{Autoencoder, Classifier, ClassifierConfig};

use super::*;

fn cross_entropy(classifier: &Classifier, x: Tensor<4>, classes: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(classifier.forward(x), 1) * classes).sum().neg()
}

#[test]
fn the_picture_s_gradient_is_the_slope_of_the_loss() {
    let classifier = classifier(ClassifierConfig::Compact);
    let (x, classes) = (pictures(2), one_hot(&[Class::Cat, Class::Monkey]));
    let xg = x.clone().autodiff().require_grad();
    let mut gradients =
        cross_entropy(&classifier, xg.clone(), classes.clone().autodiff()).backward();
    let gradient = xg.grad_remove(&mut gradients).unwrap();
    let length = norm(&values(gradient.clone()));

    let loss = |x| f64::from(cross_entropy(&classifier, x, classes.clone()).into_scalar::<f32>());
    let slope = |direction: &Tensor<4>, h: f64| {
        let step = direction.clone() * h;
        (loss(x.clone() + step.clone()) - loss(x.clone() - step)) / (2.0 * h)
    };
    let along = gradient.clone() / length;
    let measured = slope(&along, 0.02);
    assert!((measured / length - 1.0).abs() < 0.02, "slope {measured}, gradient {length}");

    for name in ["first", "second", "third"] {
        // Half gradient, half noise: a direction with a slope that stands out of the rounding.
        let random = Tensor::from_data(
            TensorData::new(noise(name, 2 * VALUES), [2, 3, 96, 96]),
            &x.device(),
        );
        let random = random.clone() / norm(&values(random)) + along.clone() * 0.5;
        let expected = f64::from((gradient.clone() * random.clone()).sum().into_scalar::<f32>());
        let measured = slope(&random, 0.02);
        assert!(
            (measured / expected - 1.0).abs() < 0.03,
            "{name}: slope {measured}, gradient {expected}"
        );
    }
}

/// Adds to the weights of one tensor, the `place`-th, its own gradient times a factor.
struct Nudge<'a> {
    gradients: &'a [Vec<f32>],
    place: usize,
    factor: f64,
    at: usize,
}

impl ModuleMapper for Nudge<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (at, gradients) = (self.at, self.gradients);
        self.at += 1;
        if at != self.place {
            return param;
        }
        let factor = self.factor;
        param.map(|tensor| {
            let data = TensorData::new(gradients[at].clone(), tensor.dims());
            let gradient = Tensor::<D>::from_data(data, &tensor.device());
            tensor + gradient * factor
        })
    }
}

/// Collects the gradient of each tensor, in order.
struct Collect<'a> {
    gradients: &'a mut burn::tensor::Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param.val().grad_remove(self.gradients).expect("every weight counts");
        self.found.push(values(gradient));
    }
}

#[test]
fn the_gradient_of_each_of_the_autoencoder_s_weights_is_the_slope_of_the_divergence() {
    let device = Device::flex();
    let classifier = classifier(ClassifierConfig::Compact);
    let x = pictures(2);
    let first = classifier.forward(x.clone());
    let divergence = Divergence { direction: Direction::Reverse, temperature: 1.0 };
    let trained = autoencoder(TUTORIAL, &device.clone().autodiff());
    let second = classifier.forward(trained.forward(x.clone().autodiff()));
    let mut gradients = divergence.between(first.clone().autodiff(), second).mean().backward();
    let mut collect = Collect { gradients: &mut gradients, found: Vec::new() };
    trained.visit(&mut collect);
    let found = collect.found;
    assert_eq!(found.len(), 16, "a weight and a bias for each of eight layers");

    let plain = trained.valid();
    let loss = |ae: &Autoencoder| {
        let second = classifier.forward(ae.forward(x.clone()));
        f64::from(divergence.between(first.clone(), second).mean().into_scalar::<f32>())
    };
    for (place, gradient) in found.iter().enumerate() {
        let length = norm(gradient);
        // A step that changes the loss by about 0.002 wherever it is made: large against rounding (the loss
        // itself is about 1), small against the curvature.
        let factor = 0.002 / length.powi(2);
        let nudged = |factor| {
            let nudge = &mut Nudge { gradients: &found, place, factor, at: 0 };
            loss(&plain.clone().map(nudge))
        };
        let slope = (nudged(factor) - nudged(-factor)) / (2.0 * factor * length);
        assert!(
            (slope / length - 1.0).abs() < 0.05,
            "tensor {place}: slope {slope:.4e}, gradient {length:.4e}"
        );
    }
}
