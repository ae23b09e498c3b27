"""Compile arguments that belong to one child only: nothing is shared, and no object of the user is changed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from amber.errors import ConfigError


def clone_compile_arguments(arguments: Mapping[str, object]) -> dict[str, object]:
    """Return a copy of `model.compile` arguments in which every Keras object is a new one.

    Optimizers may also be given as a class or as a function without arguments that makes one.

    Raises:
        ConfigError: an optimizer, loss or metric that cannot be recreated from its configuration.
    """
    return {name: _clone(name, value) for name, value in arguments.items()}


def _clone(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _clone(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clone(name, item) for item in value]
    if isinstance(value, (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)):
        try:
            return type(value).from_config(value.get_config())
        except Exception as error:
            raise ConfigError(
                f"The {name} {value!r} cannot be recreated from its configuration for every child model; "
                "give it as a name, or as a function without arguments that makes one."
            ) from error
    if name == "optimizer" and callable(value):
        return value()
    if name == "metrics" and (inspect.isclass(value) or _takes_no_arguments(value)):
        return value()
    return value


def _takes_no_arguments(value: object) -> bool:
    if not callable(value):
        return False
    try:
        return not inspect.signature(value).parameters
    except (TypeError, ValueError):
        return False
