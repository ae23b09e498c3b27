"""The controller's optimizer: from a name, a configuration or an instance, never shared."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from amber.errors import ConfigError


def make_optimizer(
    optimizer: str | Mapping[str, object] | keras.optimizers.Optimizer, learning_rate: float | None = None
) -> keras.optimizers.Optimizer:
    """Return a new optimizer.

    Args:
        optimizer: a Keras name, a serialised optimizer, or an instance, which is copied without its state.
        learning_rate: takes the place of the optimizer's own; None: its own.

    Raises:
        ConfigError: Keras knows no such optimizer, or the learning rate is not positive.
    """
    try:
        made = keras.optimizers.get(optimizer)
        config = made.get_config()
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"optim_algo must be an optimizer of Keras or the name of one. Received: {optimizer!r}"
        ) from error
    if learning_rate is not None:
        if not learning_rate > 0:
            raise ConfigError(f"learning_rate must be positive. Received: {learning_rate!r}")
        config["learning_rate"] = float(learning_rate)
    return type(made).from_config(config)
