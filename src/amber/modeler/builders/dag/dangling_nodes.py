"""Connect unused inputs and dangling layers to the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from amber.architect import Operation
from amber.architect.places import NodePlace
from amber.graph.models.auxiliary import DEFAULT_INPUT

DEFAULT_OPERATION = Operation("dense", units=1, activation="linear")


class PlannedLayer(NamedTuple):
    """A layer that is being planned: its name, what it computes, what it reads, and its place in the space."""

    name: str
    operation: Operation
    parents: tuple[str, ...]
    group: str | NodePlace


def connect_dangling(
    inputs: Sequence[str], layers: Sequence[PlannedLayer]
) -> tuple[list[PlannedLayer], tuple[str, ...]]:
    """Connect unused inputs and dangling layers, and drop what cannot be connected.

    Inputs that no layer reads go through one unit, the default input. A layer that reads nothing, or only layers
    that were dropped, reads the default input; without one it is dropped. The output reads every layer that no
    other layer reads, and the default input last if no layer reads it.

    Args:
        inputs: names of the inputs.
        layers: in order; their parents are inputs or earlier layers.

    Returns:
        The layers that are kept, the default input first if there is one; and what the output reads.
    """
    read = {parent for layer in layers for parent in layer.parents}
    unused = tuple(name for name in inputs if name not in read)
    available = set(inputs)
    kept: list[PlannedLayer] = []
    for layer in layers:
        parents = tuple(parent for parent in layer.parents if parent in available)
        if not parents and not unused:
            continue
        kept.append(layer._replace(parents=parents or (DEFAULT_INPUT,)))
        available.add(layer.name)
    read = {parent for layer in kept for parent in layer.parents}
    sinks = [layer.name for layer in kept if layer.name not in read]
    if unused:
        kept.insert(0, PlannedLayer(DEFAULT_INPUT, DEFAULT_OPERATION, unused, DEFAULT_INPUT))
        if DEFAULT_INPUT not in read:
            sinks.append(DEFAULT_INPUT)
    return kept, tuple(sinks)
