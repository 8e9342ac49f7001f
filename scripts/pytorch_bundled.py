#!/usr/bin/env python3
"""Writes tests/fixtures/bundled.json: what the bundled models say of the sample pictures, computed with PyTorch.

    python3 scripts/pytorch_bundled.py      # needs: pip install torch numpy safetensors pillow

Inputs are the files as they are shipped: www/models/*.safetensors and www/samples/*.png. tests/numerics/ holds the
crate's whole pipeline against the results. For each picture, and the wrong code that each would catch:
- classifier, reconstruction, correction: the logits of CL(x), CL(AE(x)) and CL(corrector(flip(x))): scales of 8-bit
  weights given to the wrong slices, channels or rows of a picture exchanged, the two autoencoders exchanged, a flip that
  is left out or up and down;
- score: the divergence at the temperature and in the direction of AE's card, against its threshold: another temperature,
  the directions exchanged, the corrector's prediction in the score;
- tutorial, tutorial_score: the same with the tutorial's autoencoder (www/models/tutorial.safetensors) and its card;
- familiarity, by the stages' averages and the energy: another layer, weights that are not its own, a scale left out;
- losses: those of the tutorial's attack, before each step and at the end;
- attacked: logits and score where the attack ends. They depend on signs of gradients near zero, so they are compared
  more loosely;
- others: logits and score of the other bundled networks, on every fourth picture.

When a bundled file is replaced, run this again; `crc32` tells the test which files the numbers belong to.
"""
import zlib
from pathlib import Path

import numpy
import torch
from PIL import Image

from pytorch_models import CLASSES, familiarity, load
from pytorch_shared import kl, number, numbers, pgd, write

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "tests" / "fixtures" / "bundled.json"
DIGITS = 8

#: Classifier, autoencoder and, if there is one, corrector, by their files' names.
OTHERS = [
    ("robust", "robust-autoencoder", "robust-corrector"),
    ("vgg16", "vgg16-autoencoder", "vgg16-corrector"),
    ("vgg16", "vgg16-tutorial", None),
    ("classifier", "mse", None),
]


def picture(path):
    """[1, 3, 96, 96] in [0, 1]"""
    pixels = numpy.asarray(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 255


def score_of(autoencoder, first, second):
    divergence = autoencoder.card["detector"]["divergence"]
    return kl(first, second, divergence["direction"], divergence["temperature"])


def detected(classifier, autoencoder, corrector, x):
    first, second = classifier(x), classifier(autoencoder(x))
    correction = {"correction": numbers(classifier(corrector(x.flip(3))), DIGITS)} if corrector else {}
    return {
        "classifier": numbers(first, DIGITS),
        "reconstruction": numbers(second, DIGITS),
        **correction,
        "score": number(score_of(autoencoder, first, second)),
    }


def main():
    main_four = ("classifier", "autoencoder", "corrector", "tutorial")
    others = sorted({name for names in OTHERS for name in names if name} - set(main_four))
    files = {name: ROOT / "www" / "models" / f"{name}.safetensors" for name in (*main_four, *others)}
    networks = {name: load(path).double().requires_grad_(False) for name, path in files.items()}
    classifier, autoencoder, corrector, tutorial = (networks[name] for name in main_four)
    result = {
        "torch": torch.__version__,
        "crc32": {name: zlib.crc32(path.read_bytes()) for name, path in files.items()},
        "detectors": {name: networks[name].card["detector"] for name in ("autoencoder", "tutorial")},
        "pictures": {},
        "others": [],
    }
    samples = sorted((ROOT / "www" / "samples").glob("*.png"))
    for path in samples:
        x = picture(path)
        y = torch.tensor([CLASSES.index(path.stem.split("-")[0])])
        first, of_tutorial = classifier(x), classifier(tutorial(x))
        losses, attacked = pgd(classifier, x, y, "linf", 0.03, 0.001, 10, targeted=False)
        of_attacked = classifier(attacked)
        result["pictures"][path.stem] = {
            **detected(classifier, autoencoder, corrector, x),
            "tutorial": numbers(of_tutorial, DIGITS),
            "tutorial_score": number(score_of(tutorial, first, of_tutorial)),
            "familiarity": float(familiarity(classifier, x)[0]),
            "losses": numbers(losses, DIGITS),
            "attacked": {
                "classifier": numbers(of_attacked, DIGITS),
                "correction": numbers(classifier(corrector(attacked.flip(3))), DIGITS),
                "score": number(score_of(autoencoder, of_attacked, classifier(autoencoder(attacked)))),
            },
        }
    for names in OTHERS:
        chosen = [networks.get(name) for name in names]
        result["others"].append({
            "classifier": names[0], "autoencoder": names[1], "corrector": names[2],
            "pictures": {path.stem: detected(*chosen, picture(path)) for path in samples[::4]},
        })
    write(FIXTURE, result)


if __name__ == "__main__":
    main()
