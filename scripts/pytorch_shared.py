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
        current = (x + project(change, norm, eps)).clamp(0, 1)
    losses.append(F.cross_entropy(classifier(current), y, reduction="none").detach())
    return torch.stack(losses), current.detach()


def project(change, norm, eps):
    """The nearest change inside the ball."""
    return change.clamp(-eps, eps) if norm == "linf" else change * (eps / lengths(change)).clamp(max=1)


def evade(classifier, autoencoder, corrector, x, y, method, norm, eps, eps_step, max_iter, targeted, threshold,
          weight=None):
    """Attacks on the whole defence, from their definitions, with a gradient for each part and picture by picture.

    `method`: selective or orthogonal (Bryniarski et al. 2021, arXiv 2106.15023, sections 4.1 and 4.2), lagrangian
    (`weight` is its lambda), or corrector (selective, with the corrected prediction in the classifier's place and the
    detector to be set off). The loss is the margin between two logits; a picture is fooled from a margin of 0.05 on, and
    detected from 1.1 times the threshold on. Returns the loss and the score of every picture before each step and at the
    end, [max_iter + 1, n], and the score of the picture that is kept, [n].
    """
    def margin(logits):
        given = logits.gather(1, y[:, None])[:, 0]
        others = logits.scatter(1, y[:, None], float("-inf")).amax(1)
        return given - others if targeted else others - given

    def values(picture):
        logits = classifier(picture)
        score = kl(logits, classifier(autoencoder(picture)), "forward", 1.0)
        return margin(logits), score, margin(classifier(corrector(picture.flip(3))))

    def direction(i, picture, loss, score, corrected):
        """Where one picture goes."""
        part = lambda value: torch.autograd.grad(value[i], picture, retain_graph=True)[0][i]
        if method == "lagrangian":
            above = score[i].item() > threshold
            return part(loss) - weight * part(score) * above
        if method == "corrector":
            return part(corrected) if score[i].item() > 1.1 * threshold else part(score)
        fooled = loss[i].item() > 0.05
        if method == "selective":
            return -part(score) if fooled else part(loss)
        along, other = (part(score), part(loss)) if fooled else (part(loss), part(score))
        along = along - (along * other).sum() / (other * other).sum() * other
        return -along if fooled else along

    losses, scores, kept = [], [], [None] * len(x)
    current = x
    for t in range(max_iter + 1):
        current = current.detach().requires_grad_()
        loss, score, corrected = values(current)
        losses.append((corrected if method == "corrector" else loss).detach())
        scores.append(score.detach())
        for i in range(len(x)):
            if method == "corrector":
                answer = corrected[i].item() if score[i].item() > threshold else loss[i].item()
                rank = (answer > 0.05, answer)
            else:
                fooled = loss[i].item() > 0.05
                rank = (fooled, -score[i].item() if fooled else loss[i].item())
            if kept[i] is None or rank > kept[i][0]:
                kept[i] = rank, score[i].item()
        if t == max_iter:
            break
        step = torch.stack([direction(i, current, loss, score, corrected) for i in range(len(x))])
        step = step.sign() if norm == "linf" else step / lengths(step)
        current = (x + project(current.detach() + step * eps_step - x, norm, eps)).clamp(0, 1)
    return torch.stack(losses), torch.stack(scores), torch.tensor([score for _, score in kept])


def apgd(classifier, x, y, norm, eps, max_iter, loss):
    """Auto-PGD, untargeted, written from algorithm 1 of Croce & Hein 2020 (arXiv 2003.01690) with the checkpoints of the
    authors' code, picture by picture. `loss`: "ce" or "dlr". Returns the losses of all iterates, [max_iter + 1, n]."""
    def value(logits, label):
        if loss == "ce":
            return F.cross_entropy(logits[None], label[None])
        ordered = logits.sort(descending=True).values
        others = torch.cat([logits[:label], logits[label + 1 :]])
        return -(logits[label] - others.max()) / (ordered[0] - ordered[2] + 1e-12)

    def at(picture, label):
        picture = picture.detach().requires_grad_()
        result = value(classifier(picture[None])[0], label)
        gradient, = torch.autograd.grad(result, picture)
        return result.item(), gradient

    def inside(picture, original):
        return (original + project((picture - original)[None], norm, eps)[0]).clamp(0, 1)

    all_losses = []
    for original, label in zip(x, y):
        steepest = lambda g: g.sign() if norm == "linf" else g / g.norm()
        period, least, shorter = (max(int(share * max_iter), 1) for share in (0.22, 0.06, 0.03))
        step, made, raised = 2 * eps, 0, 0
        now, before = original, original
        f, gradient = at(now, label)
        top, top_gradient, top_f = now, gradient, f
        checked_f, halved, losses = f, True, [f]
        for t in range(max_iter):
            ahead = inside(now + step * steepest(gradient), original)
            share = 1.0 if t == 0 else 0.75
            after = inside(now + share * (ahead - now) + (1 - share) * (now - before), original)
            now, before = after, now
            last, (f, gradient) = f, at(now, label)
            losses.append(f)
            made, raised = made + 1, raised + (f > last)
            if f > top_f:
                top, top_gradient, top_f = now, gradient, f
            if made == period:
                stuck = not halved and checked_f >= top_f
                halved = raised <= 0.75 * period or stuck
                if halved:
                    step, now, gradient = step / 2, top, top_gradient
                checked_f, made, raised, period = top_f, 0, 0, max(period - shorter, least)
        all_losses.append(losses)
    return torch.tensor(all_losses, dtype=torch.float64).T


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
