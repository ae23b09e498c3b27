"""Giving a training step a new architecture: how each Keras backend takes a value that changes every batch.

Keras's own train, test and predict functions are wrapped, so that callbacks, data and metrics stay Keras's.
On TensorFlow a variable that is assigned before the step is read by the compiled step. On JAX the step is a
function of the state it is given, so the value is put in its place in that state. On torch nothing is compiled
and the model looks at its own attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from amber.types import TensorTree

if TYPE_CHECKING:
    import keras

StepFunction: TypeAlias = Callable[..., object]
"""What `keras.Model.make_train_function` makes: called with batches, and on JAX with the state before them."""

_MARK = "_amber_draws"


def compiles() -> bool:
    """Whether the backend compiles a step, so that an architecture must be data to it."""
    import keras

    return str(keras.config.backend()) != "torch"


def draw_before(
    function: StepFunction, draw: Callable[[], np.ndarray], model: keras.Model, variable: keras.Variable
) -> StepFunction:
    """Return a Keras step function that has a new architecture each time it is called.

    Args:
        function: what `make_train_function`, `make_test_function` or `make_predict_function` made.
        draw: gives the tokens of the next architecture.
        model: the model the function belongs to.
        variable: the integer variable that holds the tokens; None on torch.
    """
    if getattr(function, _MARK, False):
        return function
    import keras

    backend = str(keras.config.backend())
    step = _on_jax if backend == "jax" else _on_torch if backend == "torch" else _by_assignment
    drawing = step(function, draw, model, variable)
    setattr(drawing, _MARK, True)
    return drawing


def _on_torch(
    function: StepFunction, draw: Callable[[], np.ndarray], model: keras.Model, variable: keras.Variable
) -> StepFunction:
    def drawing(data: TensorTree) -> object:
        draw()
        return function(data)

    return drawing


def _by_assignment(
    function: StepFunction, draw: Callable[[], np.ndarray], model: keras.Model, variable: keras.Variable
) -> StepFunction:
    def drawing(iterator: Iterator[TensorTree]) -> object:
        # An iterator of many batches has each drawn for by the function that takes it.
        if not getattr(iterator, "draws", False):
            variable.assign(draw())
        return function(iterator)

    return drawing


def _on_jax(
    function: StepFunction, draw: Callable[[], np.ndarray], model: keras.Model, variable: keras.Variable
) -> StepFunction:
    # The state begins with the trainable and the non-trainable variables, in the order of the model.
    position: list[int] = []

    def drawing(state: Sequence[Sequence[TensorTree]], iterator: Iterator[TensorTree]) -> object:
        if not position:
            position.append([id(each) for each in model.non_trainable_variables].index(id(variable)))
        fixed = list(state[1])
        # The compiled step takes an array of NumPy sooner than one that is put on the device first.
        fixed[position[0]] = np.asarray(draw(), dtype=variable.dtype)
        return function((state[0], fixed, *state[2:]), iterator)

    return drawing
