"""Every shape that a chain of layers can give, and the least that it costs, without loading Keras.

All networks of a chain are looked at together, layer by layer, so that what is said holds for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from amber.architect import Operation
from amber.architect.operation_shapes import known_cost
from amber.architect.shape_rule import KnownCost, Shape
from amber.errors import InvalidArchitectureError

# Shapes of which each layer may give so many; beyond, nothing is said.
_SHAPES = 2_000
_MERGES = ("concatenate", "add", "average", "maximum", "minimum", "multiply")
# Stands for a vector of any length.
_VECTOR = (10**9,)

Parts = tuple[Operation, ...]
"""One candidate, as the operations that it stands for."""


@dataclass(frozen=True)
class Least:
    """The least parameters and the least FLOPs of networks; these may be two networks."""

    parameters: int = 0
    flops: int = 0


@dataclass
class Reachable:
    """What the networks of a chain can give.

    Attributes:
        shapes: each shape without the batch axis, with the least that it costs.
        useless: layer and candidate that fit in no network, with the reason.
    """

    shapes: dict[Shape, Least]
    useless: dict[tuple[int, int], str] = field(default_factory=dict)

    def through(self, candidates: Sequence[Parts], layer: int) -> Reachable | None:
        """Return what there is after one more layer; None where that is not known.

        Args:
            candidates: of the layer.
            layer: its index in the space, for the errors.

        Raises:
            InvalidArchitectureError: none of the candidates follows any of the shapes; its `field` is layer and
                candidate, or the layer.
        """
        after = Reachable({}, dict(self.useless))
        reasons: list[str] = []
        for position, parts in enumerate(candidates):
            fits = False
            for shape, least in self.shapes.items():
                try:
                    cost = _cost(parts, shape)
                except InvalidArchitectureError as error:
                    reasons.append(str(error))
                    continue
                if cost is None:
                    return None
                fits = True
                after.add(cost.shape, Least(least.parameters + cost.parameters, least.flops + cost.flops))
            if not fits:
                after.useless[layer, position] = reasons[-1]
        if not after.shapes:
            where = (layer, 0) if len(candidates) == 1 else (layer,)
            raise InvalidArchitectureError(reasons[0], field=where)
        return after if len(after.shapes) <= _SHAPES else None

    def add(self, shape: Shape, least: Least) -> None:
        """Note that a shape can be had at a cost."""
        known = self.shapes.get(shape, least)
        self.shapes[shape] = Least(min(known.parameters, least.parameters), min(known.flops, least.flops))

    def cheapest(self) -> Least:
        """Return the least over all shapes."""
        found = self.shapes.values()
        return Least(min(each.parameters for each in found), min(each.flops for each in found))


def joined(branches: Sequence[Reachable], merge: str) -> Reachable | None:
    """Return what there is after branches have met; None where that is not known.

    Raises:
        InvalidArchitectureError: no shapes of the branches can meet.
    """
    combinations = 1
    for branch in branches:
        combinations *= len(branch.shapes)
    if combinations > _SHAPES or merge.lower() not in _MERGES:
        return None
    after = Reachable({}, {place: reason for branch in branches for place, reason in branch.useless.items()})
    for chosen in product(*(branch.shapes.items() for branch in branches)):
        shape = _met([each for each, _ in chosen], merge.lower())
        if shape is not None:
            costs = [least for _, least in chosen]
            after.add(shape, Least(sum(each.parameters for each in costs), sum(each.flops for each in costs)))
    if not after.shapes:
        shapes = " and ".join(" or ".join(map(str, list(branch.shapes)[:3])) for branch in branches)
        raise InvalidArchitectureError(f"{merge} cannot join the shapes {shapes} of the branches (without batch)")
    return after


@dataclass(frozen=True)
class Bounds:
    """What layers can give that may be connected in any order.

    Attributes:
        axes: how many axes a tensor may have.
        useless: layer and candidate that fit nowhere, with the reason.
    """

    axes: frozenset[int]
    useless: dict[tuple[int, int], str]


def bounds(layers: Sequence[Sequence[Operation]], inputs: Sequence[Shape]) -> Bounds | None:
    """Return what layers can give where each may read inputs and earlier layers; None where that is not known.

    A sequence is taken to be as long as any that the layers before can give: what does not fit that fits none.

    Args:
        layers: of the space.
        inputs: shapes without the batch axis.
    """
    if any(len(shape) not in (1, 2) for shape in inputs):
        return None
    longest: dict[int, Shape] = {len(shape): shape if len(shape) == 2 else _VECTOR for shape in inputs}
    for shape in inputs:
        if len(shape) == 2 and shape[0] > longest[2][0]:
            longest[2] = shape
    useless: dict[tuple[int, int], str] = {}
    for layer, candidates in enumerate(layers):
        found: dict[int, Shape] = {}
        for position, operation in enumerate(candidates):
            given = _given(operation, list(longest.values()))
            if given is None:
                return None
            if isinstance(given, str):
                useless[layer, position] = given
                continue
            for shape in given:
                if len(shape) == 1:
                    found[1] = _VECTOR
                elif shape[0] > found.get(2, (0,))[0]:
                    found[2] = shape
        for axes, shape in found.items():
            longest[axes] = shape if axes == 1 or axes not in longest else max(shape, longest[axes])
    return Bounds(frozenset(longest), useless)


def _given(operation: Operation, shapes: Sequence[Shape]) -> list[Shape] | str | None:
    """Return the shapes that an operation gives, or why it follows none; None where that is not known."""
    found, reason = [], ""
    for shape in shapes:
        try:
            cost = known_cost(operation, shape)
        except InvalidArchitectureError as error:
            reason = reason if len(shape) == 1 and reason else str(error)
            continue
        if cost is None or len(cost.shape) not in (1, 2):
            return None
        found.append(cost.shape)
    return found or reason


def _cost(parts: Parts, shape: Shape) -> KnownCost | None:
    """Return what the operations of a candidate give and cost one after another; None where that is not known."""
    parameters = flops = 0
    for operation in parts:
        if operation.Layer_type in _MERGES:
            raise InvalidArchitectureError(
                f"'{operation.Layer_type}' joins at least two inputs, and a layer of a chain reads one"
            )
        cost = known_cost(operation, shape)
        if cost is None:
            return None
        shape, parameters, flops = cost.shape, parameters + cost.parameters, flops + cost.flops
    return KnownCost(shape, parameters, flops)


def _met(shapes: Sequence[Shape], merge: str) -> Shape | None:
    """Return the shape of tensors that met; None where they cannot."""
    if merge != "concatenate":
        return shapes[0] if len(set(shapes)) == 1 else None
    if len({shape[:-1] for shape in shapes}) > 1 or not all(shapes):
        return None
    return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
