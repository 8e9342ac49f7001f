"""Attacks of the Adversarial Robustness Toolbox, for peers.py.

Each function gets a classifier, pictures [n, 3, 96, 96] in [0, 1], true classes [n], the norm ("linf" or "l2") and the
parameters under second-look's names, and returns the attacked pictures. docs/peers.md says where the tools differ.
"""
import functools

import numpy
import torch
from art.attacks import evasion
from art.estimators.classification import PyTorchClassifier
from torch.nn import functional as F

NORM = {"linf": numpy.inf, "l2": 2}


def run(attack, classifier, x, y, **parameters):
    estimator = PyTorchClassifier(classifier, loss=torch.nn.CrossEntropyLoss(), input_shape=tuple(x.shape[1:]),
                                  nb_classes=10, clip_values=(0, 1), device_type="cpu")
    one_hot = F.one_hot(y, 10).numpy().astype(numpy.float32)
    parameters = {"batch_size": len(x)} | parameters
    return torch.from_numpy(attack(estimator, **parameters).generate(x.numpy(), one_hot))


def fgsm(classifier, x, y, norm, eps):
    return run(evasion.FastGradientMethod, classifier, x, y, norm=NORM[norm], eps=eps, eps_step=eps)


def pgd(classifier, x, y, norm, eps, eps_step, max_iter):
    return run(evasion.ProjectedGradientDescentPyTorch, classifier, x, y, norm=NORM[norm], eps=eps,
               eps_step=eps_step, max_iter=max_iter, num_random_init=0, verbose=False)


def mi_fgsm(classifier, x, y, norm, eps, eps_step, max_iter):
    return run(evasion.MomentumIterativeMethod, classifier, x, y, norm=NORM[norm], eps=eps, eps_step=eps_step,
               max_iter=max_iter, decay=1.0, verbose=False)


def cw(classifier, x, y, norm, max_iter, binary_search_steps):
    """Each of ART's steps searches for its length, which takes several predictions: a fifth of the steps must do. One
    picture at a time, because ART takes a gradient for each class that is in the batch."""
    return run(evasion.CarliniL2Method, classifier, x, y, confidence=0.0, learning_rate=0.01,
               binary_search_steps=binary_search_steps, max_iter=max_iter // 5, initial_const=0.1, batch_size=1,
               verbose=False)


def deepfool(classifier, x, y, norm, max_iter):
    """One picture at a time: ART goes on with the whole batch until the last picture is done."""
    return run(evasion.DeepFool, classifier, x, y, max_iter=max_iter, epsilon=0.02, nb_grads=10, batch_size=1,
               verbose=False)


def square(classifier, x, y, norm, eps, max_iter, seed):
    numpy.random.seed(seed)
    return run(evasion.SquareAttack, classifier, x, y, norm=NORM[norm], eps=eps, max_iter=max_iter,
               p_init={"linf": 0.8, "l2": 0.1}[norm], nb_restarts=1, verbose=False)


def apgd(classifier, x, y, norm, eps, max_iter, loss, seed):
    numpy.random.seed(seed)
    return run(evasion.AutoProjectedGradientDescent, classifier, x, y, norm=NORM[norm], eps=eps, eps_step=2 * eps,
               max_iter=max_iter, nb_random_init=1, loss_type=loss, verbose=False)


apgd_ce = functools.partial(apgd, loss="cross_entropy")
apgd_dlr = functools.partial(apgd, loss="difference_logits_ratio")
