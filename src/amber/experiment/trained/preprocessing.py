"""How data become the inputs of a trained network, and what its predictions mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, cast, get_args

import numpy as np

from amber.data import Scaling
from amber.data.encoding.alphabets import Alphabet, Unknown
from amber.data.encoding.coding import Align, SequenceForm, coded_sequences
from amber.data.encoding.given import letters_last, texts_of
from amber.data.encoding.one_hot import one_hot, one_hot_complement
from amber.data.tables.features import check_features
from amber.data.tables.table import shown_names
from amber.data.targets.target import PAIR, Labels, Numbers, Outcome, by_class, units_of
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.units import Unit, unit_named
from amber.types import Array, JsonObject
from amber.wording import shown

Given: TypeAlias = "Sequence[str] | Array | Mapping[str, Sequence[str] | Array]"
"""Sequences as text, or arrays as a network reads them; several inputs by name."""

FORMAT_VERSION = 1
PREDICTED = "predicted"
FILES_OF_RUN = "Give it a file of the form that its run was given, with the same columns or arrays."
"""The way out where a network does not read what a file holds."""
# What the inputs of intervals call their bigWig files; see `amber.data.sources`.
_TRACKS = "signal"
_SEQUENCE_AXES = 3


@dataclass(frozen=True)
class SequenceReading:
    """How text becomes an input.

    Attributes:
        alphabet: letters in the order of the channels.
        length: of every sequence.
        align: how shorter and longer ones are padded or cut to that length; None: they are refused.
        unknown: an unknown letter is the `"mean"` of all, or `"zeros"`.
    """

    alphabet: str
    length: int
    align: Align | None
    unknown: Unknown

    @property
    def form(self) -> SequenceForm:
        """How sequences of a file are read: to the length of the network where the run cut and padded, else as is."""
        return SequenceForm(self.alphabet, self.length if self.align else None, self.align or "centre")

    def read(self, texts: Sequence[str], name: str) -> Array:
        """Return one-hot sequences, float32 `(n, length, letters)`.

        Raises:
            DataError: no sequences, letters that are not of the alphabet, or a length that is not that of the network.
        """
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(f"{name}, example {row}: expected a sequence as text. Received: {shown(text)}")
            if self.align is None and len(text.strip()) != self.length:
                raise DataError(
                    f"{name}, example {row}: the network reads {self.length} letters. Received: {len(text.strip())}"
                )
        form = SequenceForm(self.alphabet, self.length, self.align or "centre")
        coded = coded_sequences(texts, form, lambda row: f"{name}, example {row}")
        return one_hot(cast(Array, coded.values), coded.kind.alphabet, unknown=self.unknown)


@dataclass(frozen=True)
class Preprocessing:
    """The steps between data and a network; can be written as JSON and read back.

    Attributes:
        task: inputs with their shapes, and outputs with their classes or labels.
        sequences: input -> how text becomes it; inputs that are not text are left out.
        scaling: input -> shift and scale of its numbers.
        output_scaling: output -> shift and scale of the number that is predicted.
        input_columns: input of numbers -> the columns that it is read from, in their order, where they have names.
    """

    task: TaskSpec
    sequences: Mapping[str, SequenceReading]
    scaling: Mapping[str, Scaling]
    output_scaling: Mapping[str, Scaling]
    input_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    __repr__ = one_line

    @classmethod
    def of_run(cls, record: Mapping[str, Any], section: DataSection) -> Preprocessing:
        """Return the preprocessing of a run.

        Args:
            record: its `best.json`.
            section: `data` of its configuration.
        """
        task = TaskSpec.from_dict(record)
        align = None if section.length is None else section.align
        letters = Alphabet.of(section.alphabet).letters
        reading = {
            name: SequenceReading(letters, shape[0], align, section.unknown)
            for name, shape in task.inputs.items()
            if _is_sequence(name, shape, section, len(letters))
        }
        return cls(task, reading, *_scalings_and_columns(record, task))

    def inputs(self, given: Given) -> dict[str, Array]:
        """Return arrays as the network reads them.

        Args:
            given: sequences as text, or an array; with several inputs these by name. Numbers are those of the data, and
                are scaled here; sequences may be one-hot arrays already.

        Raises:
            DataError: inputs that are not the network's, or values that do not fit.
        """
        names = list(self.task.inputs)
        blocks = dict(given) if isinstance(given, Mapping) else {names[0]: given}
        if sorted(blocks) != sorted(names):
            raise DataError(
                f"Expected the inputs {', '.join(names)}, by name. Received: {', '.join(map(str, blocks))}"
                if isinstance(given, Mapping)
                else f"Expected a mapping with the inputs {', '.join(names)}. Received: {type(given).__name__}"
            )
        arrays = {name: self._input(name, blocks[name]) for name in names}
        sizes = {name: len(array) for name, array in arrays.items()}
        if len(set(sizes.values())) > 1:
            raise DataError(f"Every input must have the same number of examples. Received: {sizes}")
        return arrays

    def blocks_by_name(self, written: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return how inputs are read from a table: numbers by the names of their columns, wherever these stand.

        Args:
            written: `data.blocks` of the configuration; a range or a pattern means other columns in another table.
        """
        named = {name: list(columns) for name, columns in self.input_columns.items()}
        return (named or None) if written is None else {**written, **{k: v for k, v in named.items() if k in written}}

    def _input(self, name: str, given: Any) -> Array:
        reading, shape = self.sequences.get(name), self.task.inputs[name]
        texts = None if reading is None else texts_of(given, name)
        if reading is not None and texts is not None:
            return reading.read(texts, f"input {name!r}")
        try:
            array = check_features(self._in_order(name, given), name, rank=None).astype(np.float32)
        except DataError as error:
            expected = "sequences as text, or one-hot" if reading else "numbers"
            raise DataError(f"Input {name!r}: expected {expected}. {error}") from error
        if len(shape) == 1 and shape[0] == 1 and array.ndim == 1:
            array = array[:, None]
        if reading is not None and array.shape[1:] != shape and array.shape[1:] == shape[::-1]:
            array = letters_last(array)
        if array.shape[1:] != shape:
            raise DataError(f"Input {name!r}: the network reads examples of shape {shape}. Received: {array.shape[1:]}")
        return self.scaling[name].apply(array) if name in self.scaling else array

    def _in_order(self, name: str, given: Any) -> Any:
        """Return a table whose columns have names with these in the order of the network."""
        known = self.input_columns.get(name)
        if known is None or not all(isinstance(each, str) for each in getattr(given, "columns", [None])):
            return given
        missing = [column for column in known if column not in set(given.columns)]
        if missing:
            raise DataError(
                f"Input {name!r}: expected the columns {shown_names(known)}. Received: none of the name {missing[0]!r}"
            )
        return given[list(known)]

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The classes of each output that has some."""
        return {name: each for name, each in self.task.outputs.items() if isinstance(each, tuple)}

    def unit(self, output: str | None = None, argument: str = "`output`") -> Unit:
        """Return the class, label or output of this name; None: the first.

        Args:
            output: the name.
            argument: what messages call it.

        Raises:
            ConfigError: there is none of this name; lists those there are.
        """
        return unit_named(self.units(), output, argument, self.classes)

    def units(self) -> list[Unit]:
        """Return the meaning of each predicted number; for two classes there is one, the second."""
        units: list[Unit] = []
        first = 0
        for output, outcome in self.task.outputs.items():
            prefix = f"{output}: " if len(self.task.outputs) > 1 else ""
            names = names_of(outcome)
            if outcome is None:
                units.append(Unit(output, first, False, self.output_scaling.get(output)))
            elif isinstance(outcome, Numbers):
                own = self._scaling_by_unit(output, len(names))
                units += [Unit(f"{prefix}{each}", first + k, False, own[k]) for k, each in enumerate(names)]
            else:
                is_pair = not isinstance(outcome, Labels) and len(names) == PAIR
                shown_of = list(enumerate(names[-units_of(outcome) :]))[-1 if is_pair else 0 :]
                units += [Unit(f"{prefix}{each}", first + k, True) for k, each in shown_of]
            first += units_of(outcome)
        return units

    def _scaling_by_unit(self, output: str, units: int) -> list[Scaling | None]:
        scaling = self.output_scaling.get(output)
        if scaling is None:
            return [None] * units
        return [Scaling((mean,), (scale,)) for mean, scale in zip(scaling.mean, scaling.scale, strict=True)]

    def only_sequence(self, where: str) -> SequenceReading:
        """Return how the only input is read; raise DataError if there are others, or if it is not sequences."""
        if len(self.task.inputs) != 1 or not self.sequences:
            raise self.task.not_read(where, "sequences and nothing else", FILES_OF_RUN)
        return next(iter(self.sequences.values()))

    def columns(self, found: Sequence[Array], taken: Collection[str] = ()) -> dict[str, list[str]]:
        """Return predictions as columns of text: a probability for each class or label, the class of the largest.

        Args:
            found: of each output, `(n, units)`, as the network gives them: of two classes one column, or both.
            taken: names of other columns of the table; a class of such a name is called `class NAME`.

        Returns:
            Name of the column -> `n` texts; numbers are in the units of the data.
        """
        columns: dict[str, list[str]] = {}
        outputs = self.task.outputs
        for (name, outcome), values in zip(outputs.items(), found, strict=True):
            if outcome is None:
                scaling = self.output_scaling.get(name)
                columns[name] = [f"{each:.6g}" for each in np.ravel(scaling.invert(values) if scaling else values)]
            elif isinstance(outcome, Numbers):
                scaling = self.output_scaling.get(name)
                in_unit = scaling.invert(values) if scaling else values
                texts = [[f"{value:.6g}" for value in column] for column in np.transpose(in_unit)]
                columns |= dict(zip(outcome.names, texts, strict=True))
            elif isinstance(outcome, Labels):
                columns |= _probabilities(names_of(outcome), values)
            else:
                prefix = f"{name}_" if len(outputs) > 1 else ""
                probabilities = by_class(outcome, values)
                found_of = class_columns(outcome, probabilities, taken)
                columns |= {f"{prefix}{each}": texts for each, texts in found_of.items()}
        return columns

    def other_strand(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return inputs on the other strand: sequences complemented, tracks turned round, numbers as they are.

        Raises:
            DataError: no input of sequences, or one that is not of DNA or RNA.
        """
        if not self.sequences:
            raise DataError("Both strands need an input of DNA or RNA sequences. Received: inputs without any")
        turned = dict(arrays)
        for name, array in arrays.items():
            reading = self.sequences.get(name)
            if reading is not None:
                turned[name] = one_hot_complement(array, Alphabet.of(reading.alphabet))
            elif array.ndim == _SEQUENCE_AXES:
                turned[name] = np.ascontiguousarray(array[:, ::-1])
        return turned

    def mean_of_strands(self, found: Sequence[Array], other: Sequence[Array]) -> list[Array]:
        """Return the mean of the predictions of both strands.

        Args:
            found: of each output, `(n, units)`.
            other: the same of the other strand; profiles among them are turned round.
        """
        turned = [
            outcome.turned(values) if isinstance(outcome, Numbers) else values
            for outcome, values in zip(self.task.outputs.values(), other, strict=True)
        ]
        return [(one + two) / 2 for one, two in zip(found, turned, strict=True)]

    def to_dict(self) -> JsonObject:
        """Return a JSON-ready dictionary."""
        return {
            "format_version": FORMAT_VERSION,
            **self.task.to_dict(),
            "sequences": {name: dict(vars(each)) for name, each in self.sequences.items()},
            "scaling": {name: each.to_dict() for name, each in self.scaling.items()},
            "output_scaling": {name: each.to_dict() for name, each in self.output_scaling.items()},
            "columns": {name: list(each) for name, each in self.input_columns.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """Read what `to_dict` wrote.

        Raises:
            ConfigError: a newer format, or a key that is missing or holds something else; its `field` says which.
        """
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise ConfigError(f"expected {FORMAT_VERSION}. Received: {shown(version)}", field=("format_version",))
        task = TaskSpec.from_dict(values)
        for key in ("sequences", "scaling", "output_scaling"):
            if not isinstance(values.get(key), dict):
                raise ConfigError(f"expected a mapping. Received: {shown(values.get(key))}", field=(key,))
        check_columns(values.get("columns", {}), task)
        try:
            reading = {name: _reading(name, each, task) for name, each in values["sequences"].items()}
            return cls(task, reading, *_scalings_and_columns(values, task))
        except (DataError, AttributeError, TypeError) as error:
            raise ConfigError(f"expected scalings by name. {error}", field=("scaling",)) from error


def check_columns(values: object, task: TaskSpec) -> None:
    """Check the names of the columns of inputs, as a file holds them.

    Raises:
        ConfigError: something else than a name for each number of an input; its `field` says where.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"expected a mapping. Received: {shown(values)}", field=("columns",))
    for name, each in values.items():
        is_list = isinstance(each, list) and all(isinstance(column, str) for column in each)
        if not is_list or len(set(each)) != len(each) or task.inputs.get(name) != (len(each),):
            raise ConfigError(
                f"expected a different name for each number of an input. Received: {shown(each)}",
                field=("columns", str(name)),
            )


def _scalings_and_columns(
    values: Mapping[str, Any], task: TaskSpec
) -> tuple[dict[str, Scaling], dict[str, Scaling], dict[str, tuple[str, ...]]]:
    """Return the scaling of inputs and outputs, and the columns of inputs."""
    scaling = {name: Scaling.from_dict(each) for name, each in values.get("scaling", {}).items()}
    if len(task.inputs) == len(scaling) == 1:
        # Before version 0.3 the scaling of an AnnData file's only input was recorded under another name.
        scaling = {next(iter(task.inputs)): next(iter(scaling.values()))}
    of_outputs = {name: Scaling.from_dict(each) for name, each in values.get("output_scaling", {}).items()}
    return scaling, of_outputs, {name: tuple(each) for name, each in values.get("columns", {}).items()}


def class_columns(names: Sequence[str], values: Array, taken: Collection[str] = ()) -> dict[str, list[str]]:
    """Return the columns of an output of classes: a probability for each, and `predicted`, the class of the largest."""
    titles = [f"class {name}" if name in (PREDICTED, *taken) else name for name in names]
    return {**_probabilities(titles, values), PREDICTED: [names[place] for place in values.argmax(axis=-1)]}


def in_units(values: Array, units: Sequence[Unit]) -> Array:
    """Return the columns of units among those of all outputs, `(n, len(units))`, numbers in the units of the data."""
    columns = [values[:, [each.column]] for each in units]
    pairs = zip(units, columns, strict=True)
    return np.concatenate([each.scaling.invert(column) if each.scaling else column for each, column in pairs], axis=-1)


def _probabilities(titles: Sequence[str], values: Array) -> dict[str, list[str]]:
    return {title: [f"{value:.6f}" for value in values[:, place]] for place, title in enumerate(titles)}


def names_of(outcome: Outcome) -> tuple[str, ...]:
    """Return a name for each unit of an output; empty for a number."""
    if isinstance(outcome, (Labels, Numbers)):
        return tuple(outcome.names)
    return ("",) if outcome is None else outcome


def _reading(name: str, values: Any, task: TaskSpec) -> SequenceReading:
    """Return how text becomes an input, from a checked description in a file."""
    shape = task.inputs.get(name)
    keys = {field.name for field in fields(SequenceReading)}
    field = ("sequences", name)
    if shape is None or not isinstance(values, dict) or set(values) != keys:
        raise ConfigError(f"expected {', '.join(sorted(keys))} of an input. Received: {shown(values)}", field=field)
    letters = Alphabet.of(values["alphabet"]).letters
    is_right = (
        shape == (values["length"], len(letters))
        and values["align"] in (None, *get_args(Align))
        and values["unknown"] in get_args(Unknown)
    )
    if not is_right:
        raise ConfigError(f"expected a sequence of shape {shape}. Received: {shown(values)}", field=field)
    return SequenceReading(letters, values["length"], values["align"], values["unknown"])


def _is_sequence(name: str, shape: tuple[int, ...], section: DataSection, letters: int) -> bool:
    if len(shape) != _SEQUENCE_AXES - 1 or shape[1] != letters or name == _TRACKS:
        return False
    written = (section.blocks or {}).get(name)
    return written is None or (isinstance(written, Mapping) and "sequence" in written)
