"""Check that data mean what a network knows: inputs by shape, columns by name and order, classes by name and order."""

from __future__ import annotations

from collections.abc import Mapping

from amber.data import Dataset
from amber.data.tables.table import shown_names
from amber.data.targets.target import Labels, Numbers
from amber.errors import DataError, KeyPath
from amber.experiment.task_spec import Outcome, TaskSpec
from amber.experiment.trained.preprocessing import Preprocessing, names_of


def check_inputs(known: Preprocessing, dataset: Dataset, where: str) -> None:
    """Check that inputs have the names and shapes that a network reads; one alone may have any name.

    Args:
        known: preprocessing of the network.
        dataset: the data.
        where: what messages call the network.

    Raises:
        DataError: other inputs.
    """
    expected, received = known.task.inputs, TaskSpec.of(dataset).inputs
    same = dict(expected) == dict(received) or (
        len(expected) == len(received) == 1 and [*expected.values()] == [*received.values()]
    )
    if not same:
        raise DataError(
            f"{dataset.name}: {where} reads {_shapes(expected)}; to cut or pad sequences write data.length. "
            f"Received: {_shapes(received)}",
            field=("length",) if known.sequences else (),
        )


def _shapes(inputs: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} of shape {shape}" for name, shape in inputs.items())


def check_columns(known: Preprocessing, dataset: Dataset, where: str) -> None:
    """Check that inputs of numbers are read from the columns that a network was trained on, in their order.

    Args:
        known: preprocessing of the network.
        dataset: the data.
        where: what messages call the network.

    Raises:
        DataError: other columns, or another order; nothing is checked where either has no names.
    """
    for name, columns in dataset.columns.items():
        expected = known.input_columns.get(name)
        if expected is None or expected == columns:
            continue
        first = next((place for place, pair in enumerate(zip(expected, columns, strict=False)) if len({*pair}) > 1), 0)
        raise DataError(
            f"{dataset.path or dataset.name}: input {name!r} of {where} reads the columns {shown_names(expected)}, in "
            f"this order; name them so in data.blocks. Received: {shown_names(columns)}; number {first + 1} differs",
            field=("blocks", name),
        )


def check_outputs(known: Preprocessing, dataset: Dataset, where: str) -> None:
    """Check that outputs have the classes, labels or numbers of a network, in their order.

    Args:
        known: preprocessing of the network.
        dataset: the data.
        where: what messages call the network.

    Raises:
        DataError: other outputs.
    """
    expected, received = known.task.outputs, TaskSpec.of(dataset).outputs
    if list(expected) != list(received):
        raise DataError(
            f"{dataset.path or dataset.name}: {where} has the outputs {shown_names(list(expected))}. "
            f"Received: {shown_names(list(received))}",
            field=("outputs",),
        )
    for name, outcome in expected.items():
        other = received[name]
        if _kind(outcome) != _kind(other) or names_of(outcome) != names_of(other):
            raise DataError(
                f"{dataset.path or dataset.name}: output {name!r} of {where} is {_described(outcome)}; name them so in "
                f"the configuration. Received: {_described(other)}",
                field=_written(other) if len(expected) == 1 else ("outputs", name, *_written(other)),
            )


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, Labels):
        return "the labels"
    return "numbers" if outcome is None or isinstance(outcome, Numbers) else "the classes"


def _written(outcome: Outcome) -> KeyPath:
    """Return the key of a configuration that names the classes or labels of an output."""
    return ("labels",) if isinstance(outcome, Labels) else ("classes",) if isinstance(outcome, tuple) else ()


def _described(outcome: Outcome) -> str:
    if outcome is None:
        return "a number"
    return f"{_kind(outcome)} {shown_names(names_of(outcome))}"
