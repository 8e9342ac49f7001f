#!/usr/bin/env python3
"""Attacks the bundled classifier with PyTorch instead of this crate: an independent check of `evaluate`'s
figures, and of whether the classifier hides its gradients (Athalye et al. 2018, arXiv 1802.00420).

    python3 scripts/pytorch_attack.py DIR [--pictures 500] [--preset strong] [--source OTHER.safetensors]

DIR holds STL-10's train_X.bin and train_y.bin. With --source, the attack is made on that other classifier and
tried on the bundled one: a classifier that hides nothing suffers less from it than from its own gradients.
Needs: pip install torch numpy safetensors
"""
import argparse
from pathlib import Path

import numpy
import torch

from pytorch_models import load
from pytorch_shared import pgd

#: eps, eps_step, max_iter
PRESETS = {"tutorial": (0.03, 0.001, 10), "strong": (0.03, 0.005, 20)}


def stl10(folder, count):
    """The first `count` pictures of the official training split, and their classes."""
    pixels = numpy.fromfile(folder / "train_X.bin", numpy.uint8, count * 3 * 96 * 96).reshape(-1, 3, 96, 96)
    labels = numpy.fromfile(folder / "train_y.bin", numpy.uint8, len(pixels))
    return torch.from_numpy(pixels.swapaxes(2, 3).copy()).float() / 255, torch.from_numpy(labels).long() - 1


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("--pictures", type=int, default=500)
    options.add_argument("--preset", choices=PRESETS, default="tutorial")
    options.add_argument("--classifier", default="www/models/classifier.safetensors")
    options.add_argument("--source")
    options = options.parse_args()

    classifier = load(options.classifier)
    source = load(options.source) if options.source else classifier
    x, y = stl10(options.data, options.pictures)
    right, right_attacked, losses = 0, 0, []
    for pictures, classes in zip(x.split(50), y.split(50)):
        loss, attacked = pgd(source, pictures, classes, "linf", *PRESETS[options.preset], targeted=False)
        losses.append(loss)
        with torch.no_grad():
            right += (classifier(pictures).argmax(1) == classes).sum().item()
            right_attacked += (classifier(attacked).argmax(1) == classes).sum().item()
    mean = torch.cat(losses, 1).mean(1)
    print(f"{len(x)} pictures, {options.preset}, attacked by way of {options.source or 'the classifier itself'}")
    print(f"right: clean {right / len(x):.4f}, attacked {right_attacked / len(x):.4f}")
    print("mean loss by step:", " ".join(f"{value:.3f}" for value in mean.tolist()))
    print("rises with every step:", bool((mean.diff() > 0).all()))


if __name__ == "__main__":
    main()
