"""Inputs and outputs of networks that have several: given one or many, named, and checked."""

from __future__ import annotations

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.graph.cost import input_shape
from amber.modeler.builders.base import check_operation
from amber.operations import check_layers

NamedOperations = tuple[tuple[str, Operation], ...]


def named_inputs(inputs_op: object) -> NamedOperations:
    """Return the name and operation of each input.

    Args:
        inputs_op: one input operation or a list of them. Without an attribute `name` it is called `input_0`, ...

    Raises:
        ModelSpaceError: none, an operation of another type, one without a usable shape, or two of one name.
    """
    operations = _operations(inputs_op, "inputs_op")
    for position, operation in enumerate(operations):
        if operation.Layer_type != "input":
            raise ModelSpaceError(f"inputs_op[{position}] must be an operation of type input. Received: {operation}")
        input_shape(operation)
    return _named(operations, [f"input_{position}" for position in range(len(operations))], "inputs_op")


def named_outputs(output_op: object) -> NamedOperations:
    """Return the name and operation of each output.

    Args:
        output_op: one operation or a list of them. Without an attribute `name` it is called `output` where it is
            the only one, else `output_0`, ...

    Raises:
        ModelSpaceError: none, an operation whose layer cannot be made, or two of one name.
    """
    operations = _operations(output_op, "output_op")
    check_layers(operations)
    alone = len(operations) == 1
    return _named(operations, ["output" if alone else f"output_{k}" for k in range(len(operations))], "output_op")


def check_distinct(inputs: NamedOperations, outputs: NamedOperations) -> None:
    """Raise ModelSpaceError where an input and an output share a name."""
    shared = sorted({name for name, _ in inputs} & {name for name, _ in outputs})
    if shared:
        raise ModelSpaceError(f"Inputs and outputs must have different names. Received: {shared[0]!r} for both")


def _operations(given: object, argument: str) -> list[Operation]:
    entries = list(given) if isinstance(given, (list, tuple)) else [given]
    if not entries:
        raise ModelSpaceError(f"{argument} must hold at least one operation. Received: {given!r}")
    return [check_operation(entry, f"{argument}[{position}]") for position, entry in enumerate(entries)]


def _named(operations: list[Operation], defaults: list[str], argument: str) -> NamedOperations:
    names = [operation.get("name") or default for operation, default in zip(operations, defaults, strict=True)]
    for name in names:
        if not isinstance(name, str):
            raise ModelSpaceError(f"{argument}: a name must be text. Received: {name!r}")
        if names.count(name) > 1:
            raise ModelSpaceError(f"{argument}: names must be distinct. Received: {name!r} more than once")
    return tuple(zip(names, operations, strict=True))
