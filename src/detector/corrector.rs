//! The corrector: a second autoencoder that gives the answer for adversarial pictures.

use burn::tensor::Tensor;

use crate::model::{Autoencoder, Classifier};

/// A second autoencoder whose reconstruction gives the corrected prediction.
///
/// It has a narrower bottleneck than AE and is applied to the horizontally flipped picture: a flip keeps
/// what the picture shows, but a perturbation that was computed for the picture as it stands loses force
/// under it. (An attacker who knows of the flip can attack through it.) The detector's score still comes
/// from AE.
#[derive(Clone)]
pub struct Corrector {
    autoencoder: Autoencoder,
}

impl Corrector {
    /// Uses this autoencoder, which must be in evaluation mode.
    pub fn new(autoencoder: Autoencoder) -> Self {
        Self { autoencoder: autoencoder.frozen() }
    }

    /// Logits [n, 10] of the corrected prediction for images [n, 3, 96, 96], and the reconstructions,
    /// flipped back, [n, 3, 96, 96]. Differentiable in the images.
    pub fn correct(&self, classifier: &Classifier, images: Tensor<4>) -> (Tensor<2>, Tensor<4>) {
        let reconstructions = self.autoencoder.forward(flip(images));
        let logits = classifier.forward(reconstructions.clone());
        (logits, flip(reconstructions))
    }
}

/// Flips images [n, 3, h, w] horizontally.
fn flip(images: Tensor<4>) -> Tensor<4> {
    images.flip([3])
}
