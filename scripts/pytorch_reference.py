#!/usr/bin/env python3
"""Writes tests/fixtures/pytorch.json: what PyTorch computes, for tests/numerics/ to hold this crate against.

    python3 scripts/pytorch_reference.py [--pth]      # needs: pip install torch numpy safetensors

With --pth it also writes tests/fixtures/autoencoder*.pth, a small network as torch.save writes it now and as it did
before 1.6 (the old format holds addresses of memory, so its bytes differ from run to run).

The blocks of the file, and the wrong code that each would catch:
- logits: layers in another order, padding, pooling, a normalisation with other constants;
- picture_gradient: a gradient with respect to something else, or of the mean instead of the sum;
- autoencoders: the four networks (both bottlenecks of the residual one), all directions and temperatures of the
  divergence: a network with other layers, directions exchanged, a temperature on one prediction only;
- hidden: the score that compares hidden layers, too, and its gradient: maps of another layer or flattened in another order,
  a temperature or weights in the wrong place, a part that does not reach the gradient;
- attacks: PGD and MI-FGSM x norm x targeted, with steps that stay inside the ball and steps that leave it: a sign that
  is wrong, a projection to another ball, a normalisation over the batch, a clip to [0, 1] that is left out, momentum
  that is not decayed or of the bare gradients; with random restarts: starts that fill no ball, that are the same for
  all pictures, or that do not follow from (seed, id, restart) alone;
- evasions: the four attacks on the whole defence x norm x targeted: an attack that takes the gradient of the wrong part, a
  projection along the wrong gradient or after the sign, a switch at another margin, a result that is the last iterate;
- apgd: Auto-PGD on both losses x norm: checkpoints at other steps, momentum, steps that are not halved or not from the best
  point;
- kept: which of two restarts is kept for a picture: one that succeeds before one that does not;
- training: see pytorch_training.py.
"""
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from pytorch_models import compact_classifier, residual_autoencoder, vgg16, vgg16_small
from pytorch_random import Generator
from pytorch_shared import apgd, evade, fill, kl, number, numbers, pgd, pictures, sample, scenes, write
from pytorch_training import AUTOENCODERS, autoencoder, training

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"

#: Settings of attacks: (norm, eps, eps_step, max_iter, decay, restarts); `decay` None is PGD. For both norms, steps that
#: stay inside the ball come first, then steps that leave it.
ATTACKS = [
    ("linf", 0.03, 0.001, 10, None, 0),
    ("linf", 0.004, 0.003, 4, None, 0),
    ("l2", 3.0, 0.2, 10, None, 0),
    ("l2", 0.5, 0.2, 5, None, 0),
    ("linf", 0.03, 0.005, 6, 1.0, 0),
    ("linf", 0.03, 0.005, 6, 0.5, 0),
    ("l2", 2.0, 0.5, 6, 1.0, 0),
    ("linf", 0.1, 0.002, 3, None, 2),
    ("l2", 8.0, 0.5, 3, None, 2),
]

#: Settings of attacks on the whole defence: (norm, eps, eps_step, max_iter).
EVASIONS = [("linf", 0.01, 0.003, 5), ("l2", 1.0, 0.3, 5)]
THRESHOLD, LAMBDA = 0.05, 3.0

#: Hidden layers: places in `features`, values in their maps, sizes of their projections, weights. The first one is a
#: batch normalisation before its ReLU, where this crate computes convolution, normalisation and ReLU at once elsewhere.
HIDDEN = [(16, 160 * 12 * 12, 8, 0.5), (21, 256 * 6 * 6, 5, 3.0)]

#: Settings of Auto-PGD: (norm, eps, max_iter, loss).
APGD = [("linf", 0.004, 25, "ce"), ("linf", 0.004, 25, "dlr"), ("l2", 0.5, 25, "ce"), ("l2", 0.5, 25, "dlr")]

#: Seed of the restarts, and what names the pictures: any two numbers.
SEED, IDS = 5, [9, 4]

#: Where an untargeted attack starts from, and where a targeted one goes: true classes and wanted ones.
TRUE, WANTED = [3, 3], [4, 7]

#: Pairs of ends of restarts: probabilities of the given class (0), of the likeliest other one (1) and, in equal parts,
#: of the rest. The given class is the true one, or the wanted one if the attack is targeted.
KEPT = [
    # The loss of the first is larger (0.20 is less than 0.45), but it fools nobody: 0.20 is still the largest.
    {"targeted": False, "first": (0.20, 0.10), "second": (0.45, 0.50)},
    {"targeted": False, "first": (0.45, 0.50), "second": (0.20, 0.10)},
    {"targeted": False, "first": (0.30, 0.60), "second": (0.20, 0.70)},  # both fool: the larger loss
    {"targeted": False, "first": (0.60, 0.30), "second": (0.70, 0.20)},  # neither does: the larger loss
    # Towards the wanted class: 0.20 is the largest and 0.45 is not, though its loss is smaller.
    {"targeted": True, "first": (0.45, 0.50), "second": (0.20, 0.10)},
    {"targeted": True, "first": (0.20, 0.10), "second": (0.45, 0.50)},
    {"targeted": True, "first": (0.60, 0.30), "second": (0.70, 0.20)},  # both succeed: the smaller loss
    {"targeted": True, "first": (0.30, 0.60), "second": (0.20, 0.70)},  # neither does: the smaller loss
]


def autoencoder_reference(config, classifier, x):
    reconstruction = autoencoder(config).eval()(x)
    first, second = classifier(x), classifier(reconstruction)
    return {"config": config, "output": sample(reconstruction),
            "divergence": [{"direction": d, "temperature": t, "values": numbers(kl(first, second, d, t))}
                           for d in ("forward", "reverse") for t in (1.0, 0.5, 2.0)]}


def hidden_reference(classifier, x, temperature):
    """The score of arXiv 2002.09364 with hidden layers, and the gradient of its sum; the projections are dense layers."""
    projections = fill(nn.ModuleDict({"hidden": nn.Sequential(*[nn.Linear(i, o) for _, i, o, _ in HIDDEN])}))["hidden"]
    network = autoencoder({"name": "compact", "channels": 8}).eval()

    def outputs(pictures):
        maps = []
        hooks = [classifier.features[place].register_forward_hook(lambda _, __, y: maps.append(y.flatten(1)))
                 for place, *_ in HIDDEN]
        logits = classifier(pictures)
        for hook in hooks:
            hook.remove()
        return logits, [projection(m) for projection, m in zip(projections, maps)]

    picture = x.detach().requires_grad_()
    (first, h), (second, g) = outputs(picture), outputs(network(picture))
    score = kl(first, second, "forward", temperature)
    for (*_, weight), p, q in zip(HIDDEN, h, g):
        score = score + weight * kl(p, q, "forward", 1.0)
    gradient, = torch.autograd.grad(score.sum(), picture)
    return {"temperature": temperature, "score": numbers(score), "gradient": sample(gradient)}


def random_start(norm, eps, restart, like):
    """Uniform in the ball around each picture of `like`; follows from the seed, the picture's id and the restart."""
    starts = []
    for id in IDS:
        generator = Generator((SEED + (id + 1) * 0x9E3779B97F4A7C15 + (restart + 1) * 0xD1B54A32D192ED03) % 2**64)
        if norm == "linf":
            values = torch.tensor([generator.uniform(-eps, eps) for _ in range(like[0].numel())])
        else:  # the volume within a radius r grows with r to the power of the dimension
            values = torch.tensor([generator.normal() for _ in range(like[0].numel())], dtype=torch.float64)
            values *= eps * generator.unit() ** (1 / values.numel()) / values.norm()
        starts.append(values.double().reshape(like[0].shape))
    return torch.stack(starts)


def attack_reference(classifier, x, norm, eps, eps_step, max_iter, decay, restarts, targeted):
    """Losses of all steps of all restarts, and the distances and the loss where each restart ends."""
    classes = WANTED if targeted else TRUE
    result = {"norm": norm, "eps": eps, "eps_step": eps_step, "max_iter": max_iter, "targeted": targeted,
              "decay": decay, "num_random_init": restarts, "seed": SEED, "ids": IDS, "classes": classes,
              "losses": [], "linf": [], "l2": []}
    for restart in range(max(restarts, 1)):
        start = random_start(norm, eps, restart, x) if restarts else None
        losses, attacked = pgd(classifier, x, torch.tensor(classes), norm, eps, eps_step, max_iter, targeted, decay,
                               start)
        change = (attacked - x).flatten(1)
        result["losses"] += [numbers(loss) for loss in losses]
        result["linf"].append(numbers(change.abs().amax(1)))
        result["l2"].append(numbers(change.norm(dim=1)))
    return result


def evasion_reference(classifier, x, method, norm, eps, eps_step, max_iter, targeted):
    """Losses and scores of all steps, and the score of the picture that is kept."""
    classes = WANTED if targeted else TRUE
    networks = [autoencoder({"name": "compact", "channels": channels}).eval() for channels in (8, 3)]
    losses, scores, kept = evade(classifier, *networks, x, torch.tensor(classes), method, norm, eps, eps_step, max_iter,
                                 targeted, THRESHOLD, LAMBDA)
    return {"method": method, "norm": norm, "eps": eps, "eps_step": eps_step, "max_iter": max_iter,
            "targeted": targeted, "threshold": THRESHOLD, "lambda": LAMBDA, "classes": classes,
            "losses": [numbers(loss) for loss in losses], "scores": [numbers(score) for score in scores],
            "kept": numbers(kept)}


def apgd_reference(classifier, x, norm, eps, max_iter, loss):
    losses = apgd(classifier, x, torch.tensor(TRUE), norm, eps, max_iter, loss)
    return {"norm": norm, "eps": eps, "max_iter": max_iter, "loss": loss, "classes": TRUE,
            "losses": [numbers(step) for step in losses]}


def kept_reference(case):
    """The logits of both ends, their losses, whether they succeed, and which one is to be kept (Foolbox's rule)."""
    result = {"targeted": case["targeted"], "logits": [], "losses": [], "successes": []}
    for given, other in (case["first"], case["second"]):
        p = torch.tensor([given, other] + [(1 - given - other) / 8] * 8, dtype=torch.float64)
        logits = p.log()
        result["logits"].append(numbers(logits))
        result["losses"].append(number(F.cross_entropy(logits, torch.tensor(0))))
        result["successes"].append((logits.argmax().item() == 0) == case["targeted"])
    progress = [-loss if case["targeted"] else loss for loss in result["losses"]]
    result["kept"] = max((0, 1), key=lambda end: (result["successes"][end], progress[end]))
    return result


def main():
    x, y = pictures(2), torch.tensor([3, 7])
    classifier = fill(compact_classifier()).eval().requires_grad_(False)
    result = {"torch": torch.__version__, "labels": y.tolist(), "compact_logits": numbers(classifier(x)),
              "vgg16_logits": numbers(fill(vgg16()).eval()(x[:1])),
              "vgg16_small_logits": numbers(fill(vgg16_small()).eval()(x[:1]))}

    xg = x.clone().requires_grad_()
    loss = F.cross_entropy(classifier(xg), y, reduction="none")
    gradient, = torch.autograd.grad(loss.sum(), xg)
    result["picture_gradient"] = {"loss": numbers(loss), **sample(gradient)}

    result["autoencoders"] = [autoencoder_reference(config, classifier, x) for config in AUTOENCODERS]
    result["hidden"] = [hidden_reference(classifier, x, temperature) for temperature in (1.0, 2.0)]
    result["attacks"] = [attack_reference(classifier, scenes(2), *setting, targeted)
                         for setting in ATTACKS for targeted in (False, True)]
    result["evasions"] = [evasion_reference(classifier, scenes(2), method, *setting, targeted)
                          for method in ("selective", "orthogonal", "lagrangian", "corrector")
                          for setting in EVASIONS for targeted in (False, True)]
    result["apgd"] = [apgd_reference(classifier, scenes(2), *setting) for setting in APGD]
    result["kept"] = [kept_reference(case) for case in KEPT]
    result["training"] = training()
    write(FIXTURES / "pytorch.json", result)

    if "--pth" in sys.argv[1:]:
        small = residual_autoencoder(side=12, channels=1, width=2)
        small = {name: t.float() if t.is_floating_point() else t for name, t in fill(small).state_dict().items()}
        torch.save(small, FIXTURES / "autoencoder.pth")
        torch.save(small, FIXTURES / "autoencoder-legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
