#!/usr/bin/env python3
"""Computes with PyTorch what tests/numerics.rs compares this crate with.

    python3 scripts/pytorch_reference.py > tests/fixtures/pytorch.json    # needs: pip install torch numpy safetensors

It also writes tests/fixtures/autoencoder*.pth, a small network as torch.save writes it now and as it did before 1.6.

Weights and pictures are no files: both sides compute them from names and places with the same integer
arithmetic (`noise` below), so this works for networks of any size. What is committed are PyTorch's results.
"""
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

from pytorch_models import (compact_autoencoder, compact_classifier, residual_autoencoder, tutorial_autoencoder,
                            vgg16)


def noise(name, count):
    """`count` numbers in [-0.5, 0.5) that depend on `name` and on nothing else."""
    salt = 2166136261
    for byte in name.encode():  # FNV-1a
        salt = ((salt ^ byte) * 16777619) % 2**32
    x = (torch.arange(count, dtype=torch.int64) + salt) % 2**32
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):  # a 32-bit mixing of bits
        x = ((x ^ (x >> shift)) * factor) % 2**32
    x = x ^ (x >> 16)
    return ((x >> 8).double() / 2**24 - 0.5).float()


@torch.no_grad()
def fill(module):
    """Gives every weight the value that its name and place say."""
    for name, tensor in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        u = noise(name, tensor.numel()).reshape(tensor.shape)
        if name.endswith("running_var"):
            u = 1 + u
        elif tensor.dim() == 1 and name.endswith("weight"):
            u = 1 + 0.2 * u
        elif tensor.dim() == 1:
            u = 0.2 * u
        else:
            fan_in = tensor[0].numel()
            u = u * (2 * (6 / fan_in) ** 0.5)
        tensor.copy_(u)
    return module


def pictures(count):
    return 0.5 + 0.8 * noise("picture", count * 3 * 96 * 96).reshape(count, 3, 96, 96)


def kl(first, second, direction, temperature):
    """[n]: the divergence of predictions given as logits."""
    p, q = (F.log_softmax(z / temperature, 1) for z in (first, second))
    if direction == "reverse":
        p, q = q, p
    return F.kl_div(q, p, log_target=True, reduction="none").sum(1)


def numbers(tensor):
    return [float(v) for v in tensor.detach().double().flatten()]


def sample(tensor):
    """64 values spread over the tensor, and its length: enough to tell any two apart."""
    flat = tensor.detach().double().flatten()
    return {"values": numbers(flat[:: max(1, flat.numel() // 64)][:64]), "norm": float(flat.norm())}


def pgd(classifier, x, y, norm, eps, eps_step, max_iter, targeted):
    """Written from the formulas in Madry et al.; returns the losses on the way and the distances."""
    losses, current = [], x
    for _ in range(max_iter):
        current = current.detach().requires_grad_()
        loss = F.cross_entropy(classifier(current), y, reduction="none")
        losses.append(numbers(loss))
        gradient, = torch.autograd.grad(loss.sum(), current)
        if norm == "linf":
            step = gradient.sign()
        else:
            step = gradient / gradient.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
        change = current.detach() + (-step if targeted else step) * eps_step - x
        if norm == "linf":
            change = change.clamp(-eps, eps)
        else:
            change = change * (eps / change.flatten(1).norm(dim=1)).clamp(max=1).reshape(-1, 1, 1, 1)
        current = (x + change).clamp(0, 1)
    losses.append(numbers(F.cross_entropy(classifier(current), y, reduction="none")))
    change = (current - x).flatten(1)
    return {"norm": norm, "eps": eps, "eps_step": eps_step, "max_iter": max_iter, "targeted": targeted,
            "losses": losses, "linf": numbers(change.abs().amax(1)), "l2": numbers(change.norm(dim=1))}


def training_step(model, loss_of, learning_rate):
    """One step of Adam from fresh state: the loss before and after, gradients, weights where they moved."""
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, eps=1e-8)
    loss = loss_of()
    loss.backward()
    result = {"loss": float(loss), "learning_rate": learning_rate, "gradients": {}, "moved": {}}
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer.step()
    for name, parameter in model.named_parameters():
        gradient = parameter.grad.flatten()
        result["gradients"][name] = float(gradient.norm())
        # Adam's first step is the gradient's sign: only large gradients have one that is not chance.
        places = gradient.abs().topk(min(4, gradient.numel())).indices
        moved = (parameter.detach() - before[name]).flatten()[places]
        result["moved"][name] = {"places": places.tolist(), "by": numbers(moved)}
    result["running"] = {name: sample(t) for name, t in model.state_dict().items() if "running" in name}
    return result


def main():
    torch.manual_seed(0)
    x, y = pictures(2), torch.tensor([3, 7])
    classifier = fill(compact_classifier()).eval()
    result = {"torch": torch.__version__, "labels": y.tolist(),
              "compact_logits": numbers(classifier(x)), "vgg16_logits": numbers(fill(vgg16()).eval()(x[:1]))}

    xg = x.clone().requires_grad_()
    loss = F.cross_entropy(classifier(xg), y, reduction="none")
    gradient, = torch.autograd.grad(loss.sum(), xg)
    result["picture_gradient"] = {"loss": numbers(loss), **sample(gradient)}

    for name, make in (("tutorial", tutorial_autoencoder), ("compact", compact_autoencoder),
                       ("residual", residual_autoencoder)):
        autoencoder = fill(make()).eval()
        again = autoencoder(x)
        first, second = classifier(x), classifier(again)
        result[f"{name}_autoencoder"] = {
            "output": sample(again),
            "divergence": [{"direction": d, "temperature": t, "values": numbers(kl(first, second, d, t))}
                           for d in ("forward", "reverse") for t in (1.0, 0.5, 2.0)],
            "step": training_step(
                autoencoder,
                lambda: kl(first.detach(), classifier(autoencoder(x)), "reverse", 1.0).mean(), 1e-3),
        }
    result["attacks"] = [
        pgd(classifier, x, y, "linf", 0.03, 0.001, 10, False),
        pgd(classifier, x, y, "linf", 0.004, 0.003, 4, True),
        pgd(classifier, x, y, "l2", 0.5, 0.2, 5, False),
    ]
    student = fill(compact_classifier())
    result["classifier_step"] = training_step(student, lambda: F.cross_entropy(student(x), y), 2e-3)
    small = fill(residual_autoencoder(side=12, channels=1, width=2)).state_dict()
    fixtures = Path(__file__).parent.parent / "tests" / "fixtures"
    torch.save(small, fixtures / "autoencoder.pth")
    torch.save(small, fixtures / "autoencoder-legacy.pth", _use_new_zipfile_serialization=False)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
