#!/usr/bin/env python3
"""Compares second-look's attacks with those of other tools: the same weights, the same pictures, the same parameters.

    python3 scripts/peers.py run   --data DIR --out DIR [--second-look FILE] [CASE ...]     # hours for all cases
    python3 scripts/peers.py table --out DIR                                                # the tables of docs/peers.md

`run` attacks with each tool and writes what became of each picture into the folder --out: a file for each case and tool. What
is there is not computed again. Each case ends with a line for each tool. DIR is a folder with STL-10's binary files.
Needs, in an environment outside the checkout: pip install torch numpy safetensors pillow foolbox
adversarial-robustness-toolbox packaging torchattacks
"""
import argparse
import collections
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy
import torch

from pytorch_models import CLASSES, load
from pytorch_shared import kl, lengths

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "www" / "models"

#: A comparison. `judge`: accuracy, distance or sr_at_5. `seeds`: how often an attack that draws random numbers is run.
#: `peers`: by the name of the tool, its function: foolbox.fgsm is that in peers_foolbox.py.
Case = collections.namedtuple("Case", "name attack norm pictures judge options peers seeds")


def case(name, attack, norm, pictures, options, peers, judge="accuracy", seeds=0):
    return Case(name, attack, norm, pictures, judge, options, peers, seeds)


SHORT = {"linf": {"eps": 0.004, "eps_step": 0.0005, "max_iter": 10}, "l2": {"eps": 0.3, "eps_step": 0.05, "max_iter": 10}}
APGD = {"linf": {"eps": 0.003, "max_iter": 25}, "l2": {"eps": 0.25, "max_iter": 25}}
SQUARE = {"linf": {"eps": 0.02, "max_iter": 100}, "l2": {"eps": 3.0, "max_iter": 100}}
EVASION = {"orthogonal": {"eps": 0.004, "eps_step": 0.0004, "max_iter": 50},
           "selective": {"eps": 0.004, "eps_step": 0.0004, "max_iter": 25}}

CASES = [
    *[case(f"fgsm-{norm}", "fgsm", norm, {"linf": 200, "l2": 50}[norm], {"eps": SHORT[norm]["eps"]},
           {"Foolbox": "foolbox.fgsm", "ART": "art.fgsm"}) for norm in SHORT],
    *[case(f"pgd-{norm}", "pgd", norm, {"linf": 200, "l2": 50}[norm], SHORT[norm],
           {"Foolbox": "foolbox.pgd", "ART": "art.pgd"}) for norm in SHORT],
    *[case(f"mi-fgsm-{norm}", "mi-fgsm", norm, 50, SHORT[norm],
           {"Foolbox": "foolbox.mi_fgsm", "Foolbox, mended": "foolbox.mi_fgsm_of_paper", "ART": "art.mi_fgsm"})
      for norm in SHORT],
    case("deepfool-linf", "deepfool", "linf", 50, {"max_iter": 50}, {"Foolbox": "foolbox.deepfool"}, "distance"),
    case("deepfool-l2", "deepfool", "l2", 50, {"max_iter": 50},
         {"Foolbox": "foolbox.deepfool", "ART": "art.deepfool"}, "distance"),
    case("cw-l2", "cw", "l2", 20, {"max_iter": 50, "binary_search_steps": 4},
         {"Foolbox": "foolbox.cw", "ART": "art.cw"}, "distance"),
    *[case(f"apgd-{loss}-{norm}", f"apgd-{loss}", norm, 50, APGD[norm],
           {"ART": f"art.apgd_{loss}", "torchattacks": f"torchattacks.apgd_{loss}"}, seeds=1)
      for norm in APGD for loss in ("ce", "dlr")],
    case("square-linf", "square", "linf", 200, SQUARE["linf"],
         {"ART": "art.square", "torchattacks": "torchattacks.square"}, seeds=2),
    # ART's numbers are not finite in L2; docs/peers.md says why, and what is mended.
    case("square-l2", "square", "l2", 200, SQUARE["l2"],
         {"torchattacks": "torchattacks.square", "torchattacks, mended": "torchattacks.square_of_paper"}, seeds=2),
    *[case(f"{method}-pgd", f"{method}-pgd", "linf", 50, EVASION[method],
           {"PyTorch": f"evasion.{method}_pgd"}, "sr_at_5") for method in EVASION],
]

#: Pictures that a tool attacks at a time. What it has made of them is kept.
BATCH = 10


class Bench:
    """The bundled networks and the pictures, in PyTorch."""

    def __init__(self, options):
        self.data, self.out, self.program = options.data, options.out, options.second_look
        networks = (load(MODELS / f"{name}.safetensors").requires_grad_(False) for name in ("classifier", "autoencoder"))
        # The faster layout; the numbers are the same up to rounding.
        self.classifier, self.autoencoder = (network.to(memory_format=torch.channels_last) for network in networks)
        self.divergence = self.autoencoder.card["detector"]["divergence"]
        inner = self.data / "stl10_binary"
        folder = inner if inner.is_dir() else self.data
        self.labels = numpy.fromfile(folder / "train_y.bin", numpy.uint8).astype(int) - 1
        self.pixels = numpy.memmap(folder / "train_X.bin", numpy.uint8, "r", shape=(len(self.labels), 3, 96, 96))
        self.chosen = {}

    def read(self, indices):
        """The pictures [n, 3, 96, 96] at these places; in the file, columns come first."""
        return torch.from_numpy(self.pixels[indices].swapaxes(2, 3).copy()).float() / 255

    def logits(self, x):
        with torch.no_grad():
            return torch.cat([self.classifier(part) for part in x.split(50)])

    def score(self, x):
        return kl(self.classifier(x), self.classifier(self.autoencoder(x)), **self.divergence)

    def scores(self, x):
        with torch.no_grad():
            return torch.cat([self.score(part) for part in x.split(50)])

    def evaluate(self, attack, norm, pictures, options, name):
        """What `second-look evaluate` says: its JSON and its records."""
        paths = [self.out / f"{name}.{kind}.json" for kind in ("figures", "records")]
        if not all(path.exists() for path in paths):
            command = [self.program, "evaluate", "--data", self.data, "--pictures", pictures, "--attack", attack,
                       "--json", paths[0], "--records", paths[1], "--overwrite", "--batch-size", "25"]
            if norm:
                command += ["--norm", norm]
            for key, value in options.items():
                command += [f"--{key.replace('_', '-')}", value]
            subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return [json.loads(path.read_text()) for path in paths]

    def pictures(self, count):
        """The pictures that `evaluate --pictures COUNT` chooses, [count, 3, 96, 96], and their classes.

        The program draws a share of each class by a seed. Its records say in the order of the dataset what the classifier
        predicts on each: ten numbers, which no two pictures share.
        """
        if count not in self.chosen:
            path = self.out / "predictions.npy"
            if not path.exists():
                parts = numpy.array_split(numpy.arange(len(self.labels)), 80)
                numpy.save(path, torch.cat([self.logits(self.read(part)).softmax(1) for part in parts]).numpy())
            known = numpy.load(path)
            indices, worst = [], 0
            for record in self.evaluate("fgsm", None, count, {}, f"pictures-{count}")[1]:
                start = indices[-1] + 1 if indices else 0
                apart = numpy.abs(known - numpy.float32(record["clean"]["prediction"])).max(1)
                apart[:start] = 1
                apart[self.labels != CLASSES.index(record["class"])] = 1
                indices.append(int(apart.argmin()))
                worst = max(worst, float(apart.min()))
            if worst > 1e-4:
                sys.exit(f"a picture's prediction is {worst} from second-look's: not the same weights or pictures")
            print(f"{count} pictures; predictions differ by up to {worst:.1e}", flush=True)
            self.chosen[count] = self.read(indices), torch.from_numpy(self.labels[indices])
        return self.chosen[count]


def outcome(bench, case, x, y, attacked):
    """What became of each picture; the detector's scores where they are compared."""
    logits = bench.logits(attacked)
    change = attacked - x
    distance = change.abs().amax((1, 2, 3)) if case.norm == "linf" else lengths(change).flatten()
    return {"right": (logits.argmax(1) == y).tolist(), "distance": distance.tolist(),
            "probability": logits.softmax(1).gather(1, y[:, None])[:, 0].tolist(),
            "score": bench.scores(attacked).tolist() if case.judge == "sr_at_5" else None}


def of_second_look(bench, case, seed):
    options = dict(case.options)
    if case.seeds:
        # ART and torchattacks start APGD at random points, and have no other way.
        options |= {"attack_seed": seed} | ({"num_random_init": 1} if "apgd" in case.attack else {})
    figures, records = bench.evaluate(case.attack, case.norm, case.pictures, options, f"{case.name}.{seed}")
    if any(CLASSES[int(y)] != record["class"] for y, record in zip(bench.pictures(case.pictures)[1], records)):
        sys.exit(f"{case.name}: not the pictures that were expected")
    verdicts = [record["attacks"][0]["verdict"] for record in records]
    of = {"right": [verdict["answer_if_clean"] == record["class"] for verdict, record in zip(verdicts, records)],
          "distance": [record["attacks"][0]["distance"] for record in records],
          "probability": [v["prediction"][CLASSES.index(record["class"])] for v, record in zip(verdicts, records)],
          "score": [verdict["score"] for verdict in verdicts]}
    clean = {"right": [record["clean"]["answer_if_clean"] == record["class"] for record in records],
             "score": [record["clean"]["score"] for record in records]}
    # The figures that are compared are the program's own.
    figures = figures["attacks"][0]
    mine = measure(of, clean)
    for ours, key in (("accuracy", "classifier_accuracy"), ("sr_at_5", "sr_at_5"), ("distance", "median_distance")):
        if figures[key] is not None and abs(mine[ours] - figures[key]) > 1e-6:
            sys.exit(f"{case.name}: {key} is {figures[key]}, but {mine[ours]} from the records")
    return of


def of_peer(bench, case, function, seed, path):
    """What a tool makes of the pictures that are not in the file yet, batch by batch."""
    module, name = function.split(".")
    attack = getattr(importlib.import_module(f"peers_{module}"), name)
    x, y = bench.pictures(case.pictures)
    of = json.loads(path.read_text()) if path.exists() else {"right": [], "distance": [], "probability": [], "score": []}
    while (start := len(of["right"])) < len(x):
        part, classes = x[start : start + BATCH], y[start : start + BATCH]
        options = dict(case.options)
        if module == "evasion":
            options["score"] = bench.score
        if case.seeds:
            options["seed"] = 1000 * seed + start
        attacked = attack(bench.classifier, part, classes, case.norm, **options).detach().float()
        of = {key: (of[key] or []) + (value or []) for key, value in outcome(bench, case, part, classes, attacked).items()}
        path.write_text(json.dumps(of))
        print(f"  {case.name}, {function}: {len(of['right'])} of {len(x)}", file=sys.stderr, flush=True)
    return of


def measure(of, clean):
    """The three figures that are compared, as `evaluate` defines them."""
    right = numpy.array(of["right"])
    led = numpy.array(clean["right"])[: len(right)] & ~right
    figures = {"accuracy": float(right.mean()),
               "distance": float(numpy.median(numpy.array(of["distance"])[led])) if led.any() else float("nan")}
    if of["score"] and clean["score"]:
        passes = numpy.array(of["score"]) <= numpy.quantile(clean["score"], 0.95)
        figures["sr_at_5"] = float((~right & passes).mean())
    return figures


def run(options):
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    names = [case.name for case in CASES] + ["score"]
    unknown = set(options.cases) - set(names)
    if unknown:
        sys.exit(f"no such case: {', '.join(unknown)}; there are {', '.join(names)}")
    for case in CASES:
        if options.cases and case.name not in options.cases:
            continue
        x, y = bench.pictures(case.pictures)
        path = options.out / f"{case.name}.clean.json"
        if not path.exists():
            path.write_text(json.dumps(outcome(bench, case, x, y, x)))
        clean = json.loads(path.read_text())
        for seed in range(max(case.seeds, 1)):
            for tool, function in {"second-look": None, **case.peers}.items():
                path = options.out / f"{case.name}.{seed}.{tool}.json"
                if function is not None:
                    of = of_peer(bench, case, function, seed, path)
                elif path.exists():
                    of = json.loads(path.read_text())
                else:
                    of = of_second_look(bench, case, seed)
                    path.write_text(json.dumps(of))
                print(f"{case.name}, seed {seed}, {tool}: {measure(of, clean)}", flush=True)
    if not options.cases or "score" in options.cases:
        score(bench)


def divergence_of_alibi(p, q, temperature, both=True):
    """[n]: alibi-detect's adversarial score (AdversarialAE.score) of the predictions p [n, 10] on pictures and q on their
    reconstructions. It applies its temperature to p alone; with `both`, to q as well. The divergence is Keras's, which
    raises probabilities below 1e-7 to 1e-7."""
    def scaled(p):
        p = p ** (1 / temperature)
        return p / p.sum(1, keepdims=True)

    p, q = scaled(p), scaled(q) if both else q
    p, q = p.clip(1e-7, 1), q.clip(1e-7, 1)
    return (p * numpy.log(p / q)).sum(1)


def score(bench):
    """Second-look's scores against alibi-detect's formula, on clean pictures and on those that an attack leaves."""
    rows = []
    # A threshold must be given with another temperature than the card's, which is 4; scores do not depend on it.
    other = lambda temperature: (temperature, "fgsm", None, 20, {"temperature": temperature, "threshold": 1}, f"score-{temperature}")
    for temperature, attack, norm, count, options, name in (
            other(1.0), other(2.0), (4.0, "pgd", "linf", 200, SHORT["linf"], "pgd-linf.0")):
        _, records = bench.evaluate(attack, norm, count, options, name)
        verdicts = [[record["clean"] for record in records], [record["attacks"][0]["verdict"] for record in records]]
        ours = [numpy.array([verdict["score"] for verdict in part]) for part in verdicts]
        predictions = [[numpy.array([verdict[key] for verdict in part]) for key in ("prediction", "reconstruction_prediction")]
                       for part in verdicts]
        # From the picture on, with PyTorch's predictions.
        with torch.no_grad():
            x = bench.pictures(count)[0]
            parts = [(bench.classifier(part), bench.classifier(bench.autoencoder(part))) for part in x.split(50)]
        of_torch = [torch.cat(logits).softmax(1).numpy() for logits in zip(*parts)]
        differences = [numpy.abs(scores - divergence_of_alibi(*pair, temperature)).max()
                       for scores, pair in zip([*ours, ours[0]], [*predictions, of_torch])]
        one_sided = divergence_of_alibi(*predictions[0], temperature, both=False)
        rows.append({"temperature": temperature, "pictures": count, "differences": list(map(float, differences)),
                     "median": float(numpy.median(ours[0])), "one_sided": float(numpy.median(one_sided))})
        print(f"score: {rows[-1]}", flush=True)
    (bench.out / "score.json").write_text(json.dumps(rows))


def figure(case, value):
    return f"{value:.5f}" if case.judge == "distance" and case.norm == "linf" else f"{value:.3f}"


def table(options):
    read = lambda path: json.loads(path.read_text())
    print("| attack | norm | parameters | pictures | figure | second-look | tool | its figure | difference | others | verdict |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for case in CASES:
        path = options.out / f"{case.name}.clean.json"
        if not path.exists():
            continue
        clean = read(path)
        for tool in case.peers:
            pairs = [[options.out / f"{case.name}.{seed}.{name}.json" for name in ("second-look", tool)]
                     for seed in range(max(case.seeds, 1))]
            pairs = [[read(path) for path in pair] for pair in pairs if all(path.exists() for path in pair)]
            if not pairs:
                continue
            # A tool that has not come to the end yet: the pictures that it has attacked.
            count = min(len(of["right"]) for pair in pairs for of in pair)
            pairs = [[{key: of[key] and of[key][:count] for key in ("right", "distance", "score")} for of in pair]
                     for pair in pairs]
            ours, theirs = (numpy.mean([measure(pair[n], clean)[case.judge] for pair in pairs]) for n in (0, 1))
            # Pictures that one tool's attack gets wrong and the other's does not.
            others = sum((numpy.array(a["right"]) != b["right"]).sum() for a, b in pairs)
            if case.judge == "distance":
                difference, limit = ours / theirs - 1, 0.05
                shown = f"{100 * difference:+.2f} %"
            else:
                difference, limit = ours - theirs, {"accuracy": 0.01, "sr_at_5": 0.03}[case.judge]
                shown = f"{100 * difference:+.1f} points"
            verdict = "yes" if abs(difference) <= limit + 1e-9 else "no"
            parameters = ", ".join(f"{key} {value}" for key, value in case.options.items())
            print(f"| {case.attack} | {case.norm} | {parameters} | {count} | {case.judge.replace('_', ' ')} | "
                  f"{figure(case, ours)} | {tool} | {figure(case, theirs)} | {shown} | "
                  f"{others}{' in ' + str(len(pairs)) + ' runs' if case.seeds > 1 else ''} | {verdict} |")
    path = options.out / "score.json"
    if path.exists():
        print("\n| temperature | pictures | clean | attacked | clean, from the picture on | median score | on one side |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for row in read(path):
            shown = " | ".join(f"{difference:.1e}" for difference in row["differences"])
            print("| {temperature} | {pictures} | {shown} | {median:.4f} | {one_sided:.4f} |".format(**row, shown=shown))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(required=True)
    for function in (run, table):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("--out", type=Path, required=True, help="folder for what became of each picture")
        if function is run:
            command.add_argument("--data", type=Path, required=True, help="folder with STL-10's binary files")
            command.add_argument("--second-look", type=Path, default=ROOT / "target" / "release" / "second-look",
                                 help="the program [default: %(default)s]")
            command.add_argument("cases", nargs="*", metavar="CASE", help="which cases [default: all]")
    options = options.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
