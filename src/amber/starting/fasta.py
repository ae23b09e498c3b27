"""Propose how to read FASTA files: one for each class, labels in the headers, or shuffles as the other class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from amber.data.encoding.coding import SequenceForm
from amber.data.genomics.fasta import Fasta, read_fasta
from amber.data.negatives.matched import with_shuffled_negatives
from amber.data.sources import FastaSource, Wanted
from amber.errors import DataError
from amber.starting.proposal import (
    RANDOM,
    SIMILAR,
    Line,
    Proposal,
    alphabet_of,
    of_alphabet,
    of_lengths,
    relative,
    said_of_lengths,
)

_COMPRESSED = re.compile(r"\.(gz|bgz|bz2|xz)$")
# How labels stand in headers: `label=1`, `class:bound`, or a last field `|1`.
_IN_HEADERS = (r"(?:label|class|target)[=:]([^\s|;,]+)", r"\|([01])(?:\||\s|$)")


def propose_fasta(files: Sequence[Path], folder: Path) -> Proposal:
    """Propose the section `data` for FASTA files; without labels, a file of shuffles beside the configuration.

    Raises:
        DataError: files that are not FASTA, or two with the same name.
    """
    read = [read_fasta(each) for each in files]
    texts = [text for each in read for text in each.sequences]
    lengths = np.array([len(text) for text in texts], np.int64)
    alphabet = alphabet_of(texts)
    name = class_name(files[0])
    source: dict[str, object] = {}
    made: dict[Path, str] = {}
    if len(files) > 1:
        source["fasta"] = by_class(files, folder)
        said, seen = "one file for each class", _by_file(files, read)
        name = "_".join(map(class_name, files[:3]))
    elif (pattern := _pattern(read[0])) is not None:
        source |= {"fasta": relative(files[0], folder), "labels": pattern}
        said, seen = "labels are in the headers", f"{files[0].name}, {len(read[0]):,} entries with labels"
    else:
        shuffled = folder / f"{class_name(files[0])}.shuffled.fa"
        made[shuffled] = _shuffled(files[0], shuffled, alphabet, lengths)
        source["fasta"] = {name: relative(files[0], folder), "shuffled": relative(shuffled, folder)}
        said = "one file without labels: the other class is its shuffles, with the same dinucleotide counts"
        seen = f"{files[0].name}, {len(read[0]):,} entries without labels; {shuffled.name}: the same number of shuffles"
    lines = [Line("source", source, said), *of_alphabet(alphabet), *of_lengths(lengths)]
    return Proposal(
        name,
        lines,
        # A shuffle and its sequence have little in common, but pairs of classes are not kept together.
        [SIMILAR, RANDOM] if alphabet != "protein" else [RANDOM],
        [("Files", seen), ("Sequences", said_of_lengths(lengths, alphabet))],
        made,
    )


def by_class(files: Sequence[Path], folder: Path) -> dict[str, str]:
    """Return the files by class name.

    Raises:
        DataError: two files with the same name.
    """
    found: dict[str, str] = {}
    for each in files:
        name = class_name(each)
        if name in found:
            raise DataError(
                "Each file is a class with its name: expected different names. Rename one. "
                f"Received: {found[name]} and {each}, which would both be called {name}"
            )
        found[name] = relative(each, folder)
    return found


def class_name(path: Path) -> str:
    """Return the name of a class: that of its file without endings such as `.fa.gz`."""
    stem = Path(_COMPRESSED.sub("", path.name)).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "class"


def _by_file(files: Sequence[Path], read: Sequence[Fasta]) -> str:
    each = [f"{class_name(path)} ({len(fasta):,})" for path, fasta in zip(files, read, strict=True)]
    return f"{len(files)} FASTA files, one for each class: {', '.join(each)}"


def _pattern(read: Fasta) -> str | None:
    headers = [f"{name} {more}".strip() for name, more in zip(read.names, read.descriptions, strict=True)]
    for pattern in _IN_HEADERS:
        found = [re.search(pattern, header) for header in headers]
        if all(found) and len({each[1] for each in found if each}) > 1:
            return pattern
    return None


def _shuffled(path: Path, target: Path, alphabet: str, lengths: np.ndarray) -> str:
    """Return the shuffles of the sequences of a file, for another one, as FASTA."""
    if alphabet == "protein":
        raise DataError(
            f"{path}: expected a file for each of two classes, or labels in the headers, such as label=1. "
            "Received: one file of proteins without labels",
            file=str(path),
        )
    length = None if lengths.min() == lengths.max() else next(each.value for each in of_lengths(lengths))
    form = SequenceForm(alphabet, length)
    examples = with_shuffled_negatives(FastaSource(str(path)).examples(Wanted(form=form)))
    half = len(examples) // 2
    codes = examples.read(np.arange(half, 2 * half))["sequence"]
    kind = examples.inputs["sequence"]
    letters = np.array([*kind.alphabet.letters, *"N" * (256 - len(kind.alphabet.letters))])  # type: ignore[union-attr]
    if target.exists():
        raise DataError(
            f"{target}: expected no such file, because shuffled sequences are written there. Move it away first."
        )
    return "".join(f">shuffled_{row + 1}\n{''.join(letters[each])}\n" for row, each in enumerate(codes))
