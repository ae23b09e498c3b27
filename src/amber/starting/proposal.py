"""A proposal for files: lines of the section `data`, each with its reason, and what was seen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.display import one_line

# Above this ratio of longest to median length, the longest sequences are cut.
_FEW_LONGER = 1.25
_CUT_AT = 90  # percentile
# Letters of proteins that mean nothing in nucleotides.
_OF_PROTEINS = frozenset("EFILPQZJO*")


@dataclass(frozen=True)
class Line:
    """A line of the section `data`.

    Attributes:
        key: its name.
        value: as YAML has it.
        said: the reason, for a comment.
        guess: whether it was guessed.
        commented: whether it stands in a comment, as something that could be written.
    """

    key: str
    value: Any
    said: str = ""
    guess: bool = True
    commented: bool = False


@dataclass(frozen=True)
class SplitOption:
    """A way to divide the examples, with its reason."""

    value: Any
    said: str


@dataclass(frozen=True)
class Proposal:
    """A proposal for files.

    Attributes:
        name: of the search.
        data: lines of the section `data` except the split.
        splits: ways to divide the examples, the best first; the first that the data allow is taken.
        seen: what was seen, each as a heading and a sentence.
        made: files to be made beside the configuration, with their text.
    """

    name: str
    data: Sequence[Line]
    splits: Sequence[SplitOption]
    seen: Sequence[tuple[str, str]]
    made: Mapping[Path, str] = field(default_factory=dict)
    __repr__ = one_line


SIMILAR = SplitOption("similarity", "near-duplicates on either strand stay in one split")
RANDOM = SplitOption("random", "at random; fractions: [0.7, 0.1, 0.2] is the default")


def relative(path: Path, folder: Path) -> str:
    """Return a path as a configuration in a folder names it: relative if the file is in or below the folder."""
    found = os.path.relpath(path, folder)
    return found if not found.startswith("..") else os.path.abspath(path)


def alphabet_of(texts: Sequence[str]) -> str:
    """Return `dna`, `rna` or `protein`, by the letters of some sequences."""
    letters = set("".join(texts[:2_000]).upper())
    if letters & _OF_PROTEINS:
        return "protein"
    return "rna" if "U" in letters and "T" not in letters else "dna"


def of_alphabet(alphabet: str) -> list[Line]:
    """Return the line for an alphabet that is not DNA; nothing for DNA."""
    return [] if alphabet == "dna" else [Line("alphabet", alphabet, "by the letters")]


def of_lengths(lengths: NDArray[np.int64]) -> list[Line]:
    """Return the lines for unequal lengths; nothing where they are equal."""
    shortest, median, longest = int(lengths.min()), int(np.median(lengths)), int(lengths.max())
    if shortest == longest:
        return []
    there = f"sequences are {shortest:,} to {longest:,} letters long, half of them below {median:,}"
    cut = int(np.ceil(np.percentile(lengths, _CUT_AT) / 10) * 10)
    if longest <= max(cut, _FEW_LONGER * median):
        return [
            Line("length", "longest", f"{there}; shorter ones are padded"),
            Line("align", "centre", "the middle stays in place; or left, right"),
        ]
    return [
        Line("length", cut, f"{there}; longer ones are cut, shorter ones padded"),
        Line("align", "centre", "the middle stays in place; or left, right"),
    ]


def said_of_lengths(lengths: NDArray[np.int64], alphabet: str) -> str:
    """Return a sentence about sequences."""
    names = {"dna": "DNA", "rna": "RNA", "protein": "protein"}
    shortest, longest = int(lengths.min()), int(lengths.max())
    each = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    return f"{len(lengths):,} of {each} letters, {names[alphabet]}"
