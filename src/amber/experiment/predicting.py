"""Records of a CSV file to the predictions of a model, as CSV text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.data import Scaling, Table, encode_sequences, read_table
from amber.data.inputs import arrays_of
from amber.data.tables.examples import TableExamples, parsed_blocks
from amber.errors import ConfigError
from amber.experiment.before_keras.files import input_shapes_of
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.source_section import wanted_of
from amber.experiment.final.scoring import check_inputs, predictions
from amber.experiment.run_files.recorded import checked_model_file, load_model
from amber.experiment.task_spec import INPUT
from amber.experiment.trained.preprocessing import Preprocessing, class_columns
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
    model: SavedModel, file: Path, column: str, classes: Sequence[str] | None, batch_size: int
) -> tuple[str, int]:
    """Return CSV text with each sequence, its class probabilities and predicted class; and the number of records.

    Args:
        model: of one input of sequences and one output of classes.
        file: CSV file.
        column: of the sequences.
        classes: names; by default `class_0`, ...
        batch_size: records a step.

    Raises:
        DataError: sequences that cannot be read, or that the model does not take.
        ConfigError: another number of names than the model has outputs.
    """
    if classes is not None and model.units is not None:
        _check_names(classes, model.units)
    table = read_table(file, [column])
    x = encode_sequences(table[column], names=_places(table))
    found = model.predictions(x, file, batch_size)[0]
    names = list(classes) if classes is not None else [f"class_{index}" for index in range(found.shape[-1])]
    _check_names(names, found.shape[-1])
    return _csv(table[column], column, class_columns(names, found, (column,))), len(table)


def predict_blocks(
    model: SavedModel, file: Path, loaded: Configuration, record: Mapping[str, Any], batch_size: int
) -> tuple[str, int]:
    """Return CSV text with the line of each record and what every output says of it; and the number of records.

    Args:
        model: of a run on blocks.
        file: CSV file with the columns of the blocks.
        loaded: configuration of the run.
        record: its `best.json`, which holds how blocks were scaled.
        batch_size: records a step.

    Raises:
        DataError: a column that is missing or cannot be read.
    """
    section = loaded.config.data
    table = read_table(file)
    blocks = section.blocks or {INPUT: {"sequence": section.sequence}}
    examples = TableExamples(table, parsed_blocks(blocks, wanted_of(section).form))
    x = arrays_of(examples.held, np.arange(len(table)), section.unknown)
    for name, scaling in record.get("scaling", {}).items():
        x[name] = Scaling.from_dict(scaling).apply(x[name])
    found = model.predictions(x, file, batch_size)
    columns = Preprocessing.of_run(record, section).columns(found, ("line",))
    return _csv([str(line) for line in table.lines], "line", columns), len(table)


def _csv(keys: Sequence[str], heading: str, columns: Mapping[str, Sequence[str]]) -> str:
    return csv_text([heading, *columns], list(zip(keys, *columns.values(), strict=True)))


def _places(table: Table) -> list[str]:
    return [f"{table.path}, line {line}" for line in table.lines]


def _check_names(names: Sequence[str], outputs: int) -> None:
    if len(names) != outputs or len(set(names)) != len(names) or not all(names):
        raise ConfigError(
            f"--classes: expected {outputs} different names, one for each output. Received: {', '.join(names)}"
        )
