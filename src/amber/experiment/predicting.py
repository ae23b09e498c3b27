"""Examples of a table to the predictions of a model, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.data import read_table
from amber.data.dataset import INPUT
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.encoding.one_hot import one_hot
from amber.data.inputs import arrays_of
from amber.data.tables.examples import TableExamples, parsed_blocks
from amber.data.targets.target import by_class
from amber.errors import ConfigError
from amber.experiment.before_keras.files import input_shapes_of
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.source_section import wanted_of
from amber.experiment.final.scoring import check_inputs, predictions
from amber.experiment.new_files import NewInputs
from amber.experiment.run_files.recorded import checked_model_file, load_model
from amber.experiment.trained.preprocessing import PREDICTED, Preprocessing, SequenceReading, class_columns
from amber.files.csv_text import csv_text

if TYPE_CHECKING:
    import keras


Shapes = Mapping[str, tuple[int | None, ...]]
"""Shape of each input of a model, without batch."""


@dataclass(frozen=True)
class SavedModel:
    """A model that is loaded once the records have been read and checked.

    Attributes:
        load: loads it.
        shapes: what it reads; None where that is known only when it is loaded.
        units: of its only output; None where that is known only when it is loaded, or there are several.
    """

    load: Callable[[], keras.Model]
    shapes: Shapes | None = None
    units: int | None = None

    @classmethod
    def of(cls, source: Path, units: int | None = None) -> SavedModel:
        """Return the model of a file or run.

        Raises:
            ConfigError: no such file, or not one that Keras 3 saved.
        """
        return cls(lambda: load_model(source), input_shapes_of(checked_model_file(source)), units)

    def predictions(self, x: Any, file: Path, batch_size: int) -> list[Any]:
        """Return what it predicts, one array for each output; raises DataError for examples it does not take."""
        if self.shapes is not None:
            check_inputs(self.shapes, x, str(file))
        return predictions(self.load(), x, str(file), batch_size)


def predict_sequences(
    model: SavedModel,
    file: Path,
    column: str,
    classes: Sequence[str] | None,
    batch_size: int,
    delimiter: str = ",",
    reading: SequenceReading | None = None,
) -> tuple[str, int]:
    """Return a table with each sequence, its class probabilities and predicted class; and the number of records.

    Args:
        model: of one input of sequences and one output of classes.
        file: CSV file.
        column: of the sequences.
        classes: names, two also of a model of one unit, the probability of the second; by default `class_0`, ..., and
            of one unit there is the number alone.
        batch_size: records a step.
        delimiter: of the table.
        reading: how text becomes the input; None: as DNA of equal length.

    Raises:
        DataError: sequences that cannot be read, or that the model does not take.
        ConfigError: another number of names than the model has outputs.
    """
    if classes is not None and model.units is not None:
        _check_names(classes, model.units)
    table = read_table(file, [column])
    coded = coded_sequences(table[column], SequenceForm() if reading is None else reading.form, table.where)
    x = one_hot(np.asarray(coded.values), coded.kind.alphabet, unknown="mean" if reading is None else reading.unknown)
    found = model.predictions(x, file, batch_size)[0]
    if classes is None and found.shape[-1] == 1:  # of which nothing says whether it is a probability
        numbers = [f"{value:.6g}" for value in found[:, 0]]
        return _text(table[column], column, {PREDICTED: numbers}, delimiter), len(table)
    names = list(classes) if classes is not None else [f"class_{index}" for index in range(found.shape[-1])]
    found = by_class(tuple(names), found)
    _check_names(names, found.shape[-1])
    return _text(table[column], column, class_columns(names, found, (column,)), delimiter), len(table)


def predict_blocks(
    model: SavedModel,
    file: Path,
    section: DataSection,
    preprocessing: Preprocessing,
    batch_size: int,
    delimiter: str = ",",
) -> tuple[str, int]:
    """Return a table with each record, by `TableExamples.keys`, and what every output says of it; and their number.

    Args:
        model: of a run on blocks.
        file: CSV file with the columns of the blocks.
        section: `data` of the configuration.
        preprocessing: how the columns become inputs; numbers are found by the names of their columns.
        batch_size: records a step.
        delimiter: of the table.

    Raises:
        DataError: a column that is missing or cannot be read.
    """
    table = read_table(file)
    blocks = preprocessing.blocks_by_name(section.blocks) or {INPUT: {"sequence": section.sequence}}
    examples = TableExamples(table, parsed_blocks(blocks, wanted_of(section).form))
    x = arrays_of(examples.held, np.arange(len(table)), section.unknown)
    x |= {name: scaling.apply(x[name]) for name, scaling in preprocessing.scaling.items() if name in x}
    found = model.predictions(x, file, batch_size)
    heading, keys = examples.keys
    return _text(keys, heading, preprocessing.columns(found, (heading,)), delimiter), len(table)


def predict_inputs(
    model: SavedModel,
    new: NewInputs,
    file: Path,
    preprocessing: Preprocessing,
    batch_size: int,
    delimiter: str = ",",
) -> tuple[str, int]:
    """Return a table with the name or row of each example and what every output says of it; and their number.

    Args:
        model: of a run.
        new: the examples, as `amber.experiment.new_files.read_inputs` gives them.
        file: that they are of.
        preprocessing: of the run.
        batch_size: examples a step.
        delimiter: of the table.

    Raises:
        DataError: examples that the model does not take.
    """
    heading, keys = new.keys
    found = model.predictions(new.x, file, batch_size)
    return _text(keys, heading, preprocessing.columns(found, (heading,)), delimiter), len(keys)


def _text(keys: Sequence[str], heading: str, columns: Mapping[str, Sequence[str]], delimiter: str) -> str:
    return csv_text([heading, *columns], list(zip(keys, *columns.values(), strict=True)), delimiter=delimiter)


def _check_names(names: Sequence[str], outputs: int) -> None:
    if len(names) != outputs or len(set(names)) != len(names) or not all(names):
        raise ConfigError(
            f"--classes: expected {outputs} different names, one for each output. Received: {', '.join(names)}"
        )
