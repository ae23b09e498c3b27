"""Places in a model space as data: of a token, of a node of a network, and of a mistake."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from amber.errors import ModelSpaceError

NodeRole = Literal["input", "stem", "layer", "reduction", "head", "output"]


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """What a token chooses.

    Attributes:
        role: the operation of a layer (`"op"`), whether the layer reads an input block (`"input"`) or an earlier layer
            (`"skip"`), or whether an output block reads the layer (`"out"`).
        layer: the layer.
        source: the input block, the earlier layer or the output block; None of an operation.
    """

    role: Literal["op", "input", "skip", "out"]
    layer: int
    source: int | None = None

    def __str__(self) -> str:
        if self.role == "out":
            return f"out{self.source}.L{self.layer}"
        return f"L{self.layer}.{self.role}" + ("" if self.source is None else f".{self.source}")


@dataclass(frozen=True, slots=True)
class NodePlace:
    """To which part of a network a node belongs.

    Attributes:
        role: `"layer"` of a layer of the space, `"reduction"` of what brings an earlier layer to the width of later
            ones, and `"input"`, `"stem"`, `"head"`, `"output"` around the layers.
        layer: the layer of the space, or the one that is reduced; None elsewhere.
    """

    role: NodeRole
    layer: int | None = None

    def __str__(self) -> str:
        if self.role == "reduction":
            return f"reduce L{self.layer}->"
        return self.role if self.layer is None else f"L{self.layer}"


@contextlib.contextmanager
def at_candidate(layer: int, candidate: int) -> Iterator[None]:
    """Add the place of a candidate to a ModelSpaceError that is raised within the block.

    Args:
        layer: index of the layer.
        candidate: index of the candidate in its layer.

    Raises:
        ModelSpaceError: with the place before the message, and before the `key`.
    """
    try:
        yield
    except ModelSpaceError as error:
        raise ModelSpaceError(
            f"Layer {layer}, candidate {candidate}: {error}", field=(layer, candidate, *error.field)
        ) from error
