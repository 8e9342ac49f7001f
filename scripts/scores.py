#!/usr/bin/env python3
"""Writes www/scores.json, the scores of many pictures that the page shows above the threshold, from evaluations:

    second-look evaluate --data data --pictures 200 --json report.json --records records.json
    python3 scripts/scores.py report.json records.json [REPORT RECORDS ...]

A pair of files for each classifier, autoencoder and attacker; all of them at once, since the file is written anew. The scores at
other temperatures than the detector's follow from the recorded predictions. Python's own library is enough."""

import argparse
import hashlib
import json
import math
import pathlib
import sys
import zlib

WWW = pathlib.Path(__file__).parent.parent / "www"
OUT = WWW / "scores.json"
# What the page may load for it, in bytes.
LARGEST = 40_000
# Scores kept of each kind: of more pictures, so many evenly spaced ranks.
KEPT = 200


def softened(probabilities, temperature):
    """p^(1/T), renormalised, as logarithms."""
    # Probabilities are 32-bit numbers; what they round to 0 was at most their smallest.
    logarithms = [math.log(max(p, 1e-45)) / temperature for p in probabilities]
    top = max(logarithms)
    total = top + math.log(sum(math.exp(value - top) for value in logarithms))
    return [value - total for value in logarithms]


def divergence(verdict, direction, temperature):
    p = softened(verdict["prediction"], temperature)
    q = softened(verdict["reconstruction_prediction"], temperature)
    if direction == "reverse":
        p, q = q, p
    return max(0.0, sum(math.exp(a) * (a - b) for a, b in zip(p, q)))


def thinned(scores):
    """Sorted, to three digits."""
    scores = sorted(scores)
    count = min(KEPT, len(scores))
    # The middle of each of `count` equal parts.
    kept = [scores[(2 * i + 1) * len(scores) // (2 * count)] for i in range(count)]
    return [float(f"{score:.3g}") for score in kept]


def described(attack):
    name = {"pgd": "PGD", "mi-fgsm": "MI-FGSM"}.get(attack["attack"], attack["attack"])
    norm = {"linf": "L∞", "l2": "L2"}.get(attack["norm"], attack["norm"])
    numbers = ", ".join(f"{key} {attack[key]:g}" for key in ("eps", "eps_step", "max_iter") if key in attack)
    return f"untargeted {name}, {norm}, {numbers}"


def pictures_of(report):
    data, count = report["data"], report["pictures"]
    if data["kind"] == "stl10":
        return f"{count} photographs of STL-10’s official {data['split']} split"
    return f"{count} drawn pictures"


def sha256_of(model):
    """Of the bundled file that an evaluation names by its CRC-32; of other weights' scores the page has no use."""
    for path in sorted((WWW / "models").glob("*.safetensors")):
        contents = path.read_bytes()
        if zlib.crc32(contents) == model["crc32"]:
            return hashlib.sha256(contents).hexdigest()
    sys.exit(f"error: {model['file']} of the evaluation is none of the files in {WWW / 'models'}")


def set_of(report, records, temperatures):
    if report["warnings"]:
        sys.exit(f"error: the evaluation warns: {report['warnings']}")
    detector = report["detector"]["score"]["divergence"]
    own, direction = detector["temperature"], detector["direction"]
    scores = []
    for temperature in sorted({own, *temperatures}):
        of = {kind: [divergence(r[kind], direction, temperature) for r in records] for kind in ("clean", "attacked")}
        if temperature == own:
            # The same formula as the detector's, or the others are of no use.
            for kind, values in of.items():
                for value, record in zip(values, records):
                    if abs(value - record[kind]["score"]) > 1e-3 + 1e-2 * record[kind]["score"]:
                        sys.exit(f"error: the recorded score is {record[kind]['score']}, and not {value}")
        scores.append({"temperature": temperature, **{kind: thinned(values) for kind, values in of.items()}})
    return {
        "classifier": sha256_of(report["models"]["classifier"]),
        "autoencoder": sha256_of(report["models"]["autoencoder"]),
        "attacker": report["attacker"],
        "attack": described(report["attack"]),
        "pictures": pictures_of(report),
        "scores": scores,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="REPORT RECORDS", help="written by evaluate --json and --records")
    parser.add_argument("--temperatures", nargs="*", type=float, default=[1, 10], help="besides the detector's [default: 1 10]")
    arguments = parser.parse_args()
    if len(arguments.files) % 2:
        parser.error("name a report and its records, in pairs")
    read = lambda path: json.loads(pathlib.Path(path).read_text())
    pairs = zip(arguments.files[::2], arguments.files[1::2])
    sets = [set_of(read(report), read(records), arguments.temperatures) for report, records in pairs]
    text = json.dumps({"sets": sets}, ensure_ascii=False, separators=(",", ":")) + "\n"
    if len(text.encode()) > LARGEST:
        sys.exit(f"error: {len(text.encode())} bytes are more than {LARGEST}: leave temperatures out")
    OUT.write_text(text)
    print(f"{OUT.name}: {len(sets)} sets, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
