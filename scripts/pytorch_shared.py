"""What the programs that write tests/fixtures/*.json share: inputs without files, definitions, and the JSON.

Weights and pictures are no files: both sides compute them from names and positions with the same integer
arithmetic (`noise` below and in tests/numerics/main.rs), so this works for networks of any size.

Everything is computed in 64 bits, from weights and pictures of 32: the values are the truth that this crate's
32 bits are held against, not another rounding of it.
"""
import json

import torch
from torch.nn import functional as F


def noise(name, count):
    """`count` numbers in [-0.5, 0.5) that depend on `name` and on nothing else; exact in 32 bits."""
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
    """Gives every weight the value that its name and position say; the module then computes in 64 bits."""
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
    return module.double()


def pictures(count):
    """[count, 3, 96, 96]: nothing but noise, a tenth of it outside [0, 1]."""
    return (0.5 + 0.8 * noise("picture", count * 3 * 96 * 96)).reshape(count, 3, 96, 96).double()


def scenes(count):
    """[count, 3, 96, 96] in [0, 1], multiples of 1/255: coloured blocks of 16x16 pixels with fine noise.

    Unlike noise alone, these look different to a network when they are flipped, cut out, or mixed up.
    """
    blocks = noise("scene", count * 3 * 6 * 6).double().reshape(count, 3, 6, 6)
    blocks = blocks.repeat_interleave(16, 2).repeat_interleave(16, 3)
    grain = noise("grain", count * 3 * 96 * 96).double().reshape(count, 3, 96, 96)
    return (128 + 220 * blocks + 60 * grain).floor().clamp(0, 255) / 255


def kl(first, second, direction, temperature):
    """[n]: the divergence of predictions given as logits, of the pictures and of their reconstructions."""
    p, q = (F.log_softmax(z / temperature, 1) for z in (first, second))
    if direction == "reverse":
        p, q = q, p
    return F.kl_div(q, p, log_target=True, reduction="none").sum(1)


def lengths(batch):
    """[n, 1, 1, 1]: the Euclidean length of each picture."""
    return batch.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)


def pgd(classifier, x, y, norm, eps, eps_step, max_iter, targeted, decay=None, start=None):
    """Projected gradient descent, written from the formulas in Madry et al. 2018 (arXiv 1706.06083).

    With `decay`, MI-FGSM (Dong et al. 2018, arXiv 1710.06081, eq. 6): steps follow the sum of earlier gradients, each
    divided by its L1 norm. `start` is a perturbation to start from instead of none.
    Returns the loss of every picture before each step and at the end, [max_iter + 1, n], and the pictures there.
    """
    losses, accumulated = [], 0
    current = x if start is None else (x + start).clamp(0, 1)
    for _ in range(max_iter):
        current = current.detach().requires_grad_()
        loss = F.cross_entropy(classifier(current), y, reduction="none")
        losses.append(loss.detach())
        gradient, = torch.autograd.grad(loss.sum(), current)
        if decay is not None:
            accumulated = decay * accumulated + gradient / gradient.abs().sum((1, 2, 3), keepdim=True)
            gradient = accumulated
        step = gradient.sign() if norm == "linf" else gradient / lengths(gradient)
        change = current.detach() + (-step if targeted else step) * eps_step - x
        if norm == "linf":
            change = change.clamp(-eps, eps)
        else:
            change = change * (eps / lengths(change)).clamp(max=1)
        current = (x + change).clamp(0, 1)
    losses.append(F.cross_entropy(classifier(current), y, reduction="none").detach())
    return torch.stack(losses), current.detach()


def numbers(tensor, digits=9):
    """The tensor's values in so many significant digits: 9 tell any two numbers of 32 bits apart."""
    return [float(f"{value:.{digits}g}") for value in tensor.detach().double().flatten().tolist()]


def number(tensor):
    return numbers(tensor)[0]


def sample(tensor, count=64):
    """Some values spread over the tensor, and its length: enough to tell any two apart."""
    flat = tensor.detach().flatten()
    return {"values": numbers(flat[:: max(1, flat.numel() // count)][:count]), "norm": number(flat.norm())}


def write(path, value):
    """Writes JSON with lists of numbers, and objects without lists of lists in them, on a line each."""

    def flat(value):
        if isinstance(value, dict):
            return all(not isinstance(v, dict) and flat(v) for v in value.values())
        return not isinstance(value, list) or all(not isinstance(v, (dict, list)) for v in value)

    def text(value, indent):
        if flat(value):
            return json.dumps(value)
        inner = " " * (indent + 1)
        if isinstance(value, dict):
            lines = [f"{inner}{json.dumps(k)}: {text(v, indent + 1)}" for k, v in value.items()]
            return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
        return "[\n" + ",\n".join(inner + text(v, indent + 1) for v in value) + "\n" + " " * indent + "]"

    path.write_text(text(value, 0) + "\n")
