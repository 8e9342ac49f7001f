"""Attacks of Foolbox, for peers.py.

Each function gets a classifier, pictures [n, 3, 96, 96] in [0, 1], true classes [n], the norm ("linf" or "l2") and the
parameters under second-look's names, and returns the attacked pictures. docs/peers.md says where the tools differ.
"""
import functools

import torch
from foolbox import PyTorchModel, attacks
from foolbox.attacks.gradient_descent_base import normalize_lp_norms
from foolbox.criteria import Misclassification


def run(attack, classifier, x, y, eps=None):
    model = PyTorchModel(classifier, bounds=(0, 1))
    raw, clipped, _ = attack(model, x, Misclassification(y), epsilons=eps)
    return raw if eps is None else clipped


def fgsm(classifier, x, y, norm, eps):
    attack = {"linf": attacks.LinfFastGradientAttack, "l2": attacks.L2FastGradientAttack}[norm]
    return run(attack(random_start=False), classifier, x, y, eps)


def pgd(classifier, x, y, norm, eps, eps_step, max_iter):
    attack = {"linf": attacks.LinfProjectedGradientDescentAttack,
              "l2": attacks.L2ProjectedGradientDescentAttack}[norm]
    return run(attack(abs_stepsize=eps_step, steps=max_iter, random_start=False), classifier, x, y, eps)


def mi_fgsm(classifier, x, y, norm, eps, eps_step, max_iter, of_paper=False):
    """`of_paper`: gradients are divided by their L1 norm before they are summed, as in the paper. Foolbox itself takes
    their signs (L-infinity) or divides them by their L2 norm (L2)."""
    attack = {"linf": attacks.mi_fgsm.LinfMomentumIterativeFastGradientMethod,
              "l2": attacks.mi_fgsm.L2MomentumIterativeFastGradientMethod}[norm]
    attack = attack(momentum=1.0, abs_stepsize=eps_step, steps=max_iter, random_start=False)
    if of_paper:
        attack.normalize = lambda gradients, x, bounds: normalize_lp_norms(gradients, p=1)
    return run(attack, classifier, x, y, eps)


mi_fgsm_of_paper = functools.partial(mi_fgsm, of_paper=True)


def cw(classifier, x, y, norm, max_iter, binary_search_steps):
    attack = attacks.L2CarliniWagnerAttack(
        binary_search_steps=binary_search_steps, steps=max_iter, stepsize=0.01, confidence=0,
        initial_const=0.1, abort_early=False)
    attacked = run(attack, classifier, x, y)
    # Where it finds nothing, Foolbox returns a black picture.
    return torch.where((attacked == 0).flatten(1).all(1)[:, None, None, None], x, attacked)


def deepfool(classifier, x, y, norm, max_iter):
    attack = {"linf": attacks.LinfDeepFoolAttack, "l2": attacks.L2DeepFoolAttack}[norm]
    return run(attack(steps=max_iter, candidates=10, overshoot=0.02, loss="logits"), classifier, x, y)
