"""Sources of the architecture for the next batch: a controller, a callable, or the uniform distribution."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from amber.architect import TokenLayout
from amber.errors import ConfigError


def as_sampler(
    source: object, layout: TokenLayout, seed: int | None = None, description: object = None
) -> Callable[[], Any]:
    """Return a function without arguments that gives tokens.

    Args:
        source: a controller (an object with `get_action`, which gives tokens, or tokens and probabilities); a
            callable that gives tokens, and is passed a NumPy generator if it needs an argument, such as
            `layout.sample`; or `"uniform"`.
        layout: the grammar of the tokens.
        seed: of the generator.
        description: the description of a data set that is passed to a controller, shape (1, d).

    Raises:
        ConfigError: the source cannot give tokens.
    """
    generator = np.random.default_rng(seed)
    if isinstance(source, str) and source.lower() == "uniform":
        return lambda: layout.sample(generator)
    if hasattr(source, "get_action"):
        given = () if description is None else (description,)
        return lambda: _tokens(source.get_action(*given))
    if callable(source):
        return (lambda: source(generator)) if _needs_argument(source) else source
    raise ConfigError(
        "Training shared weights needs a sampler: a controller, a callable that gives tokens, or 'uniform'. "
        f"Received: {source!r}"
    )


def _tokens(action: object) -> object:
    """Return the tokens of an action, which may come with the probabilities of their choice."""
    return action[0] if isinstance(action, tuple) and len(action) == 2 and np.ndim(action[0]) == 1 else action


def _needs_argument(source: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(source).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in parameters
    )
