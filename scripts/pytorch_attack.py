#!/usr/bin/env python3
"""Attacks the bundled classifier with PGD in PyTorch, without this crate. This is an independent check of the
accuracies that `evaluate` prints, and a test for gradient masking (Athalye et al. 2018, arXiv 1802.00420).

    python3 scripts/pytorch_attack.py DIR [--pictures 500] [--preset strong] [--source OTHER.safetensors]

DIR is a folder with STL-10's train_X.bin and train_y.bin. With --source, the attack is computed on that other
classifier and transferred to the bundled one. Without gradient masking, the transferred attack is weaker than the
direct one, and the mean loss rises with every step.
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
    """The first `count` pictures of the official training split, [n, 3, 96, 96] in [0, 1], and their classes [n]."""
    pixels = numpy.fromfile(folder / "train_X.bin", numpy.uint8, count * 3 * 96 * 96).reshape(-1, 3, 96, 96)
    labels = numpy.fromfile(folder / "train_y.bin", numpy.uint8, len(pixels))
    return torch.from_numpy(pixels.swapaxes(2, 3).copy()).float() / 255, torch.from_numpy(labels).long() - 1


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path, help="folder with train_X.bin and train_y.bin")
    options.add_argument("--pictures", type=int, default=500, help="number of pictures [default: %(default)s]")
    options.add_argument("--preset", choices=PRESETS, default="tutorial", help="eps, eps_step and max_iter of PGD")
    options.add_argument("--classifier", default="www/models/classifier.safetensors", help="classifier to evaluate")
    options.add_argument("--source", help="compute the attack on this classifier instead")
    options = options.parse_args()

    classifier = load(options.classifier)
    source = load(options.source) if options.source else classifier
    x, y = stl10(options.data, options.pictures)
    correct, correct_attacked, losses = 0, 0, []
    for pictures, classes in zip(x.split(50), y.split(50)):
        loss, attacked = pgd(source, pictures, classes, "linf", *PRESETS[options.preset], targeted=False)
        losses.append(loss)
        with torch.no_grad():
            correct += (classifier(pictures).argmax(1) == classes).sum().item()
            correct_attacked += (classifier(attacked).argmax(1) == classes).sum().item()
    mean = torch.cat(losses, 1).mean(1)
    print(f"{len(x)} pictures, {options.preset}, attack computed on {options.source or 'the classifier itself'}")
    print(f"accuracy: clean {correct / len(x):.4f}, attacked {correct_attacked / len(x):.4f}")
    print("mean loss by step:", " ".join(f"{value:.3f}" for value in mean.tolist()))
    print("rises with every step:", bool((mean.diff() > 0).all()))


if __name__ == "__main__":
    main()
