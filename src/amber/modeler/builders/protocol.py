"""What a search and its reports ask of a builder; one of a user's own need not be a `ModelBuilder`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from amber.architect import TokenLayout
from amber.graph.graph import ComputationGraph
from amber.types import Tokens

if TYPE_CHECKING:
    import keras


class Builder(Protocol):
    """Plans and builds the network that tokens describe.

    Attributes:
        layout: what the tokens mean.
        model_compile_dict: arguments of `keras.Model.compile`; None: its models are not compiled.
    """

    layout: TokenLayout
    model_compile_dict: Mapping[str, Any] | None

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network as a graph.

        Raises:
            InvalidArchitectureError: the tokens describe no network.
        """

    def __call__(self, arc_seq: Tokens) -> keras.Model:
        """Return the network as a Keras model, compiled where there is something to compile with."""
