"""What a search needs of a builder: one that cannot plan, or a plain function, is made one that a search can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from amber.architect import ModelSpace, TokenLayout
from amber.errors import ConfigError
from amber.modeler.builders.base import ModelBuilder


class CalledBuilder:
    """A builder of which nothing is known before it is called: a function of tokens that returns a compiled model.

    What a network costs is known only once it is built, and two architectures are the same only where their tokens are.

    Args:
        called: returns the compiled model of tokens.
        model_space: what the tokens mean; by default one token a layer.
        layout: of the tokens, where it is another.
    """

    def __init__(
        self, called: Callable[[Sequence[int]], Any], model_space: ModelSpace, layout: TokenLayout | None = None
    ) -> None:
        model_space.validate()
        self.called = called
        self.model_space = model_space
        self.layout = layout or TokenLayout(model_space, with_skips=False)
        self.__name__ = getattr(called, "__name__", type(called).__name__)

    def __call__(self, arc_seq: Sequence[int]) -> Any:
        """Return the compiled model of an architecture."""
        return self.called(arc_seq)


def usable_builder(builder: object, model_space: ModelSpace | None = None) -> Any:
    """Return a builder that tells a search what may be built: the one given, or a CalledBuilder of it.

    Args:
        builder: as a search is given it.
        model_space: of one that has none.

    Raises:
        ConfigError: nothing says what may be built; says what to write.
    """
    space = model_space if model_space is not None else getattr(builder, "model_space", None)
    if hasattr(builder, "layout") and can_plan(builder):
        if model_space is not None and model_space != getattr(builder, "model_space", None):
            raise ConfigError(
                "model_space is for a builder that has none; this one has another. Give it to one of them."
            )
        return builder
    if callable(builder) and isinstance(space, ModelSpace):
        return CalledBuilder(builder, space, getattr(builder, "layout", None))
    missing = {"layout": not hasattr(builder, "layout"), "plan": not can_plan(builder)}
    without = " and ".join(name for name, lacks in missing.items() if lacks)
    raise ConfigError(
        "A search needs to know what may be built: give Objective the model_space whose tokens your function or "
        "builder is called with, one token a layer. Better, as networks are then compared and measured before they "
        "are trained: "
        "subclass the builder that comes nearest and override `__call__`; or subclass amber.modeler.ModelBuilder, set "
        "self.layout = TokenLayout(model_space, with_skips=False), and define `plan` (KerasModelBuilder(inputs_op, "
        f"output_op, None, model_space).plan plans a chain). Received: {_described(builder)} without {without}"
    )


def can_plan(builder: object) -> bool:
    """Say whether a builder knows the graph of an architecture without building it."""
    plan = getattr(builder, "plan", None)
    return plan is not None and getattr(plan, "__func__", None) is not ModelBuilder.plan


def builds_graphs(kind: type) -> bool:
    """Say whether a class of builders builds graphs: it defines `from_graph`, and no subclass builds in its own way."""
    order = [vars(each) for each in kind.__mro__]
    first = next((position for position, names in enumerate(order) if "from_graph" in names), None)
    return first is not None and not any(name in names for names in order[:first] for name in ("__call__", "build"))


def _described(builder: object) -> str:
    return f"the function {builder.__name__}" if hasattr(builder, "__name__") else f"a {type(builder).__name__}"
