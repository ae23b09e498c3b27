"""The arguments of a call, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def bind(
    method: Callable[..., object], model: keras.Model, args: tuple[object, ...], kwargs: dict[str, object]
) -> dict[str, Any]:
    """Return the arguments of a call of a method of a model by name."""
    arguments = dict(inspect.signature(method).bind(model, *args, **kwargs).arguments)
    del arguments["self"]
    return arguments
