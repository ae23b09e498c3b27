"""The twelve problems: a table of examples each, and a configuration that names only data and space.

The seed of a problem draws its rule as well as its examples, so that settings can be chosen on other problems than
those that are reported.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data import MotifTask, Simulation, find_data, simulate

LETTERS = np.array(list("ACGT"))
RARE = 0.03
Table = tuple[list[str], list[list[Any]]]

RESIDUAL = """\
model_space:
  - repeat: 2
    candidates:
      - {Layer_type: conv1d, filters: 16, kernel_size: 8, activation: relu}
      - {Layer_type: conv1d, filters: 16, kernel_size: 4, activation: relu}
      - {Layer_type: maxpool1d, filters: 16, pool_size: 2}
      - {Layer_type: identity, filters: 16}
  - repeat: 2
    candidates:
      - {Layer_type: conv1d, filters: 32, kernel_size: 8, activation: relu}
      - {Layer_type: conv1d, filters: 32, kernel_size: 4, activation: relu}
      - {Layer_type: avgpool1d, filters: 32, pool_size: 2}
      - {Layer_type: identity, filters: 32}
"""
CHAIN = """\
model_space:
  - - {Layer_type: conv1d, filters: 16, kernel_size: 8, padding: same, activation: relu}
    - {Layer_type: conv1d, filters: 32, kernel_size: 8, padding: same, activation: relu}
    - {Layer_type: conv1d, filters: 32, kernel_size: 12, padding: same, activation: relu}
  - - {Layer_type: maxpool1d, pool_size: 2}
    - {Layer_type: maxpool1d, pool_size: 4}
    - {Layer_type: avgpool1d, pool_size: 4}
  - - {Layer_type: conv1d, filters: 32, kernel_size: 4, padding: same, activation: relu}
    - {Layer_type: identity}
  - - {Layer_type: flatten}
    - {Layer_type: globalmaxpool1d}
  - - {Layer_type: dense, units: 32, activation: relu}
    - {Layer_type: dense, units: 64, activation: relu}
    - {Layer_type: identity}
"""
DENSE = """\
model_space:
  - repeat: 3
    candidates:
      - {Layer_type: dense, units: 32, activation: relu}
      - {Layer_type: dense, units: 64, activation: relu}
      - {Layer_type: dense, units: 64, activation: tanh}
      - {Layer_type: dropout, rate: 0.3}
"""
LABELLED = "data:\n  source: {path}\n  split: random\n"
NUMBER = """\
data:
  source: {path}
  split: random
  blocks:
    sequence: {{sequence: seq}}
  outputs:
    y: {{column: label, type: number}}
"""
FEATURES = """\
data:
  source: {path}
  split: random
  blocks:
    fou: fou_1..fou_76
    kar: kar_1..kar_64
"""


@dataclass(frozen=True)
class DefaultsProblem:
    """One problem.

    Attributes:
        name: short.
        examples: in all; a fifth is for the test.
        measure: how network and linear model are compared: `accuracy`, `auprc` or `r2`.
        what: in words.
        table: draws header and rows from the number of examples and a generator.
        data: the section `data`, with the place of the path.
        space: the section `model_space`.
    """

    name: str
    examples: int
    measure: str
    what: str
    table: Callable[[int, np.random.Generator], Table]
    data: str = LABELLED
    space: str = RESIDUAL

    def write(self, folder: Path, seed: int) -> Path:
        """Writes table and configuration, and returns the latter."""
        folder.mkdir(parents=True, exist_ok=True)
        # A generator of numbers that no other problem has.
        generator = np.random.default_rng([seed, *self.name.encode()])
        header, rows = self.table(self.examples, generator)
        path = folder / f"{self.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        config = folder / f"{self.name}.yaml"
        config.write_text(self.data.format(path=path) + self.space, encoding="utf-8")
        return config


def _bases(examples: int, length: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return generator.integers(0, 4, (examples, length))


def _labelled(bases: NDArray[np.int64], labels: Sequence[Any]) -> Table:
    texts = ["".join(row) for row in LETTERS[bases]]
    return ["seq", "label"], [list(pair) for pair in zip(texts, labels, strict=True)]


def _additive(bases: NDArray[np.int64], outputs: int, positions: int, generator: np.random.Generator) -> Any:
    """Scores with standard deviation 1, each a sum over bases at some positions."""
    length = bases.shape[1]
    weights = np.zeros((length, 4, outputs))
    chosen = generator.choice(length, positions, replace=False)
    weights[chosen] = generator.normal(size=(positions, 4, outputs))
    scores = weights[np.arange(length), bases].sum(axis=1)
    return (scores - scores.mean(axis=0)) / scores.std(axis=0)


def _linear_classes(length: int, positives: float, strength: float) -> Callable[..., Table]:
    def draw(examples: int, generator: np.random.Generator) -> Table:
        bases = _bases(examples, length, generator)
        score = strength * _additive(bases, 1, 12, generator)[:, 0] + generator.logistic(size=examples)
        return _labelled(bases, ["yes" if each else "no" for each in score > np.quantile(score, 1 - positives)])

    return draw


def _five_linear(length: int, strength: float) -> Callable[..., Table]:
    def draw(examples: int, generator: np.random.Generator) -> Table:
        bases = _bases(examples, length, generator)
        scores = strength * _additive(bases, 5, 12, generator) + generator.gumbel(size=(examples, 5))
        return _labelled(bases, [f"type{number}" for number in scores.argmax(axis=1)])

    return draw


def _five_motifs(length: int) -> Callable[..., Table]:
    def draw(examples: int, generator: np.random.Generator) -> Table:
        bases, labels = _bases(examples, length, generator), generator.integers(0, 5, examples)
        motifs = generator.integers(0, 4, (5, 9))
        for row, start in zip(range(examples), generator.integers(0, length - 9, examples), strict=True):
            site = motifs[labels[row]]
            bases[row, start : start + 9] = np.where(generator.random(9) < 0.95, site, bases[row, start : start + 9])
        return _labelled(bases, [f"type{number}" for number in labels])

    return draw


def _motif(length: int, positives: float, motifs: int) -> Callable[..., Table]:
    def draw(examples: int, generator: np.random.Generator) -> Table:
        names = {"ap1": "TGASTCA", "gata": "AGATAAG"}
        tasks = {"bound": MotifTask(tuple(names)[:motifs])}
        seed = int(generator.integers(2**31))
        drawn = simulate(
            Simulation(records=examples, length=length, motifs=names, tasks=tasks, positives=positives, seed=seed)
        )
        labels = ["site" if each else "free" for each in drawn.labels["bound"]]
        return ["seq", "label"], [list(pair) for pair in zip(drawn.sequences, labels, strict=True)]

    return draw


def _number(length: int, noise: float, pairs: int = 0, composition: bool = False) -> Callable[..., Table]:
    def draw(examples: int, generator: np.random.Generator) -> Table:
        bases = _bases(examples, length, generator)
        if composition:  # the share of G and C differs from example to example, and counts
            share = generator.uniform(0.3, 0.7, (examples, 1))
            bases = np.where(
                generator.random(bases.shape) < share, generator.integers(1, 3, bases.shape), 3 * (bases % 2)
            )
            value = 4 * share[:, 0] + 0.5 * _additive(bases, 1, 12, generator)[:, 0]
        else:
            value = _additive(bases, 1, 12, generator)[:, 0]
        for left, right in generator.integers(0, length, (pairs, 2)):
            value += generator.normal() * (bases[:, left] == bases[:, right])
        value = 20 + 5 * (value + noise * generator.normal(size=examples))
        return _labelled(bases, [f"{each:.4f}" for each in value])

    return draw


def _packaged(name: str, label: str, classes: Sequence[str]) -> Callable[..., Table]:
    """Examples of a packaged data set, as many of each class; of `label` the column becomes `label`."""

    def draw(examples: int, generator: np.random.Generator) -> Table:
        with gzip.open(find_data(name), "rt", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        column = header.index(label)
        kept: list[list[str]] = []
        for each in classes:
            members = [row for row in rows if row[column] == each]
            kept += [members[k] for k in generator.choice(len(members), examples // len(classes), replace=False)]
        return [("label" if name == label else name) for name in header], kept

    return draw


PROBLEMS = (
    DefaultsProblem("linear-200", 200, "accuracy", "2 classes, 40 bp, bases at 12 places", _linear_classes(40, 0.5, 3)),
    DefaultsProblem("rare-200", 200, "auprc", "2 classes, 97:3, 40 bp, a motif", _motif(40, RARE, 1), space=CHAIN),
    DefaultsProblem(
        "digits-200",
        200,
        "accuracy",
        "5 classes, 2 groups of features (mfeat)",
        _packaged("mfeat", "digit", "01234"),
        FEATURES,
        DENSE,
    ),
    DefaultsProblem("number-200", 200, "r2", "a number, 40 bp, bases at 12 places", _number(40, 0.5), NUMBER),
    DefaultsProblem(
        "splice-1000",
        1000,
        "accuracy",
        "2 classes, 60 bp (splice)",
        _packaged("splice", "label", ("EI", "IE")),
        space=CHAIN,
    ),
    DefaultsProblem(
        "rare-1000", 1000, "auprc", "2 classes, 97:3, 40 bp, bases at 12 places", _linear_classes(40, RARE, 5)
    ),
    DefaultsProblem("motifs-1000", 1000, "accuracy", "5 classes, 400 bp, a motif each", _five_motifs(400)),
    DefaultsProblem(
        "number-1000",
        1000,
        "r2",
        "a number, 400 bp, composition and 12 places",
        _number(400, 0.2, composition=True),
        NUMBER,
        CHAIN,
    ),
    DefaultsProblem("pair-10000", 10_000, "accuracy", "2 classes, 400 bp, distance of two motifs", _motif(400, 0.5, 2)),
    DefaultsProblem(
        "rare-10000",
        10_000,
        "auprc",
        "2 classes, 97:3, 40 bp, bases at 12 places",
        _linear_classes(40, RARE, 4),
        space=CHAIN,
    ),
    DefaultsProblem("linear-10000", 10_000, "accuracy", "5 classes, 40 bp, bases at 12 places", _five_linear(40, 2)),
    DefaultsProblem(
        "number-10000", 10_000, "r2", "a number, 40 bp, 12 places and 8 pairs", _number(40, 0.3, pairs=8), NUMBER
    ),
)
