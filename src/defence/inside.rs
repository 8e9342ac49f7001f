//! What goes on inside the defence for one picture: the bottleneck, and where attacks would go.

use burn::tensor::Tensor;
use serde::Serialize;

use super::Defence;
use crate::attack::objective::{CrossEntropy, Objective, gradient_of};
use crate::class::Class;
use crate::error::Result;
use crate::picture::{Picture, VALUES};
use crate::tensor::read;

/// The bottleneck of a picture, and two gradients in its values.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Inside {
    /// Channels, height and width of the bottleneck; [n, 1, 1] for a list of n numbers.
    pub shape: [usize; 3],
    /// The bottleneck's values, channel by channel, each row by row.
    #[serde(skip)]
    pub latent: Vec<f32>,
    /// Gradient of the classifier's loss, in nats per unit of a pixel's value: an attack's next step follows its signs.
    #[serde(skip)]
    pub loss_gradient: Vec<f32>,
    /// Gradient of the detector's score, likewise: which pixels the detector's decision hangs on.
    #[serde(skip)]
    pub score_gradient: Vec<f32>,
}

impl Defence {
    /// Looks inside, at one picture. `class` is the one that an attack would lead away from.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn inside(&self, picture: &Picture, class: Class) -> Result<Inside> {
        let image = picture.to_tensor(&self.device);
        let latent = self.autoencoder.encode(self.seen(image.clone(), self.draw(&[0], 0)));
        let [_, channels, height, width] = latent.dims();
        let mut loss = CrossEntropy::new(self.target(), &image, &[class], false);
        let (_, loss_gradient) = loss.gradient(image.clone());
        let (score_gradient, ()) =
            gradient_of(image, |x| (self.score_of(x, None, self.draw(&[0], 0)), ()));
        let all = [latent, loss_gradient, score_gradient].map(|x: Tensor<4>| x.flatten::<1>(0, 3));
        let values = read(Tensor::cat(all.to_vec(), 0)).await?;
        let (latent, gradients) = values.split_at(channels * height * width);
        let (loss_gradient, score_gradient) = gradients.split_at(VALUES);
        Ok(Inside {
            shape: [channels, height, width],
            latent: latent.to_vec(),
            loss_gradient: loss_gradient.to_vec(),
            score_gradient: score_gradient.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use pollster::block_on;

    /// Against finite differences in the pixels where the gradients are largest, and the bottleneck against the encoder.
    #[test]
    fn gradients_are_slopes_and_the_bottleneck_is_the_encoder_s() {
        let device = Device::flex();
        let www = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
        let file = |name: &str| std::fs::read(www.join(name)).unwrap();
        let weights = |name: &str| file(&format!("models/{name}.safetensors"));
        let [classifier, autoencoder] = ["classifier", "autoencoder"].map(weights);
        let (defence, _) = Defence::load(&classifier, &autoencoder, None, &device).unwrap();
        let picture = Picture::decode(&file("samples/horse-18.png")).unwrap();
        let class = Class::Horse;
        let inside = block_on(defence.inside(&picture, class)).unwrap();

        assert_eq!(inside.shape, [8, 24, 24]);
        let (autoencoder, _) =
            crate::model::weights::load_autoencoder(&autoencoder, &device).unwrap();
        let latent = autoencoder.encode(picture.to_tensor(&device));
        let latent: Vec<f32> = latent.into_data().try_to_vec().unwrap();
        assert_eq!(inside.latent.len(), latent.len());
        for (a, b) in inside.latent.iter().zip(&latent) {
            assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()));
        }
        let at = |place: usize, change: f32| {
            let mut values = picture.values().to_vec();
            values[place] += change;
            let image = Picture::new(values).unwrap().to_tensor(&device);
            let prediction = block_on(defence.predict(image.clone())).unwrap()[0];
            let score = block_on(defence.score(image, &[0])).unwrap()[0];
            [-prediction[class.index()].ln(), score]
        };
        for (which, gradient) in [&inside.loss_gradient, &inside.score_gradient].iter().enumerate()
        {
            let mut places: Vec<usize> = (0..VALUES).collect();
            places.sort_by(|a, b| gradient[*b].abs().total_cmp(&gradient[*a].abs()));
            for place in &places[..4] {
                let step = 0.01;
                let slope = (at(*place, step)[which] - at(*place, -step)[which]) / (2.0 * step);
                let found = gradient[*place];
                assert!(
                    (slope - found).abs() < 0.2 * found.abs(),
                    "{which} {place}: {found} {slope}"
                );
            }
        }
    }
}
