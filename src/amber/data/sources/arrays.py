"""Arrays as a source: npz and HDF5 files, with sequences as text, codes or one-hot, numbers and tracks.

What may be changed here: what kind of input an array is, and how its parts are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Places, Ragged, SequenceInput, TrackInput
from amber.data.genomics.intervals import text_column
from amber.data.sources.array_files import read_arrays
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.splits.parts import part_of
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.examples import ReadBlock
from amber.data.tables.table import shown_names
from amber.data.text.reading import check_no_codes
from amber.errors import DataError
from amber.types import Array

_AT_THE_END = re.compile(r"(.+?)[_./-]?(train|training|valid|validation|val|dev|test|testing)", re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(r"(train|training|valid|validation|val|dev|test|testing)[_./-]?(.+)", re.IGNORECASE)
# What arrays of sequences are called where they are not named.
USUAL_NAMES = ("x", "X", "sequences", "sequence", "one_hot", "onehot")
# A column of its own for each column of a matrix, up to so many.
_MOST_COLUMNS = 20_000


@dataclass(frozen=True)
class ArraysSource(Source):
    """Arrays of a file, examples along their first axis.

    `data.sequence` names the array of sequences: text; codes, the places of letters in the alphabet; or one-hot
    `(examples, length, letters)` or `(examples, letters, length)`. `data.blocks` name several: `{dna: {sequence: x},
    age: covariates}`; a list, range or pattern of arrays of numbers is one input, side by side. All other arrays are
    columns of the examples; a matrix `y` gives the columns `y_1`, `y_2`, ...
    Arrays `x_train`, `x_val` and `x_test` are put together, and the column `split` says which is which.

    Attributes:
        arrays: the file, npz or HDF5.
    """

    arrays: str
    PATHS: ClassVar[tuple[str, ...]] = ("arrays",)
    UNUSED: ClassVar[tuple[str, ...]] = ()

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the examples.

        Raises:
            DataError: a file or array that cannot be read, an array that is not there (those that are, are listed), or
                arrays of unequal length.
        """
        return self.named().examples(wanted)

    def named(self) -> NamedArrays:
        """Return the arrays by name; errors are those of a file that cannot be read."""
        return NamedArrays(self.arrays, read_arrays(self.arrays))


@dataclass(frozen=True, eq=False)
class NamedArrays:
    """Arrays of one file, examples along their first axis.

    Attributes:
        path: the file.
        found: its arrays by name.
    """

    path: str
    found: Mapping[str, Array]

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the examples; errors are those of `ArraysSource.examples`."""
        arrays, notes = self.together()
        check_no_codes(self.path, "the names of arrays", list(arrays))
        blocks = wanted.blocks or {"sequence": {"sequence": self._sequences(arrays, wanted.sequence)}}
        inputs: dict[str, InputKind] = {}
        values: dict[str, Array | Ragged] = {}
        used = set()
        for name, written in blocks.items():
            block = ReadBlock.parse(written, name, wanted.form)
            spec, form = block.spec, block.form
            keys = self._keys(arrays, spec, name)
            used.update(keys)
            try:
                if spec.sequence is None:
                    values[name], inputs[name] = self._together({key: arrays[key] for key in keys}, name)
                else:
                    values[name], inputs[name], said = self._coded(arrays[keys[0]], keys[0], form)
                    notes += said
            except DataError as error:
                error.field = ("inputs", name)
                raise
        count = len(next(iter(values.values())))
        columns = self._columns({key: each for key, each in arrays.items() if key not in used}, count, notes)
        places = Places.in_file(self.path, np.arange(count), word="row")
        return ArrayExamples(values, inputs, columns, places, tuple(notes))

    def together(self) -> tuple[dict[str, Array], list[str]]:
        """Return the arrays, those of parts such as `x_train` and `x_test` as one each, and what is to be said."""
        parts, notes = _put_together(self.found)
        return parts or dict(self.found), notes

    def _sequences(self, arrays: Mapping[str, Array], wanted: str) -> str:
        # A name that was given is the one that is meant.
        usual = USUAL_NAMES if wanted == Wanted.sequence else ()
        return next((name for name in (wanted, *usual) if name in arrays), wanted)

    def _keys(self, arrays: Mapping[str, Array], spec: BlockSpec, name: str) -> list[str]:
        """Return the arrays that a block is made of: names, ranges in the order of the file, and patterns."""
        try:
            return spec.select(list(arrays), name)
        except DataError:
            for key in spec.columns if spec.sequence is None else (spec.sequence,):
                self._check_there(arrays, key, name)
            raise

    def _check_there(self, arrays: Mapping[str, Array], key: str, name: str) -> None:
        if key not in arrays:
            raise DataError(
                f"{self.path}: expected an array {key!r}; name one that is there with data.sequence or data.blocks, or "
                f"for `amber predict` with --sequence. Received: {shown_names(list(arrays)) or 'no arrays'}",
                file=self.path,
                field=("inputs", name),
            )

    def _together(self, chosen: Mapping[str, Array], name: str) -> tuple[NDArray[np.float32], InputKind]:
        """Return one input of numbers, side by side where it is made of several arrays."""
        read = {key: self._numbers(values, key) for key, values in chosen.items()}
        if len(read) == 1:
            return next(iter(read.values()))
        count = len(next(iter(chosen.values())))
        for key, (numbers, _) in read.items():
            if numbers.ndim != 2 or len(numbers) != count:
                raise self._wrong(key, f"numbers of shape ({count}, columns), as block {name!r} joins it", numbers)
        joined = np.concatenate([numbers for numbers, _ in read.values()], axis=1)
        return joined, NumbersInput(joined.shape[1])

    def _numbers(self, values: Array, key: str) -> tuple[NDArray[np.float32], InputKind]:
        if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or not values.size:
            raise self._wrong(key, "numbers of shape (examples, columns) or (examples, length, channels)", values)
        numbers = values.reshape(len(values), -1) if values.ndim == 1 else values
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32)
        bad = ~np.isfinite(numbers)
        if bad.any():
            row = int(np.argwhere(bad)[0][0])
            raise DataError(
                f"{self.path}, array {key!r}, row {row}: expected finite numbers; fill in what is missing, or leave "
                f"the example out. Received: {numbers[bad][0]}",
                file=self.path,
            )
        kind: InputKind = NumbersInput(numbers.shape[1])
        return numbers, TrackInput(numbers.shape[1], numbers.shape[2]) if numbers.ndim == 3 else kind

    def _coded(self, values: Array, key: str, form: SequenceForm) -> tuple[Array | Ragged, SequenceInput, list[str]]:
        alphabet = Alphabet.of(form.alphabet)
        if values.ndim == 1 and values.dtype.kind in "US" and len(values):
            texts = [each.decode("latin-1") if isinstance(each, bytes) else each for each in values.tolist()]
            coded = coded_sequences(texts, form, lambda row: f"{self.path}, array {key!r}, row {row}")
            return coded.values, coded.kind, list(coded.notes)
        if form.length is not None:
            raise self._wrong(key, "text, where data.length is given", values)
        notes: list[str] = []
        letters = len(alphabet.letters)
        if values.ndim == 3 and values.shape[2] != letters and values.shape[1] == letters:
            values = values.transpose(0, 2, 1)
            notes.append(f"The array {key} has its channels before its positions: they are turned around.")
        if values.ndim == 3 and values.shape[2] == letters and values.dtype.kind in "biuf" and values.size:
            return self._of_one_hot(values, key, alphabet), SequenceInput(alphabet, values.shape[1]), notes
        if values.ndim == 2 and values.dtype.kind in "iu" and values.size:
            if values.min() < 0 or values.max() > alphabet.unknown:
                raise self._wrong(key, f"codes from 0 to {alphabet.unknown} (unknown) of {alphabet.letters}", values)
            return values.astype(np.uint8), SequenceInput(alphabet, values.shape[1]), notes
        raise self._wrong(
            key,
            f"text, codes (examples, length), or one-hot (examples, length, {letters}) of {alphabet.letters}",
            values,
        )

    def _of_one_hot(self, values: Array, key: str, alphabet: Alphabet) -> NDArray[np.uint8]:
        """Return the codes of one-hot sequences; positions without a letter, or with equal shares, are unknown."""
        codes = np.full(values.shape[:2], alphabet.unknown, dtype=np.uint8)
        for first in range(0, len(values), 4096):
            some = values[first : first + 4096]
            known = ((some == 1).sum(axis=2) == 1) & ((some != 0).sum(axis=2) == 1)
            blank = np.isclose(some.max(axis=2), some.min(axis=2))
            if not (known | blank).all():
                row, position = (int(each) for each in np.argwhere(~(known | blank))[0])
                raise DataError(
                    f"{self.path}, array {key!r}, row {first + row}, position {position}: expected one 1 among "
                    "zeros, or equal numbers where a letter is not known; a track of numbers is named without "
                    f"`sequence`. Received: {some[row, position].tolist()}",
                    file=self.path,
                )
            codes[first : first + 4096][known] = some.argmax(axis=2)[known]
        return codes

    def _columns(self, arrays: Mapping[str, Array], count: int, notes: list[str]) -> dict[str, Array]:
        columns: dict[str, Array] = {}
        for key, values in arrays.items():
            if values.ndim in (1, 2) and len(values) != count:
                raise DataError(
                    f"{self.path}, array {key!r}: expected one entry for each of {count:,} examples. "
                    f"Received: {len(values):,}",
                    file=self.path,
                )
            if values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1):
                flat = values.reshape(-1)
                is_text = flat.dtype.kind in "US"
                texts = [each.decode("latin-1") if isinstance(each, bytes) else each for each in flat.tolist()]
                if is_text:
                    check_no_codes(self.path, f"array {key!r}", texts)
                columns[key] = text_column(texts) if is_text else flat
            elif values.ndim == 2 and values.shape[1] <= _MOST_COLUMNS:
                columns |= {f"{key}_{place + 1}": values[:, place] for place in range(values.shape[1])}
            else:
                notes.append(f"The array {key} of shape {values.shape} is not used.")
        return columns

    def _wrong(self, key: str, expected: str, values: Array) -> DataError:
        return DataError(
            f"{self.path}, array {key!r}: expected {expected}. Received: {values.dtype} of shape {values.shape}",
            file=self.path,
        )


def _put_together(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], list[str]]:
    """Return arrays of parts, such as `x_train` and `x_test`, as one each, with a column `split`; else nothing."""
    found: dict[str, dict[int, Array]] = {}
    for key, values in arrays.items():
        match = _AT_THE_END.fullmatch(key) or _AT_THE_BEGINNING.fullmatch(key)
        if match is None or values.ndim == 0:
            return {}, []
        name, part = (match[1], match[2]) if part_of(match[2]) is not None else (match[2], match[1])
        number = part_of(part)
        if number is None or number in found.setdefault(name, {}):
            return {}, []
        found[name][number] = values
    parts = {frozenset(each) for each in found.values()}
    if len(parts) != 1 or 0 not in next(iter(parts)) or "split" in found:
        return {}, []
    order = sorted(next(iter(parts)))
    together = {name: np.concatenate([each[part] for part in order]) for name, each in found.items()}
    first = next(iter(found.values()))
    words = ("train", "val", "test")
    split = np.repeat([words[part] for part in order], [len(first[part]) for part in order])
    note = f"The parts {', '.join(words[part] for part in order)} of the arrays {shown_names(list(found))} are kept."
    return together | {"split": split}, [note]


register_source("arrays", ArraysSource)
