"""A data card: what a data set holds and what may be wrong with it, as tables of text for a terminal or a page.

Labels of the test part are not looked at; its inputs are only compared with those of the other parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from amber.data import Dataset, Split, SplitIndices, Target
from amber.data.dataset import rows_of
from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.examples import ArrayExamples, SequenceInput
from amber.data.from_examples import LETTERS_COMPARED
from amber.data.remarks import identities, remarks
from amber.data.splits.leakage import SAID_OF_LEAKS, find_leaks
from amber.data.targets.target import known_labels, known_numbers
from amber.display import one_line
from amber.types import Array, Inputs

# Rows of each split that lengths and composition are computed from; most bytes of inputs that are compared.
_LOOKED_AT, _COMPARED = 4_000, 2**29
_DRAWN, _LABELS_SHOWN, _NUMBERS_SHOWN = 10, 12, 6
FILLED = "·"
"""Marks a padded position of a sequence."""


@dataclass(frozen=True)
class CardTable:
    """A table of a card; all but the first column are numbers.

    Attributes:
        title: above it.
        header: names of columns.
        rows: texts.
        said: a sentence about the table; empty where there is none.
        shares: of each row, from 0 to 1, for a bar; empty where there are none.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    said: str = ""
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class DrawnExample:
    """The beginning of a training sequence.

    Attributes:
        label: what is predicted of it.
        letters: of the sequence; `·` where it is padded.
    """

    label: str
    letters: str


@dataclass(frozen=True)
class DataCard:
    """What a data set holds.

    Attributes:
        name: of the data set.
        path: its first file; empty where it has none.
        tasks: one sentence for each target.
        split: where the parts come from.
        tables: parts, labels, lengths, composition.
        warnings: what may make results worse than they seem.
        notes: what was recognised, left out or changed.
        drawn: some training sequences.
        alphabet: letters in the order of the channels.
    """

    name: str
    path: str
    tasks: tuple[str, ...]
    split: str
    tables: tuple[CardTable, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    drawn: tuple[DrawnExample, ...] = field(default=())
    alphabet: str = "ACGT"
    __repr__ = one_line


def data_card(dataset: Dataset, alphabet: str = "dna") -> DataCard:
    """Return the card of a data set.

    Args:
        dataset: divided examples.
        alphabet: of its sequences, as a configuration names it.
    """
    letters = Alphabet.of(alphabet).letters
    # What loading found has the files and lines of the examples.
    leaks = [note for note in dataset.notes if any(f" {said} " in note for said in SAID_OF_LEAKS.values())]
    further = [each for each in _leaks(dataset, alphabet) if not any(map(each.startswith, map(_kind_of, leaks)))]
    warnings = list(dict.fromkeys([*remarks(dataset), *further]))
    return DataCard(
        dataset.name,
        "" if dataset.path is None else str(dataset.path),
        tuple(f"{target.name}: {target.describe()}" for target in dataset.targets),
        str(dataset.split_origin or dataset.split),
        (_parts(dataset), *_labels(dataset), *_sequences(dataset, letters)),
        (*warnings, *leaks),
        tuple(note for note in dataset.notes if note not in leaks),
        tuple(_drawn(dataset, letters)),
        letters,
    )


def _kind_of(leak: str) -> str:
    """Return what a sentence about a leak says before its examples: how many, and of which parts."""
    return leak.split(", such as ", maxsplit=1)[0]


def _parts(dataset: Dataset) -> CardTable:
    sizes = dataset.sizes
    total = sum(sizes.values())
    inputs = (dataset.train.x, dataset.validation.x, dataset.test.inputs_to_compare())
    rows = tuple(
        (part, f"{count:,}", f"{count / total:.1%}", _repeated(x))
        for (part, count), x in zip(sizes.items(), inputs, strict=True)
    )
    shares = tuple(count / total for count in sizes.values())
    shapes = dataset.input_shape if isinstance(dataset.input_shape, Mapping) else {"input": dataset.input_shape}
    each = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in shapes.items())
    said = f"Each example: {each}. Repeated: same inputs as an earlier example of the part."
    return CardTable("Parts", ("part", "examples", "share", "repeated"), rows, said, shares)


def _repeated(x: Inputs) -> str:
    found = identities(x)
    return "not looked for" if found is None else f"{len(found) - len(np.unique(found)):,}"


def _labels(dataset: Dataset) -> Iterator[CardTable]:
    parts = {"train": dataset.train, "validation": dataset.validation}
    for target in dataset.targets:
        values = {name: np.asarray(part.values_of(target.name)) for name, part in parts.items()}
        if target.labels is not None:
            yield _of_labels(target, values)
        elif target.numbers is not None:
            yield _of_numbers(target, values)
        elif target.classes is not None:
            yield _of_classes(target, values)
        else:
            yield _of_number(target, values)


def _of_classes(target: Target, values: Mapping[str, Array]) -> CardTable:
    names = list(target.classes or ())
    counts = {part: np.bincount(each.astype(np.int64), minlength=len(names)) for part, each in values.items()}
    rows = tuple(
        (name, *(f"{each[row]:,} ({each[row] / max(each.sum(), 1):.1%})" for each in counts.values()))
        for row, name in enumerate(names)
    )
    train = counts["train"]
    said = "Labels of the test part are not looked at."
    return CardTable(
        f"Classes of {target.name}", ("class", *counts), rows, said, tuple(float(each / train.sum()) for each in train)
    )


def _of_labels(target: Target, values: Mapping[str, Array]) -> CardTable:
    names = list(target.labels.names) if target.labels is not None else []
    train, validation = (known_labels(each.reshape(len(each), -1)) for each in values.values())
    share = np.nanmean(train, axis=0)
    order = np.argsort(-share)[:_LABELS_SHOWN]
    rows = tuple(
        (
            names[row],
            f"{share[row]:.1%}",
            f"{np.nanmean(validation[:, row]):.1%}" if (~np.isnan(validation[:, row])).any() else "none",
            f"{np.isnan(train[:, row]).mean():.1%}",
        )
        for row in order
    )
    more = f"The most frequent {len(rows)} of {len(names)}. " if len(names) > len(rows) else ""
    said = f"{more}Missing labels are not counted."
    header = ("label", "train", "validation", "missing (train)")
    return CardTable(f"Labels of {target.name}", header, rows, said, tuple(float(share[row]) for row in order))


def _of_number(target: Target, values: Mapping[str, Array]) -> CardTable:
    scaling = target.scaling
    rows = []
    for part, each in values.items():
        plain = each if scaling is None else scaling.invert(each)
        low, quarter, half, upper, high = np.percentile(plain, (0, 25, 50, 75, 100))
        rows.append((part, *(f"{number:.4g}" for number in (low, quarter, half, upper, high))))
    header = ("part", "lowest", "quarter", "half", "three quarters", "highest")
    return CardTable(f"Values of {target.name}", header, tuple(rows), "The share of the values that are below.")


def _of_numbers(target: Target, values: Mapping[str, Array]) -> CardTable:
    """Return the quartiles of the first numbers, or signals of a profile, in the training part."""
    channels = () if target.numbers is None else target.numbers.channels
    train = target.in_units(known_numbers(values["train"]))
    rows = []
    for place, name in enumerate(channels[:_LABELS_SHOWN]):
        own = train[:, target.numbers.of_channel(place)] if target.numbers is not None else train
        quartiles = np.nanpercentile(own, (0, 25, 50, 75, 100))
        rows.append((name, *(f"{number:.4g}" for number in quartiles), f"{np.isnan(own).mean():.1%}"))
    header = ("number", "lowest", "quarter", "half", "three quarters", "highest", "missing")
    more = f"The first {len(rows)} of {len(channels)}. " if len(channels) > len(rows) else ""
    return CardTable(f"Values of {target.name}", header, tuple(rows), f"{more}Of the training part; missing left out.")


def _sequences(dataset: Dataset, letters: str) -> Iterator[CardTable]:
    inputs = {"train": dataset.train.x, "validation": dataset.validation.x, "test": dataset.test.inputs_to_compare()}
    for name in _names_of_sequences(dataset, letters):
        measured = {part: _measured(_sample(x, name), letters) for part, x in inputs.items()}
        rows = tuple((part, *each.texts()) for part, each in measured.items())
        looked = "" if len(dataset.train) <= _LOOKED_AT else f" From at most {_LOOKED_AT:,} examples of each part."
        of = f" of {name}" if name else ""
        yield CardTable(
            f"Sequences{of}",
            ("part", "shortest", "median", "longest", *(("GC",) if _has_gc(letters) else ()), "unknown"),
            rows,
            f"Letters without padding; shares of known letters.{looked}",
        )
        yield from _by_class(dataset, name, letters)


def _by_class(dataset: Dataset, name: str, letters: str) -> Iterator[CardTable]:
    """Return the composition of each class, because a network that only learns this may seem to have learned more."""
    target = dataset.targets[0]
    if target.classes is None or not _has_gc(letters) or len(target.classes) > _LABELS_SHOWN:
        return
    rows_of_sample = _spread(len(dataset.train))
    x = _sample(dataset.train.x, name)
    y = np.asarray(dataset.train.values_of(target.name))[rows_of_sample]
    found = []
    for number, known in enumerate(target.classes):
        mine = x[y == number]
        if len(mine):
            gc = _gc(mine, letters)
            low, half, high = np.percentile(gc, (25, 50, 75))
            found.append((known, f"{low:.1%}", f"{half:.1%}", f"{high:.1%}"))
    said = "Where classes differ in GC content, a network may learn nothing else: match the negatives."
    yield CardTable("GC content by class (train)", ("class", "quarter", "half", "three quarters"), tuple(found), said)


@dataclass(frozen=True)
class _Measured:
    lengths: NDArray[np.int64]
    gc: NDArray[np.float64] | None
    unknown: float

    def texts(self) -> tuple[str, ...]:
        low, half, high = (f"{int(each):,}" for each in np.percentile(self.lengths, (0, 50, 100)))
        gc = () if self.gc is None else (f"{float(self.gc.mean()):.1%}",)
        return (low, half, high, *gc, f"{self.unknown:.2%}")


def _measured(x: Array, letters: str) -> _Measured:
    there = x.max(axis=-1) > 0
    lengths = there.sum(axis=1)
    unknown = ((x.max(axis=-1) < 1) & there).sum() / max(int(lengths.sum()), 1)
    return _Measured(lengths, _gc(x, letters) if _has_gc(letters) else None, float(unknown))


def _has_gc(letters: str) -> bool:
    return set("GC") <= set(letters) and len(letters) == 4


def _gc(x: Array, letters: str) -> NDArray[np.float64]:
    channels = x.sum(axis=1)
    known = np.maximum(channels.sum(axis=-1), 1e-9)
    return np.asarray((channels[:, letters.index("G")] + channels[:, letters.index("C")]) / known, np.float64)


def _names_of_sequences(dataset: Dataset, letters: str) -> list[str]:
    """Return the inputs that are one-hot sequences; the name of the only input is empty."""
    shapes = dataset.input_shape if isinstance(dataset.input_shape, Mapping) else {"": dataset.input_shape}
    found = [name for name, shape in shapes.items() if len(shape) == 2 and shape[1] == len(letters)]
    return [name for name in found if _is_one_hot(_sample(dataset.train.x, name, 50))]


def _is_one_hot(x: Array) -> bool:
    return bool(x.min() >= 0 and x.max() <= 1 and (x.sum(axis=-1) < 1.001).all())


def _spread(count: int, most: int = _LOOKED_AT) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _sample(x: Inputs, name: str, most: int = _LOOKED_AT) -> Array:
    values = x[name] if name and isinstance(x, Mapping) else x
    return np.asarray(rows_of(values, _spread(len(values), most)))


def _leaks(dataset: Dataset, alphabet: str) -> list[str]:
    """Return a sentence for each pair of parts with near-identical sequences; identical ones are among the remarks."""
    inputs = [dataset.train.x, dataset.validation.x, dataset.test.inputs_to_compare()]
    letters = Alphabet.of(alphabet).letters
    names = _names_of_sequences(dataset, letters)
    counts = [len(dataset.train), len(dataset.validation), len(dataset.test)]
    if len(names) != 1:
        return []
    arrays = [each[names[0]] if isinstance(each, Mapping) else each for each in inputs]
    held = [each for each in arrays if isinstance(each, np.ndarray)]
    if len(held) < len(arrays) or sum(each.nbytes for each in held) > _COMPARED:
        if sum(counts) * arrays[0].shape[1] <= LETTERS_COMPARED:
            return []  # looked for where the examples were loaded
        return ["Near-identical examples were not looked for, as the inputs are large or read in batches."]
    codes = _codes(np.concatenate(held), letters)
    kind = SequenceInput(Alphabet.of(alphabet), codes.shape[1])
    rows = SplitIndices(*np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1]))
    found = find_leaks(ArrayExamples({"sequence": codes}, {"sequence": kind}, {}), rows)
    return [leak.describe(lambda row: f"example {row + 1:,}") for leak in found if leak.kind == "near-identical"]


def _codes(x: Array, letters: str) -> NDArray[np.uint8]:
    highest = x.max(axis=-1)
    codes = x.argmax(axis=-1).astype(np.uint8)
    codes[highest < 1] = len(letters)
    codes[highest == 0] = PADDING
    return np.asarray(codes, np.uint8)


def _drawn(dataset: Dataset, letters: str) -> Iterator[DrawnExample]:
    names = _names_of_sequences(dataset, letters)
    if not names:
        return
    target = dataset.targets[0]
    for row in _chosen(dataset.train, target):
        x = np.asarray(
            rows_of(dataset.train.x, np.array([row])) if not names[0] else dataset.train.x[names[0]][row : row + 1]
        )
        value = np.asarray(dataset.train.values_of(target.name))[row]
        codes = _codes(x, letters)[0]
        text = "".join(FILLED if code == PADDING else letters[code] if code < len(letters) else "N" for code in codes)
        yield DrawnExample(_label(target, value), text)


def _chosen(train: Split, target: Target) -> Sequence[int]:
    """Return some rows, taken from the classes in turn."""
    if target.classes is None:
        return [int(row) for row in _spread(len(train), _DRAWN)]
    y = np.asarray(train.values_of(target.name))
    each = max(1, _DRAWN // len(target.classes))
    found = [int(row) for number in range(len(target.classes)) for row in np.flatnonzero(y == number)[:each]]
    return found[:_DRAWN]


def _label(target: Target, value: Array) -> str:
    if target.classes is not None:
        return str(target.classes[int(value)])
    if target.labels is not None:
        return ", ".join(name for name, each in zip(target.labels.names, np.ravel(value), strict=True) if each == 1)
    if target.numbers is not None:
        first = target.in_units(known_numbers(np.reshape(value, (1, -1))))[0, :_NUMBERS_SHOWN]
        return ", ".join(f"{each:.4g}" for each in first) + (", ..." if target.units > len(first) else "")
    number = value if target.scaling is None else target.scaling.invert(np.asarray(value))
    return f"{float(np.ravel(number)[0]):.4g}"
