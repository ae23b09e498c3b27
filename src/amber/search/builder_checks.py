"""What a search needs of a builder, said before anything is trained."""

from __future__ import annotations

from typing import Any

from amber.errors import ConfigError
from amber.modeler.builders.base import ModelBuilder


def check_builder(builder: Any) -> None:
    """Check that a builder tells a search what may be built, and what a network is before it is built.

    Raises:
        ConfigError: it does not; says what to write.
    """
    plan = getattr(builder, "plan", None)
    missing = [] if hasattr(builder, "layout") else ["layout"]
    missing += ["plan"] if plan is None or getattr(plan, "__func__", None) is ModelBuilder.plan else []
    if not missing:
        return
    without = " and ".join(missing)
    raise ConfigError(
        "A search needs a builder that can be called with tokens and has `layout`, the TokenLayout of the tokens, and "
        "`plan(arc)`, which returns the ComputationGraph of an architecture: subclass the builder that comes nearest "
        "and override `__call__`; or subclass amber.modeler.ModelBuilder, set self.layout = TokenLayout(model_space, "
        "with_skips=False) where tokens choose operations only, and define `plan` (KerasModelBuilder(inputs_op, "
        f"output_op, None, model_space).plan plans a chain). Received: {_described(builder)} without {without}"
    )


def _described(builder: Any) -> str:
    return f"the function {builder.__name__}" if hasattr(builder, "__name__") else f"a {type(builder).__name__}"
