#!/usr/bin/env python3
"""Writes www/licences.txt, the notices of the packages that the program and the page are built from, and docs/sbom.cdx.json,
the list of all packages in Cargo.lock (CycloneDX): run it after any change of Cargo.lock, and commit both.

    python3 scripts/licences.py            # writes them
    python3 scripts/licences.py --check    # fails if they are not what it would write

Needs cargo and the packages' sources, which it fetches. Python's own library is enough."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTICES = ROOT / "www/licences.txt"
SBOM = ROOT / "docs/sbom.cdx.json"

# What is given to others, and how it is built. `all` targets: the program for each system.
PARTS = {
    "program": ["--target", "all"],
    "program with other features": ["--target", "all", "--all-features"],
    "page": ["--target", "wasm32-unknown-unknown"],
    "page on a GPU": ["--target", "wasm32-unknown-unknown", "--features", "gpu"],
    "page, drawing": ["--target", "wasm32-unknown-unknown", "--features", "draw"],
}
# The parts that everybody has; what is only in others is optional.
USUAL = {"program", "page"}

LICENCE_FILE = re.compile(r"(un)?licen[cs]e|copying|copyright|notice|ofl\b|ufl\b", re.IGNORECASE)
NO_TEXT = {".rs", ".sh", ".yml", ".toml", ".json", ".py"}
# Below them lies what is not linked.
NOT_LINKED = {"tests", "examples", "benches", ".github"}
# The libraries whose C sources are packed with a licence that is for other parts of them: xz's liblzma alone is 0BSD.
NOT_OURS = {("liblzma-sys", f"xz/COPYING{kind}") for kind in (".GPLv2", ".GPLv3", ".LGPLv2.1")}

# Packages without a licence file get the text of these others', without its copyright lines.
STANDARD = {
    "MIT": ("serde", "LICENSE-MIT"),
    "Apache-2.0": ("serde", "LICENSE-APACHE"),
    "MPL-2.0": ("colored", "LICENSE"),
    "BSD-3-Clause": ("alloc-no-stdlib", "LICENSE"),
    "Unlicense": ("memchr", "UNLICENSE"),
}

HEAD = """\
Second Look: the notices of its parts

Second Look itself is under the MIT or the Apache-2.0 licence, at your choice: the file LICENSE of the project. The weights and pictures that
it comes with have their own words in www/models/README.md.

The program and the page's modules also hold the packages below. First all of them are listed, each with its licence, the parts that it is in
and the numbers of its notices; then come the notices, each once. The Rust standard library (MIT OR Apache-2.0, Copyright (c) The
Rust Project contributors) is in both, too.
"""


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout


def packages():
    """Those of Cargo.lock that are not this project's own, by name and version."""
    found = json.loads(cargo("metadata", "--format-version", "1", "--all-features"))["packages"]
    return {(p["name"], p["version"]): p for p in found if p["source"]}


def parts_of():
    """The parts that each package is in, by name and version."""
    parts = {}
    for part, options in PARTS.items():
        lines = cargo(
            "tree", "--package", "second-look", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}", *options
        ).splitlines()
        for name, version in {tuple(line.split()[:2]) for line in lines if line}:
            parts.setdefault((name, version.removeprefix("v")), []).append(part)
    return parts


def checksums():
    """SHA-256 of each package as the registry has it."""
    lock = (ROOT / "Cargo.lock").read_text("utf-8")
    pattern = r'name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"'
    return {(name, version): checksum for name, version, checksum in re.findall(pattern, lock)}


def licence_files(package):
    """The licence files of a package: (path, text)."""
    root = pathlib.Path(package["manifest_path"]).parent
    paths = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_LINKED)
        paths += [pathlib.Path(folder, file) for file in files if LICENCE_FILE.match(file)]
    if given := package["license_file"]:
        paths.append(root / given)
    for path in sorted(set(paths)):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        if path.suffix.lower() not in NO_TEXT and (package["name"], name) not in NOT_OURS and path.is_file():
            yield name, tidied(path.read_text("utf-8", errors="replace"))


# Hundreds of packages bring these terms, each with another end.
APACHE_END = "END OF TERMS AND CONDITIONS"


def tidied(text):
    lines = [line.rstrip() for line in text.lstrip("\ufeff").replace("\f", "").expandtabs(4).splitlines()]
    return "\n".join(lines).strip("\n")


def expression(package):
    return (package["license"] or "see its notice").replace("/", " OR ")


def chosen(package):
    """The licences to which a package without a file is taken: of several that can be chosen, the first with a known text."""
    for choice in re.split(r"\s+OR\s+", expression(package).strip("()")):
        needed = re.split(r"\s+AND\s+", choice.strip("() "))
        if all(licence in STANDARD for licence in needed):
            return needed
    sys.exit(f"{package['name']}: no licence file, and no text of {expression(package)} in STANDARD of {__file__}")


def standard_text(licence, found):
    name, file = STANDARD[licence]
    package = next(p for (n, _), p in found.items() if n == name)
    text = dict(licence_files(package))[file]
    return re.sub(r"(?m)^Copyright \(c\).*\n+|^\s*The MIT License.*\n+", "", text)


class Texts:
    """Notices by their words, in the order in which they came."""

    def __init__(self):
        self.numbers, self.texts, self.of = {}, [], []

    def numbers_of(self, text, owner):
        terms, end, rest = text.partition(APACHE_END)
        return [self.number(part.strip("\n"), owner) for part in (terms + end, rest) if part.strip()]

    def number(self, text, owner):
        key = " ".join(re.findall(r"\w+", text.lower().replace("https:", "http:")))
        if key not in self.numbers:
            self.texts.append(text)
            self.of.append([])
            self.numbers[key] = len(self.texts)
        number = self.numbers[key]
        if owner not in self.of[number - 1]:
            self.of[number - 1].append(owner)
        return number


def notices(found, parts):
    texts, lines = Texts(), []
    for (name, version), package in sorted(found.items()):
        if (name, version) not in parts:
            continue
        files = list(licence_files(package))
        without = ""
        if not files:
            authors = ", ".join(re.sub(r"\s*<.*?>", "", author) for author in package["authors"])
            without = f"; no notice of its own{f', by {authors}' if authors else ''}"
            files = [(licence, standard_text(licence, found)) for licence in chosen(package)]
        numbers = sorted({number for _, text in files for number in texts.numbers_of(text, f"{name} {version}")})
        lines.append(
            f"{name} {version}: {expression(package)}{without}; in {', '.join(parts[name, version])}; notices "
            f"{', '.join(map(str, numbers))}"
        )
    body = [HEAD, "PACKAGES\n", "\n".join(lines), "\nNOTICES"]
    for number, (text, of) in enumerate(zip(texts.texts, texts.of), 1):
        owners = textwrap.fill(f"{number}. Of {', '.join(of)}", 120, break_long_words=False, break_on_hyphens=False)
        body.append(f"\n{'=' * 80}\n{owners}\n{'-' * 80}\n{text}")
    return "\n".join(body) + "\n"


def sbom(found, parts):
    """CycloneDX 1.5: what the program and the page hold is required or optional; what only builds or tests them is excluded."""
    sums, components = checksums(), []
    for (name, version), package in sorted(found.items()):
        within = parts.get((name, version), [])
        scope = "excluded" if not within else "required" if USUAL & set(within) else "optional"
        purl = f"pkg:cargo/{name}@{version}"
        component = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "scope": scope,
            "hashes": [{"alg": "SHA-256", "content": sums[name, version]}],
            "licenses": [{"expression": expression(package)}] if package["license"] else [],
            "purl": purl,
        }
        if within:
            component["properties"] = [{"name": "second-look:part", "value": part} for part in within]
        components.append(component)
    own = next(line for line in (ROOT / "Cargo.toml").read_text("utf-8").splitlines() if line.startswith("version = "))
    version = own.split('"')[1]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "second-look", "name": "second-look", "version": version}},
    }
    # A package a line: a change of Cargo.lock shows as the lines of the packages that it is about.
    head = json.dumps(bom, indent=2).removesuffix("\n}")
    lines = ",\n".join("    " + json.dumps(component, ensure_ascii=False) for component in components)
    return f'{head},\n  "components": [\n{lines}\n  ]\n}}\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    check = parser.parse_args().check
    found, parts = packages(), parts_of()
    late = []
    for path, text in ((NOTICES, notices(found, parts)), (SBOM, sbom(found, parts))):
        if not check:
            path.write_text(text, "utf-8", newline="\n")
        elif not path.is_file() or path.read_text("utf-8") != text:
            late.append(path.relative_to(ROOT).as_posix())
    if late:
        sys.exit(f"error: {' and '.join(late)} lag behind Cargo.lock: run python3 scripts/licences.py")


if __name__ == "__main__":
    main()
