#!/usr/bin/env python3
"""Times this project's works on the CPU beside PyTorch's, and prints tables in Markdown; docs/speed.md explains them.

    python3 benches/peers/pytorch.py [--data DIR] [--rounds 5] [WORK...] >table.md

Needs: cargo, and pip install torch numpy safetensors. DIR is a folder with STL-10's train_X.bin and train_y.bin;
without it, both sides compute on the same drawn pictures.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OURS = ROOT / "target" / "release" / "speed-work"
PEER = [sys.executable, str(HERE / "pytorch_work.py")]
SIDES = ["ours", "f32", "channels_last"]
#: How far the results of the two sides may be apart. VGG16 has random weights on each, so its results tell nothing.
TOLERANCE, NOT_COMPARED = 0.02, ["vgg"]


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def command(side, work, data, threads, seconds):
    if side == "ours":
        return [str(OURS), "run", work, "--data", str(data), "--seconds", str(seconds)]
    peer = [*PEER, work, "--data", str(data), "--seconds", str(seconds), "--threads", str(threads)]
    return peer + ["--channels-last"] * (side == "channels_last")


def run(command, threads):
    """What a process prints, and its peak memory in MB."""
    names = ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    process = subprocess.Popen(command, stdout=subprocess.PIPE,
                               env={**os.environ, **dict.fromkeys(names, str(threads))})
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return printed, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(side, work, data, threads, seconds):
    """Medians of one process's runs, their result, and the process's peak memory in MB."""
    printed, memory = run(command(side, work, data, threads, seconds), threads)
    found = json.loads(printed)
    return {"cpu": median(found["cpu"]), "wall": median(found["wall"]), "result": found["result"], "memory": memory}


def compare(work, results):
    """Fails when the sides do not compute the same."""
    for side, result in results.items():
        if work not in NOT_COMPARED and abs(result / results["ours"] - 1) > TOLERANCE:
            sys.exit(f"{work}: {side} computes {result}, ours {results['ours']}: not the same work")


def median(values):
    return statistics.median(values)


def spread(values, digits=3):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(head, rows):
    print("|", " | ".join(head), "|")
    print("|", " | ".join("---" for _ in head), "|")
    for row in rows:
        print("|", " | ".join(row), "|")
    print()


def times(works, found, flops, peak, threads, quantity):
    """Medians of the rounds and, in brackets, the least and the most; speeds beside them."""
    head = ["work", "GFLOP", *SIDES, "ours / f32", "ours / channels_last", *(f"GFLOP/s, {side}" for side in SIDES)]
    rows = []
    for work in works:
        seconds = {side: [run[quantity] for run in found[work, threads, side]] for side in SIDES}
        middle = {side: median(values) for side, values in seconds.items()}
        speeds = {side: flops[work] / middle[side] / 1e9 for side in SIDES}
        rows.append([work, f"{flops[work] / 1e9:.1f}", *(spread(seconds[side]) for side in SIDES),
                     *(f"{middle['ours'] / middle[side]:.2f}" for side in SIDES[1:]),
                     *(f"{speeds[side]:.1f} ({speeds[side] / peak:.0%})" for side in SIDES)])
    table(head, rows)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("works", nargs="*", metavar="WORK", help="[default: all; `speed-work list` explains them]")
    options.add_argument("--data", type=Path, help="folder with STL-10's files [default: drawn pictures]")
    options.add_argument("--rounds", type=int, default=5, help="rounds, in each of which every side runs once")
    options.add_argument("--threads", type=int, default=2, help="threads where wall time is measured")
    options.add_argument("--seconds", type=float, default=2.0, help="how long a process repeats its work")
    options = options.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        output("cargo", "build", "--release", "--bin", "speed-work")
        output("rustc", "--edition", "2024", "-O", "-C", "target-cpu=native", str(HERE / "peak.rs"),
               "-o", f"{temporary}/peak")
        meanings = dict(json.loads(output(str(OURS), "list")))
        works = options.works or list(meanings)
        if unknown := set(works) - set(meanings):
            sys.exit(f"there is no work {', '.join(unknown)}; there are {', '.join(meanings)}")
        data = options.data
        if data is None:
            data = Path(temporary)
            output(str(OURS), "draw", temporary)
        elif (data / "stl10_binary").is_dir():
            data = data / "stl10_binary"
        flops = {work: int(output(*PEER, work, "--data", str(data), "--count")) for work in works}
        found, peaks = defaultdict(list), defaultdict(list)
        for round in range(options.rounds):
            order = SIDES[round % 3:] + SIDES[:round % 3]  # no side always comes first
            for threads in (1, options.threads):
                peaks[threads].append(float(output(f"{temporary}/peak", str(threads))))
            for work in works:
                for threads in (1, options.threads):
                    for side in order:
                        found[work, threads, side].append(measure(side, work, data, threads, options.seconds))
                    compare(work, {side: found[work, threads, side][-1]["result"] for side in SIDES})
            print(f"round {round + 1} of {options.rounds}", file=sys.stderr)

    commit, changed = output("git", "rev-parse", "--short", "HEAD"), output("git", "status", "--porcelain", "-uno")
    torch, empty = run([sys.executable, "-c", "import torch; print(torch.__version__)"], 1)
    print(f"{processor()}, {os.cpu_count()} cores; commit {commit}{' and changes' if changed else ''}; "
          f"PyTorch {torch.decode().strip()}; "
          f"{'STL-10' if options.data else 'drawn pictures'}; {options.rounds} interleaved rounds; "
          f"peak {spread(peaks[1], 0)} GFLOP/s with 1 thread, {spread(peaks[options.threads], 0)} with "
          f"{options.threads}.\n")
    print("1 thread, CPU seconds, ours and PyTorch's in both layouts: median of the rounds (least to most); GFLOP/s and "
          "share of the peak.\n")
    times(works, found, flops, median(peaks[1]), 1, "cpu")
    print(f"{options.threads} threads, wall seconds.\n")
    times(works, found, flops, median(peaks[options.threads]), options.threads, "wall")
    print(f"{options.threads} threads: CPU seconds per wall second, and peak memory of the process in MB "
          f"({empty:.0f} of PyTorch's before it does anything).\n")
    several = {work: {side: found[work, options.threads, side] for side in SIDES} for work in works}
    table(["work", *(f"CPU / wall, {side}" for side in SIDES), *(f"MB, {side}" for side in SIDES)],
          [[work, *(f"{median([run['cpu'] / run['wall'] for run in runs]):.2f}" for runs in sides.values()),
            *(spread([run["memory"] for run in runs], 0) for runs in sides.values())]
           for work, sides in several.items()])
    for work in works:
        print(f"- {work}: {meanings[work]}")


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
