"""The works of benches/src/lib.rs in PyTorch; pytorch.py runs them, one in a process.

    pytorch_work.py WORK --data DIR --threads N [--channels-last] [--seconds S]     # times, as speed-work prints them
    pytorch_work.py WORK --data DIR --count                                         # floating-point operations of a run
"""
import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from pytorch_attack import PRESETS, stl10
from pytorch_models import load, vgg16
from pytorch_shared import kl

EPS, EPS_STEP, MAX_ITER = PRESETS["tutorial"]


class Works:
    def __init__(self, data, channels_last):
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.x, self.y = stl10(data, 64)
        self.x = self.x.contiguous(memory_format=self.format)
        self.classifier = self.bundled("classifier").requires_grad_(False)

    def bundled(self, name):
        return load(ROOT / "www" / "models" / f"{name}.safetensors").to(memory_format=self.format)

    def fwd(self):
        x, y = self.x[:32], self.y[:32]

        @torch.no_grad()
        def run():
            return self.classifier(x).softmax(1)[range(32), y].mean()

        return run

    def pgd(self, classifier=None, count=32):
        classifier, x, y = classifier or self.classifier, self.x[:count], self.y[:count]
        current = x

        def run():
            nonlocal current
            loss, current = step(classifier, current, x, y)
            return loss.mean()

        return run

    def eval(self):
        x, y = self.x[:32], self.y[:32]
        autoencoder, corrector = (self.bundled(name).requires_grad_(False) for name in ("autoencoder", "corrector"))
        divergence = autoencoder.card["detector"]["divergence"]

        @torch.no_grad()
        def detect(x, logits):
            again = self.classifier(autoencoder(x))
            corrected = self.classifier(corrector(x.flip(3)))
            return kl(logits, again, divergence["direction"], divergence["temperature"]), corrected.softmax(1)

        def run():
            attacked = x
            for _ in range(MAX_ITER):
                _, attacked = step(self.classifier, attacked, x, y)
            with torch.no_grad():
                logits = self.classifier(x), self.classifier(attacked)
            scores = [detect(images, z)[0] for images, z in zip((x, attacked), logits)]
            return sum(scores).mean()

        return run

    def cltrain(self):
        model = self.bundled("classifier").train()
        optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
        return training(optimizer, lambda: F.cross_entropy(model(self.x), self.y))

    def aeres(self, file="autoencoder"):
        x, model = self.x[:32], self.bundled(file).train()
        with torch.no_grad():
            wanted = self.classifier(x)
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        return training(optimizer, lambda: kl(wanted, self.classifier(model(x)), "forward", 1.0).mean())

    def aetut(self):
        return self.aeres("tutorial")

    def vgg(self):
        return self.pgd(vgg16().to(memory_format=self.format).requires_grad_(False).eval(), 8)


def step(classifier, current, x, y):
    """A PGD step: the loss before it, and the pictures after it."""
    current = current.detach().requires_grad_()
    loss = F.cross_entropy(classifier(current), y, reduction="none")
    loss.sum().backward()  # not autograd.grad, which the counting of operations does not allow
    change = (current.detach() + EPS_STEP * current.grad.sign() - x).clamp(-EPS, EPS)
    return loss.detach(), (x + change).clamp(0, 1)


def training(optimizer, loss_of):
    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def measure(run, seconds):
    """As in benches/src/main.rs: the first run is not counted, unless it takes all of the time."""
    cpu, wall = [], []

    def timed():
        cpu_start, start = time.process_time(), time.perf_counter()
        result = run().item()
        return result, time.process_time() - cpu_start, time.perf_counter() - start

    result, first_cpu, first_wall = timed()
    if first_wall >= seconds:
        cpu, wall = [first_cpu], [first_wall]
    while sum(wall) < seconds:
        _, cpu_seconds, wall_seconds = timed()
        cpu.append(cpu_seconds)
        wall.append(wall_seconds)
    return {"cpu": cpu, "wall": wall, "result": result}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work")
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--channels-last", action="store_true")
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--count", action="store_true")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    run = getattr(Works(options.data, options.channels_last), options.work)()
    if options.count:
        with FlopCounterMode(display=False) as counter:
            run()
        print(counter.get_total_flops())
    else:
        print(json.dumps(measure(run, options.seconds)))


if __name__ == "__main__":
    main()
