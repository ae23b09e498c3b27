"""The arguments of a call, by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import keras


Method = TypeVar("Method", bound=Callable[..., object])


def documented_as(original: Callable[..., object]) -> Callable[[Method], Method]:
    """Return a decorator that shows the signature and the documentation of another function."""

    def decorate(method: Method) -> Method:
        functools.update_wrapper(method, original)
        return method

    return decorate


def bind(
    method: Callable[..., object], model: keras.Model, args: tuple[object, ...], kwargs: dict[str, object]
) -> dict[str, Any]:
    """Return the arguments of a call of a method of a model by name."""
    arguments = dict(inspect.signature(method).bind(model, *args, **kwargs).arguments)
    del arguments["self"]
    return arguments
