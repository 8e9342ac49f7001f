"""Selective and orthogonal PGD in PyTorch, for peers.py: what there is no tool for."""
import functools

import torch
from torch.nn import functional as F

from pytorch_shared import lengths, project


def evade(classifier, x, y, norm, eps, eps_step, max_iter, score, orthogonal):
    """Selective and orthogonal PGD (Bryniarski et al. 2021, arXiv 2106.15023, sections 4.1 and 4.2), for a batch.

    `score` gives the detector's scores [n] of pictures. The loss is the margin between two logits. As in the authors' code,
    a picture turns to the detector once the true class' logit plus 0.05 is not the largest, and of all iterates that the
    classifier gets wrong the one with the lowest score is returned.
    """
    dot = lambda a, b: (a * b).sum((1, 2, 3), keepdim=True)
    columns = F.one_hot(y, 10).bool()
    lowest, found = torch.full([len(x)], torch.inf), x.clone()
    current = x
    for t in range(max_iter + 1):
        current = current.detach().requires_grad_()
        logits, scores = classifier(current), score(current)
        wrong = logits.argmax(1) != y
        better = (wrong & (scores < lowest)).detach()
        found[better], lowest[better] = current.detach()[better], scores.detach()[better]
        if t == max_iter:
            # Where nothing was found, the last one.
            found[lowest.isinf()] = current.detach()[lowest.isinf()]
            return found
        margin = logits.masked_fill(columns, -torch.inf).amax(1) - logits[columns]
        of_loss, = torch.autograd.grad(margin.sum(), current)
        of_score, = torch.autograd.grad(scores.sum(), current)
        along_loss, along_score = of_loss, of_score
        if orthogonal:
            along_loss = of_loss - dot(of_loss, of_score) / (dot(of_score, of_score) + 1e-20) * of_score
            along_score = of_score - dot(of_score, of_loss) / (dot(of_loss, of_loss) + 1e-20) * of_loss
        fooled = (logits + 0.05 * columns).argmax(1) != y
        step = torch.where(fooled[:, None, None, None], -along_score, along_loss)
        step = step.sign() if norm == "linf" else step / lengths(step).clamp(min=1e-20)
        current = (x + project(current.detach() + eps_step * step - x, norm, eps)).clamp(0, 1)


selective_pgd = functools.partial(evade, orthogonal=False)
orthogonal_pgd = functools.partial(evade, orthogonal=True)
