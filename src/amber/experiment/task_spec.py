"""Inputs and outputs that a network must have: names and shapes between data and builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from amber.data.dataset import INPUT
from amber.data.targets.target import PAIR, Binary, Labels, Numbers, Outcome, units_of
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.files import limits
from amber.types import JsonObject
from amber.wording import TERMINAL_CODES, shown

if TYPE_CHECKING:
    from amber.architect import Operation
    from amber.data import Dataset

_SEVERAL_INPUTS = "Builders of several inputs are branch, dag and multi_io; residual_cnn takes a sequence and numbers"


@dataclass(frozen=True)
class TaskSpec:
    """Inputs and outputs by name.

    Attributes:
        inputs: shape of one example, without the batch axis.
        outputs: class names in the order of their numbers, `Binary` of two by one unit; labels, of which each example
            has any number; several numbers, or a profile; None: one number.
    """

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, Outcome]
    __repr__ = one_line

    @classmethod
    def of(cls, dataset: Dataset) -> TaskSpec:
        """Return the task that a data set poses."""
        shapes = dataset.input_shape
        inputs = dict(shapes) if isinstance(shapes, Mapping) else {INPUT: shapes}
        return cls(inputs, {each.name: each.outcome for each in dataset.targets})

    def input_operations(self) -> list[Operation]:
        """Return one input operation per input."""
        from amber.architect import Operation

        return [Operation("input", shape=shape, name=name) for name, shape in self.inputs.items()]

    def output_operations(self) -> list[Operation]:
        """Return one dense layer per output: a softmax over classes, a sigmoid of two or per label, or linear units."""
        from amber.architect import Operation

        return [
            Operation("dense", units=units_of(each), activation=activation_of(each), name=name)
            for name, each in self.outputs.items()
        ]

    def only_input(self, builder: str, way_out: str = _SEVERAL_INPUTS) -> Operation:
        """Return the only input; raises ConfigError naming the builder and a way out where there are several."""
        if len(self.inputs) > 1:
            received = ", ".join(self.inputs)
            raise ConfigError(f"builder.type {builder}: expected one input. Received: {received}. {way_out}")
        return self.input_operations()[0]

    def sequence_and_numbers(self, builder: str) -> tuple[Operation, tuple[Operation, ...]]:
        """Return the only input with a length, and the inputs of numbers; ConfigError for any others."""
        operations = self.input_operations()
        if len(operations) == 1:
            return operations[0], ()
        sequences = [each for each, shape in zip(operations, self.inputs.values(), strict=True) if len(shape) == 2]
        numbers = [each for each, shape in zip(operations, self.inputs.values(), strict=True) if len(shape) == 1]
        if len(sequences) != 1 or len(sequences) + len(numbers) != len(operations):
            raise ConfigError(
                f"builder.type {builder}: expected one input of sequences or tracks; further ones may be numbers. "
                f"Received: {', '.join(self.inputs)}. {_SEVERAL_INPUTS}"
            )
        return sequences[0], tuple(numbers)

    def only_output(self, builder: str) -> Operation:
        """Return the only output; raises ConfigError naming the builder where there are several."""
        if len(self.outputs) > 1:
            raise ConfigError(f"builder.type {builder}: expected one output. Received: {', '.join(self.outputs)}")
        return self.output_operations()[0]

    def not_read(self, where: str, needed: str, way_out: str) -> DataError:
        """Return the error for a network that does not read what a command needs.

        Args:
            where: network or file that the message begins with.
            needed: what the network would have to read.
            way_out: a sentence that says what can be done instead.
        """
        received = ", ".join(f"{name} ({_in_words(shape)})" for name, shape in self.inputs.items())
        return DataError(
            f"{where}: expected a network that reads {needed}. {way_out} Received: one that reads {received}"
        )

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary with the keys `inputs` and `outputs`."""
        return {
            "inputs": {name: list(shape) for name, shape in self.inputs.items()},
            "outputs": {name: _as_json(each) for name, each in self.outputs.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TaskSpec:
        """Read what `to_dict` wrote.

        Raises:
            ConfigError: a key is missing or holds something else; its `key` says which.
        """
        for key, expected, is_valid in _CHECKS:
            if not is_valid(values.get(key)):
                raise ConfigError(f"expected {expected}. Received: {shown(values.get(key))}", field=(key,))
        return cls(
            {name: tuple(shape) for name, shape in values["inputs"].items()},
            {name: outcome_of(each) for name, each in values["outputs"].items()},
        )


def has_profile(task: TaskSpec) -> bool:
    """Say whether an output is a profile along the sequence."""
    return any(isinstance(each, Numbers) and each.bins > 1 for each in task.outputs.values())


def activation_of(outcome: Outcome) -> str:
    """Return the activation of the last layer of an output."""
    if isinstance(outcome, (Binary, Labels)):
        return "sigmoid"
    return "linear" if outcome is None or isinstance(outcome, Numbers) else "softmax"


def _in_words(shape: tuple[int, ...]) -> str:
    """Return the shape of an input as a message tells it."""
    if len(shape) == 1:
        return "1 number" if shape[0] == 1 else f"{shape[0]:,} numbers"
    if len(shape) == 2:
        return f"{shape[0]:,} positions of {shape[1]:,} channels"
    return f"shape {shape}"


def _as_json(outcome: Outcome) -> JsonObject | list[str] | None:
    if isinstance(outcome, Binary):
        return {"binary": list(outcome)}
    if isinstance(outcome, Labels):
        return {"labels": list(outcome.names), "missing": outcome.missing}
    if isinstance(outcome, Numbers):
        return {
            "numbers": list(outcome.channels),
            "missing": outcome.missing,
            "bins": outcome.bins,
            "bin_width": outcome.bin_width,
            "partners": list(outcome.partners),
        }
    return None if outcome is None else list(outcome)


def outcome_of(value: Any) -> Outcome:
    """Return what `TaskSpec.to_dict` wrote of an output."""
    if isinstance(value, dict) and "numbers" in value:
        channels, partners = tuple(value["numbers"]), tuple(value["partners"])
        return Numbers(channels, value["bins"], value["missing"], value["bin_width"], partners)
    if isinstance(value, dict) and "binary" in value:
        return Binary(*value["binary"])
    if isinstance(value, dict):
        return Labels(tuple(value["labels"]), value["missing"])
    return None if value is None else tuple(value)


def _is_inputs(value: object) -> bool:
    named = isinstance(value, dict) and bool(value) and all(map(_is_name, value))
    return named and all(map(_is_shape, _values(value)))


def _is_shape(value: object) -> bool:
    sizes = value if isinstance(value, list) else []
    return bool(sizes) and all(type(size) is int and 0 < size for size in sizes) and prod(sizes) <= limits.EXAMPLE_SIZE


def _is_outputs(value: object) -> bool:
    fits = (_is_classes, _is_binary, _is_labels, _is_numbers)
    each_fits = (each is None or any(fit(each) for fit in fits) for each in _values(value))
    return isinstance(value, dict) and bool(value) and all(map(_is_name, value)) and all(each_fits)


def _values(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else []


def _is_labels(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"labels", "missing"} or not isinstance(value["missing"], bool):
        return False
    names = value["labels"]
    return isinstance(names, list) and bool(names) and all(map(_is_name, names))


def _is_numbers(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"numbers", "missing", "bins", "bin_width", "partners"}:
        return False
    names, partners = value["numbers"], value["partners"]
    sizes = [value["bins"], value["bin_width"]]
    return (
        isinstance(value["missing"], bool)
        and isinstance(names, list)
        and bool(names)
        and all(map(_is_name, names))
        and all(type(size) is int and size > 0 for size in sizes)
        and value["bins"] * len(names) <= limits.EXAMPLE_SIZE
        and isinstance(partners, list)
        and (not partners or sorted(map(str, partners)) == sorted(map(str, range(len(names)))))
    )


def _is_name(value: object) -> bool:
    """Say whether a name that a file gives can be shown."""
    return isinstance(value, str) and TERMINAL_CODES.search(value) is None


def _is_binary(value: object) -> bool:
    names: object = value["binary"] if isinstance(value, dict) and set(value) == {"binary"} else None
    return isinstance(names, list) and _is_classes(names) and len(names) == PAIR


def _is_classes(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(map(_is_name, value))


_CHECKS = (
    ("inputs", f"the shape of each input by name, of at most {limits.EXAMPLE_SIZE:,} numbers", _is_inputs),
    ("outputs", "the class names of each output by name, its labels or numbers, or null for a number", _is_outputs),
)
