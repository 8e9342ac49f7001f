#!/usr/bin/env python3
"""Measures in PyTorch and Pillow what a classifier still recognises when pictures are blurred, small, or compressed: an
independent check of what `train classifier --augment camera` chooses weights by.

    python3 scripts/pytorch_corruptions.py DIR [--pictures 4000] [--classifier FILE]

DIR is a folder with STL-10's train_X.bin and train_y.bin (protocol tutorial measures on that split).
Needs: pip install torch numpy safetensors pillow
"""
import argparse
import io
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageFilter

from pytorch_attack import stl10
from pytorch_models import load


def jpeg(picture, quality):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


CHANGES = {
    "clean": lambda picture: picture,
    "blurred by 2 pixels": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "shrunk to 32x32 and back": lambda picture: picture.resize((32, 32), Image.BICUBIC).resize((96, 96), Image.BICUBIC),
    "JPEG, quality 30": lambda picture: jpeg(picture, 30),
}


@torch.no_grad()
def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path, help="folder with train_X.bin and train_y.bin")
    options.add_argument("--pictures", type=int, default=4000, help="number of pictures [default: %(default)s]")
    options.add_argument("--classifier", default="www/models/classifier.safetensors", help="classifier to evaluate")
    options = options.parse_args()

    classifier = load(options.classifier)
    x, y = stl10(options.data, options.pictures)
    pictures = [Image.fromarray(values) for values in (x * 255).round().byte().permute(0, 2, 3, 1).numpy()]
    for name, change in CHANGES.items():
        changed = numpy.stack([numpy.asarray(change(picture)) for picture in pictures])
        batches = torch.from_numpy(changed).permute(0, 3, 1, 2).split(100)
        correct = sum((classifier(part.float() / 255).argmax(1) == classes).sum().item()
                      for part, classes in zip(batches, y.split(100)))
        print(f"{name}: {correct / len(pictures):.4f} of {len(pictures)}")


if __name__ == "__main__":
    main()
