"""Attacks of torchattacks, which has them from their authors' code, for peers.py.

Each function gets a classifier, pictures [n, 3, 96, 96] in [0, 1], true classes [n], the norm ("linf" or "l2") and the
parameters under second-look's names, and returns the attacked pictures. docs/peers.md says where the tools differ.
"""
import functools

import torchattacks

NORM = {"linf": "Linf", "l2": "L2"}


def square(classifier, x, y, norm, eps, max_iter, seed, kind=torchattacks.Square):
    attack = kind(classifier, norm=NORM[norm], eps=eps, n_queries=max_iter,
                  n_restarts=1, p_init={"linf": 0.8, "l2": 0.1}[norm], seed=seed)
    return attack(x, y)


class SquareOfPaper(torchattacks.Square):
    """The second of three lengths in each iteration of the L2 attack is that of each channel's change in both windows, as in
    the paper's algorithm 3 and the authors' first code."""

    lengths = 0

    def lp_norm(self, x):
        self.lengths += 1
        if self.lengths % 3 == 2:
            return x.square().sum(dim=(2, 3), keepdim=True).sqrt()
        return super().lp_norm(x)


square_of_paper = functools.partial(square, kind=SquareOfPaper)


def apgd(classifier, x, y, norm, eps, max_iter, loss, seed):
    attack = torchattacks.APGD(classifier, norm=NORM[norm], eps=eps, steps=max_iter, n_restarts=1,
                               seed=seed, loss=loss, rho=0.75)
    return attack(x, y)


apgd_ce = functools.partial(apgd, loss="ce")
apgd_dlr = functools.partial(apgd, loss="dlr")
