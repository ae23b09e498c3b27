"""From a checked configuration to data, compile arguments and builder."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from amber.cli.builders import BUILDERS, BuilderRequest
from amber.cli.config import LoadedConfig, data_source
from amber.errors import ConfigError, ModelSpaceError

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.modeler import ModelBuilder


def load_data(loaded: LoadedConfig) -> Dataset:
    """Loads the data of a configuration.

    Raises:
        DataError: data that cannot be used; the message names file and line.
    """
    from amber.data import load_dataset

    section = loaded.config.data
    return load_dataset(
        data_source(loaded),
        split=section.split,
        seed=loaded.config.seed,
        sequence=section.sequence,
        label=section.label,
        classes=section.classes,
    )


def compile_arguments(loaded: LoadedConfig, steps: int | None = None) -> dict[str, Any]:
    """Returns the arguments of `keras.Model.compile`.

    Args:
        loaded: the configuration.
        steps: of the whole training, for a learning rate that falls; None where nothing will be trained here.

    Raises:
        ConfigError: Keras does not know the optimizer, loss or metric; names the line.
    """
    from amber.backend import select

    select()
    import keras

    training = loaded.config.training
    try:
        optimizer = keras.optimizers.get(training.optimizer)
    except ValueError as error:
        raise loaded.error(
            ("training", "optimizer"),
            f"expected the name of a Keras optimizer, such as adam, adamw or sgd. Received: {training.optimizer!r}",
        ) from error
    rate: Any = training.learning_rate
    if training.schedule == "cosine" and steps is not None:
        rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    settings = {**optimizer.get_config(), "learning_rate": rate}
    try:
        keras.losses.get(training.loss)
    except ValueError as error:
        raise loaded.error(
            ("training", "loss"),
            f"expected the name of a Keras loss, such as sparse_categorical_crossentropy. Received: {training.loss!r}",
        ) from error
    for index, metric in enumerate(training.metrics):
        try:
            keras.metrics.get(metric)
        except ValueError as error:
            raise loaded.error(
                ("training", "metrics", index),
                f"expected the name of a Keras metric, such as accuracy. Received: {metric!r}",
            ) from error
    return {
        "optimizer": type(optimizer).from_config(settings),
        "loss": training.loss,
        "metrics": list(training.metrics),
    }


def check_metric(loaded: LoadedConfig) -> None:
    """Checks that what the search maximises is among what training reports; raises ConfigError."""
    known = ["val_loss", *(f"val_{metric}" for metric in loaded.config.training.metrics)]
    if loaded.config.search.metric not in known:
        raise loaded.error(
            ("search", "metric"),
            f"expected one of what training reports, {', '.join(known)} (see training.metrics). "
            f"Received: {loaded.config.search.metric!r}",
        )


def make_builder(
    loaded: LoadedConfig,
    input_shape: tuple[int, ...],
    num_classes: int,
    compiled: bool = True,
    steps: int | None = None,
) -> ModelBuilder:
    """Makes the builder of a configuration.

    Args:
        loaded: the configuration.
        input_shape: shape of one record, without the batch.
        num_classes: number of outputs.
        compiled: whether its children are compiled.
        steps: of one whole training; see `compile_arguments`.

    Raises:
        ConfigError: a space or option that the builder refuses, with its line.
    """
    entry = BUILDERS.get(loaded.builder_type)
    arguments = compile_arguments(loaded, steps) if compiled else None
    request = BuilderRequest(loaded.space, loaded.builder_options, input_shape, num_classes, arguments)
    try:
        return entry.make(request)
    except ConfigError:
        raise
    except ModelSpaceError as error:
        raise loaded.space_error(error) from error


def seed_everything(seed: int) -> None:
    """Seeds the generators that Keras' initialisers use; for commands that make one model and end."""
    import keras

    keras.utils.set_random_seed(seed)
    random.seed(seed)


def training_steps(records: int, batch_size: int, epochs: int) -> int:
    """Returns the steps of a whole training."""
    return epochs * -(-records // batch_size)
