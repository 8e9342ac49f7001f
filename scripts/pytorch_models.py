#!/usr/bin/env python3
"""Our networks in PyTorch, so that anyone can attack them with their own tools.

    from pytorch_models import load
    classifier = load("www/models/classifier.safetensors")      # [n, 3, 96, 96] in [0, 1] -> logits [n, 10]
    autoencoder = load("www/models/autoencoder.safetensors")    # [n, 3, 96, 96] -> [n, 3, 96, 96]

    python3 scripts/pytorch_models.py PICTURE [CLASSIFIER AUTOENCODER]      # prints both predictions

Needs: pip install torch numpy safetensors pillow. Files in 32, 16 and 8 bits are read.
"""
import json
import sys

import numpy
import torch
from safetensors import safe_open
from torch import nn

CLASSES = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]


class Vgg(nn.Module):
    def __init__(self, features, classifier):
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Sequential(*classifier)

    def forward(self, x):
        mean = torch.tensor([0.485, 0.456, 0.406], device=x.device).reshape(1, 3, 1, 1)
        std = torch.tensor([0.229, 0.224, 0.225], device=x.device).reshape(1, 3, 1, 1)
        return self.classifier(self.features((x - mean) / std).flatten(1))


def compact_classifier():
    layers, channels = [], 3
    for width, pooled in ((32, 1), (64, 1), (96, 1), (160, 0), (160, 1), (256, 0)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] * pooled
        channels = width
    return Vgg(layers + [nn.AdaptiveAvgPool2d(1)], [nn.Linear(256, len(CLASSES))])


def vgg16_convolutions():
    layers, channels = [], 3
    for width, repeat in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeat):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return layers


def vgg16():
    head = [nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Dropout(), nn.Linear(4096, len(CLASSES))]
    return Vgg(vgg16_convolutions() + [nn.AdaptiveAvgPool2d(7)], head)


def vgg16_small():
    head = [nn.Linear(512 * 9, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, len(CLASSES))]
    return Vgg(vgg16_convolutions(), head)


class Autoencoder(nn.Module):
    """`analysis` and `synthesis`, if any, are a linear coding of patches and its decoding, added to the encoder's and
    the decoder's outputs."""

    def __init__(self, encoder, decoder, analysis=(), synthesis=()):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)
        self.analysis, self.synthesis = nn.Sequential(*analysis), nn.Sequential(*synthesis)

    def forward(self, x):
        latent = self.encoder(x) + (self.analysis(x) if len(self.analysis) else 0)
        return self.decoder(latent) + (self.synthesis(latent) if len(self.synthesis) else 0)


def down(i, o):
    return nn.Conv2d(i, o, 4, stride=2, padding=1)


def up(i, o):
    return nn.ConvTranspose2d(i, o, 4, stride=2, padding=1)


def same(i, o):
    return nn.Conv2d(i, o, 3, padding=1)


def normal(width):
    return [nn.BatchNorm2d(width), nn.ReLU()]


def tutorial_autoencoder(latent=100):
    return Autoencoder(
        [down(3, 32), nn.ReLU(), down(32, 64), nn.ReLU(), down(64, 256), nn.ReLU(), nn.Flatten(),
         nn.Linear(256 * 144, latent)],
        [nn.Linear(latent, 128 * 144), nn.ReLU(), nn.Unflatten(1, (128, 12, 12)), up(128, 256), nn.ReLU(),
         up(256, 64), nn.ReLU(), up(64, 3)])


def compact_autoencoder(channels=8):
    return Autoencoder(
        [down(3, 32), *normal(32), down(32, 64), *normal(64), same(64, channels)],
        [same(channels, 64), *normal(64), up(64, 32), *normal(32), up(32, 3)])


def residual_autoencoder(side=24, channels=8, width=64):
    half, patch = max(width // 2, 1), 96 // side
    inwards, outwards = (down, up) if side == 12 else (same, same)
    return Autoencoder(
        [down(3, half), *normal(half), down(half, width), *normal(width), inwards(width, width), *normal(width),
         same(width, channels)],
        [same(channels, width), *normal(width), outwards(width, width), *normal(width), up(width, half),
         *normal(half), up(half, 3)],
        [nn.Conv2d(3, channels, patch, stride=patch, bias=False)],
        [nn.ConvTranspose2d(channels, 3, patch, stride=patch, bias=False)])


NETWORKS = {("classifier", "compact"): compact_classifier, ("classifier", "vgg16"): vgg16,
            ("classifier", "vgg16-small"): vgg16_small,
            ("autoencoder", "tutorial"): tutorial_autoencoder, ("autoencoder", "compact"): compact_autoencoder,
            ("autoencoder", "residual"): residual_autoencoder}


def load(path):
    """The network in a file of weights, for evaluation; `network.card` is what the file says of itself."""
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["second-look"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    weights = {}
    for name, tensor in tensors.items():
        if tensor.dtype == torch.int8:  # -127..=127, times the scale of its slice
            scale = tensors[f"{name}.scale"]
            tensor = tensor.float() * scale.reshape(-1, *[1] * (tensor.dim() - 1))
        elif tensors.get(name.removesuffix(".scale"), tensor).dtype == torch.int8:
            continue
        weights[name] = tensor.float()
    shape = dict(card["architecture"])
    network = NETWORKS[shape.pop("model"), shape.pop("name")](**shape)
    if hidden := card.get("hidden_layers"):  # projections of the classifier's hidden layers, for the score
        network.hidden = nn.Sequential(*[nn.Linear(layer["inputs"], layer["outputs"]) for layer in hidden])
    if familiarity := card.get("familiarity"):
        network.familiarity = nn.Sequential(nn.Linear(familiarity["inputs"], familiarity["outputs"]))
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if unexpected or not all(name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"{path} does not fit its network: {missing} {unexpected}")
    network.card = card
    return network.eval()


def familiarity(classifier, x):
    """[n]: the share of the pictures held out that are no more familiar to a classifier (src/model/familiarity.rs)."""
    card, averages = classifier.card["familiarity"], []
    hooks = [classifier.get_submodule(name).register_forward_hook(lambda *layer: averages.append(layer[2].mean((2, 3))))
             for name in card["layers"]]
    energy = -classifier(x).logsumexp(1)
    for hook in hooks:
        hook.remove()
    distance = classifier.familiarity(torch.cat(averages, 1)).norm(dim=1)
    unfamiliar = sum((value - card[name]["mean"]) / card[name]["std"]
                     for name, value in (("distance", distance), ("energy", energy)))
    quantiles = card["quantiles"]
    return 1 - numpy.interp(unfamiliar.detach(), quantiles, numpy.linspace(0, 1, len(quantiles)))


@torch.no_grad()
def main(picture, classifier="www/models/classifier.safetensors", autoencoder="www/models/autoencoder.safetensors"):
    from PIL import Image

    classifier, autoencoder = load(classifier), load(autoencoder)
    pixels = numpy.asarray(Image.open(picture).convert("RGB"))
    if pixels.shape != (96, 96, 3):
        sys.exit(f"{picture} has not 96x96 pixels")
    x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    first, second = classifier(x)[0], classifier(autoencoder(x))[0]
    print(json.dumps({"logits": first.tolist(), "logits_of_reconstruction": second.tolist()}))
    for name, logits in (("picture", first), ("reconstruction", second)):
        print(f"prediction on the {name}: {CLASSES[logits.argmax()]}, {logits.softmax(0).max():.3f}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
