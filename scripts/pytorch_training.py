"""Training steps, computed with PyTorch from the definitions in the documentation, not from the crate's code.

For pytorch_reference.py. Each block says which wrong code it would catch. A step is given by its seed alone: the
random choices come from the same generator (pytorch_random.py), so the crate's own `Task::loss` can be held against
it as it is, with everything that it draws.
"""
import torch
from torch.nn import functional as F

from pytorch_models import NETWORKS, compact_classifier
from pytorch_random import Generator
from pytorch_shared import fill, kl, number, numbers, scenes

#: Side of the windows, or of the scaled pictures, of the first epochs (`--small-epochs`).
SMALL = 64

#: All kinds of autoencoders at their full size; the last one is the shipped corrector's.
AUTOENCODERS = [
    {"name": "tutorial", "latent": 100},
    {"name": "compact", "channels": 8},
    {"name": "residual", "side": 24, "channels": 8, "width": 64},
    {"name": "residual", "side": 12, "channels": 12, "width": 64},
]

#: The autoencoder of all other steps: so narrow that a step takes no time.
SMALL_AUTOENCODER = {"name": "residual", "side": 12, "channels": 3, "width": 8}

#: Classes of the pictures; the network of these weights takes all of them for the second, a deer.
LABELS = [3, 4, 9]

#: Every option of the autoencoder's loss, one at a time and together. What each would catch:
#: - the first two: a wrong sign, no divergence at all, the two directions exchanged, a sum instead of a mean;
#: - temperature: a temperature that is left out, multiplied, or applied to one of the two predictions only;
#: - mse: the reconstruction compared with what AE was shown, a sum instead of a mean, a weight that is ignored;
#: - flip: a flipped picture held against the prediction of the unflipped one, or flipped up and down;
#: - noise: noise in the target instead of the input, in single pixels only, of another strength, or cut to [0, 1];
#: - small_epochs: the whole picture's prediction for a window of it, or the same window of every picture.
AUTOENCODER_STEPS = [
    {"direction": "forward"},
    {"direction": "reverse"},
    {"direction": "forward", "temperature": 0.5},
    {"direction": "reverse", "temperature": 2.0},
    {"direction": "forward", "mse": 10.0},
    {"direction": "forward", "flip": True, "seed": 1},
    {"direction": "forward", "mse": 10.0, "noise": 0.25, "seed": 2},
    {"direction": "forward", "small_epochs": 1, "seed": 3},
    {"direction": "reverse", "temperature": 2.0, "mse": 3.0, "flip": True, "noise": 0.1, "small_epochs": 1, "seed": 4},
]

#: The optimisers, three steps each, so small that the rounding of 32 bits does not grow from one to the next. Momentum
#: that is missing, not Nesterov's, or dampened (burn's default) moves the weights otherwise, and so does a penalty
#: that is left out or that is no part of the gradient. Adam's gradients are made small by a high temperature: only
#: then does an epsilon of 1e-5 (burn's default) instead of 1e-8 show.
OPTIMIZERS = [
    {"temperature": 300.0, "optimizer": "adam", "learning_rate": 2e-4, "weight_decay": 0.0},
    {"temperature": 300.0, "optimizer": "adam", "learning_rate": 2e-4, "weight_decay": 3e-5},
    {"temperature": 1.0, "optimizer": "sgd", "learning_rate": 2e-4, "weight_decay": 0.0},
    {"temperature": 1.0, "optimizer": "sgd", "learning_rate": 2e-4, "weight_decay": 0.1},
]

#: The classifier's: as it is, on small pictures, and with nothing but the last layer learning. They catch labels
#: that are shifted or exchanged, a sum instead of a mean, an augmentation that does something else, and frozen layers
#: that learn on. Batch normalisation that is frozen uses what it remembers, not the batch's statistics.
#: With a teacher, which is the same network in evaluation mode: a teacher that sees the augmented picture, or the
#: unflipped one; a divergence that is reversed, or of one softened prediction and a plain one, or not times the
#: temperature's square; weights exchanged; classes smoothed by another amount, or over the other nine only.
CLASSIFIER_STEPS = [
    {"seed": 5},
    {"small_epochs": 1, "seed": 6},
    {"frozen_epochs": 1, "seed": 7},
    {"teacher_temperature": 3.0, "teacher_weight": 0.7, "label_smoothing": 0.1, "seed": 9},
    {"teacher_temperature": 0.5, "teacher_weight": 0.4, "frozen_epochs": 1, "small_epochs": 1, "seed": 10},
]


def autoencoder(config):
    """A network with made-up weights, from its configuration as a model card has it."""
    config = dict(config)
    return fill(NETWORKS["autoencoder", config.pop("name")](**config))


def optimizer_of(parameters, optimizer, learning_rate, weight_decay):
    if optimizer == "adam":
        return torch.optim.Adam(parameters, learning_rate, eps=1e-8, weight_decay=weight_decay)
    return torch.optim.SGD(parameters, learning_rate, momentum=0.9, nesterov=True, weight_decay=weight_decay)


def blocks_of_noise(generator, side, largest):
    """[3, side, side]: normal noise in blocks of 1, 2 or 4 pixels a side, its deviation drawn from 0 to `largest`."""
    deviation = generator.uniform(0.0, largest)
    block = 2 ** generator.integer(3)
    across = side // block
    values = [generator.normal() * deviation for _ in range(3 * across * across)]
    values = torch.tensor(values, dtype=torch.float64).reshape(3, across, across)
    return values.repeat_interleave(block, 1).repeat_interleave(block, 2)


def autoencoder_batch(classifier, x, generator, flip=False, noise=0.0, small=False):
    """What AE is shown, what it is to reconstruct, and CL's logits of that; each picture draws its choices in turn."""
    shown, wanted = [], []
    for picture in x:
        if flip and generator.boolean():
            picture = picture.flip(2)
        if small:
            top, left = generator.integer(96 - SMALL + 1), generator.integer(96 - SMALL + 1)
            picture = picture[:, top:top + SMALL, left:left + SMALL]
        wanted.append(picture)
        shown.append(picture + blocks_of_noise(generator, picture.shape[1], noise) if noise > 0 else picture)
    wanted = torch.stack(wanted)
    with torch.no_grad():
        return torch.stack(shown), wanted, classifier(wanted)


def autoencoder_loss(model, classifier, x, generator, direction, temperature=1.0, mse=0.0, **choices):
    """KL between CL's predictions on the picture and on its reconstruction, mean over the batch, and, with a
    weight, the mean squared difference of the two pictures; the share of pictures that keep their class."""
    shown, wanted, first = autoencoder_batch(classifier, x, generator, **choices)
    reconstruction = model(shown)
    second = classifier(reconstruction)
    loss = kl(first, second, direction, temperature).mean() + mse * (reconstruction - wanted).square().mean()
    return loss, (first.argmax(1) == second.argmax(1)).double().mean()


def augment(picture, side, generator):
    """Flipped half of the time, zoomed by 0.85 to 1.15, shifted by up to 8 pixels, contrast and brightness changed;
    sampled bilinearly, the border repeated; [3, side, side] in [0, 1]."""
    flip = generator.boolean()
    zoom = generator.uniform(0.85, 1.15) * side / 96
    shift = [generator.uniform(-8, 8) for _ in range(2)]
    contrast = 1 + generator.uniform(-0.2, 0.2)
    brightness = generator.uniform(-0.2, 0.2) / 2
    gain = torch.tensor([1 + generator.uniform(-0.2, 0.2) / 2 for _ in range(3)]).double().reshape(3, 1, 1)
    offsets = torch.arange(side).double() - (side - 1) / 2
    columns, rows = ((offsets / zoom + 95 / 2 + shift[axis]).clamp(0, 95) for axis in range(2))
    if flip:
        columns = columns.flip(0)
    # grid_sample's -1 and 1 are the centres of the first and the last pixel.
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1) * 2 / 95 - 1
    sampled = F.grid_sample(picture[None], grid[None], align_corners=True, padding_mode="border")[0]
    return (((sampled - 0.5) * contrast + 0.5 + brightness) * gain).clamp(0, 1), flip


def classifier_loss(model, x, y, generator, small=False, smoothing=0.0, teacher=None, temperature=1.0, weight=0.0):
    """Cross-entropy with the true classes, mean over the batch, and the share of pictures that are right. With a
    teacher, which sees the picture as it is or flipped, its part (Hinton et al. 2015) in the share `weight`."""
    seen, flips = zip(*[augment(picture, SMALL if small else 96, generator) for picture in x])
    logits = model(torch.stack(seen))
    loss = F.cross_entropy(logits, y, label_smoothing=smoothing)
    if teacher is not None:
        with torch.no_grad():
            taught = teacher(torch.stack([p.flip(2) if flip else p for p, flip in zip(x, flips)]))
        soft = F.log_softmax(logits / temperature, 1), F.softmax(taught / temperature, 1)
        distilled = F.kl_div(*soft, reduction="batchmean") * temperature**2
        loss = (1 - weight) * loss + weight * distilled
    return loss, (logits.argmax(1) == y).double().mean()


def places(gradient, count):
    """Where the gradient is largest: elsewhere Adam's steps follow signs that are rounding."""
    return gradient.abs().flatten().topk(min(count, gradient.numel())).indices


def gradients_of(model, entries):
    """Of each weight: the gradient's length, and its largest entries with their places."""
    result = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue  # frozen
        at = places(parameter.grad, entries)
        result[name] = {"norm": number(parameter.grad.norm()), "places": at.tolist(),
                        "values": numbers(parameter.grad.flatten()[at])}
    return result


def step(model, loss_of, entries=2):
    """The loss of a fresh network, in training mode where it learns, and its gradients."""
    for module in model.modules():
        parameters = list(module.parameters())
        module.training = not parameters or any(p.requires_grad for p in parameters)
    loss, share = loss_of(model)
    loss.backward()
    return {"loss": number(loss), "share": number(share), "gradients": gradients_of(model, entries)}


def steps(model, loss_of, **optimizer):
    """Three steps: the loss before each and after the last, how far some weights have moved after the first and
    after the third, and what batch normalisation remembers after the first."""
    model.train()
    step = optimizer_of(model.parameters(), **optimizer)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    result = {**optimizer, "losses": [], "moved": {}}
    for t in range(1, 4):
        loss, _ = loss_of(model)
        result["losses"].append(number(loss))
        step.zero_grad()
        loss.backward()
        if t == 1:
            for name, parameter in model.named_parameters():
                result["moved"][name] = {"gradient": number(parameter.grad.norm()),
                                         "places": places(parameter.grad, 2).tolist()}
        step.step()
        if t == 2:
            continue
        for name, parameter in model.named_parameters():
            moved = result["moved"][name]
            moved["first" if t == 1 else "third"] = numbers((parameter - before[name]).flatten()[moved["places"]])
        if t == 1:
            running = {name: t for name, t in model.state_dict().items() if "running" in name}
            result["running"] = {name: numbers(t[:4]) for name, t in running.items()}
    result["losses"].append(number(loss_of(model)[0]))
    return result


def training():
    """Everything above, for the reference file."""
    x, y = scenes(len(LABELS)), torch.tensor(LABELS)
    classifier = fill(compact_classifier()).eval().requires_grad_(False)
    first = classifier(x)

    # Whether the pictures can tell right from wrong: a flip and a window must change the prediction.
    for other in (x.flip(3), x[:, :, :SMALL, :SMALL], x[:, :, -SMALL:, -SMALL:], x.roll(1, 0)):
        assert kl(first, classifier(other), "forward", 1.0).min() > 1e-3, "the pictures are all alike to CL"

    result = {"labels": LABELS, "autoencoder": SMALL_AUTOENCODER, "network_steps": [], "autoencoder_steps": [],
              "autoencoder_optimizers": [], "classifier_steps": [], "classifier_optimizers": []}
    for config in AUTOENCODERS:
        loss_of = lambda model: autoencoder_loss(model, classifier, x, None, "reverse")
        result["network_steps"].append({"config": config, **step(autoencoder(config), loss_of, entries=1)})
    for options in AUTOENCODER_STEPS:
        options = {"direction": "forward", "temperature": 1.0, "mse": 0.0, "flip": False, "noise": 0.0,
                   "small_epochs": 0, "seed": 0, **options}
        choices = {k: v for k, v in options.items() if k not in ("small_epochs", "seed")}
        generator = Generator(options["seed"])
        loss_of = lambda model: autoencoder_loss(
            model, classifier, x, generator, small=options["small_epochs"] > 0, **choices)
        result["autoencoder_steps"].append({**options, **step(autoencoder(SMALL_AUTOENCODER), loss_of)})
    for case in OPTIMIZERS:
        temperature, optimizer = case["temperature"], {k: v for k, v in case.items() if k != "temperature"}
        loss_of = lambda model: autoencoder_loss(model, classifier, x, None, "forward", temperature)
        result["autoencoder_optimizers"].append(
            {"temperature": temperature, **steps(autoencoder(SMALL_AUTOENCODER), loss_of, **optimizer)})

    for options in CLASSIFIER_STEPS:
        options = {"small_epochs": 0, "frozen_epochs": 0, "label_smoothing": 0.0, **options}
        model, generator = fill(compact_classifier()), Generator(options["seed"])
        if options["frozen_epochs"]:
            model.requires_grad_(False)
            model.classifier[-1].requires_grad_(True)
        choices = {"small": options["small_epochs"] > 0, "smoothing": options["label_smoothing"]}
        if "teacher_weight" in options:
            choices.update(teacher=classifier, temperature=options["teacher_temperature"],
                           weight=options["teacher_weight"])
        loss_of = lambda model: classifier_loss(model, x, y, generator, **choices)
        result["classifier_steps"].append({**options, **step(model, loss_of)})
    # Three steps as `train classifier` makes them, the augmentation going on from step to step.
    generator = Generator(8)
    loss_of = lambda model: classifier_loss(model, x, y, generator)
    result["classifier_optimizers"].append(
        {"seed": 8, **steps(fill(compact_classifier()), loss_of, optimizer="sgd", learning_rate=1e-3,
                            weight_decay=0.1)})
    return result
