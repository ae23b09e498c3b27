"""Products of vectors with Jacobians, on every backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras

from amber.types import Tensor

if TYPE_CHECKING:
    import torch

TensorFunction = Callable[..., Any]


def pull_back(function: TensorFunction, inputs: Sequence[object], cotangent: object) -> list[Any]:
    """Return the product of a vector with the Jacobian of a function, for each of its inputs.

    Args:
        function: takes the inputs one by one and returns one tensor.
        inputs: floating-point tensors of the backend.
        cotangent: a tensor of the shape of the output, or a function that returns it from the output.

    Returns:
        One tensor for each input, of its shape; zeros for an input that the output does not depend on.
    """
    return _BY_BACKEND[keras.config.backend()](function, list(inputs), cotangent)


def compiled(function: TensorFunction) -> TensorFunction:
    """Return a function of tensors that the backend compiles once per shape; torch runs it as it is."""
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        jitted: TensorFunction = jax.jit(function)
        return jitted
    return _traced(function) if backend == "tensorflow" else function


def _traced(function: TensorFunction) -> TensorFunction:
    """Trace a function once for each combination of shapes, without TensorFlow's warnings of many traces."""
    import tensorflow as tf

    traced = tf.function(function)
    by_shapes: dict[tuple[tuple[int, ...], ...], TensorFunction] = {}

    def run(*tensors: Tensor) -> Tensor:
        shapes = tuple(tuple(each.shape) for each in tensors)
        if shapes not in by_shapes:
            specifications = [tf.TensorSpec(each.shape, each.dtype) for each in tensors]
            by_shapes[shapes] = traced.get_concrete_function(*specifications)
        return by_shapes[shapes](*tensors)

    return run


def _vector(cotangent: object, output: object) -> object:
    return cotangent(output) if callable(cotangent) else cotangent


def _on_torch(function: TensorFunction, inputs: list[torch.Tensor], cotangent: torch.Tensor) -> list[torch.Tensor]:
    import torch

    with torch.enable_grad():
        leaves = [each.detach().requires_grad_() for each in inputs]
        output = function(*leaves)
        if not output.requires_grad:
            return [torch.zeros_like(each) for each in inputs]
        vector = _vector(cotangent, output.detach())
        found = torch.autograd.grad(output, leaves, vector, allow_unused=True)
    return [torch.zeros_like(leaf) if each is None else each for each, leaf in zip(found, inputs, strict=True)]


def _on_jax(function: TensorFunction, inputs: list[Tensor], cotangent: Tensor) -> list[Tensor]:
    import jax

    output, pull = jax.vjp(function, *inputs)
    return list(pull(_vector(cotangent, output)))


def _on_tensorflow(function: TensorFunction, inputs: list[Tensor], cotangent: Tensor) -> list[Tensor]:
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for each in inputs:
            tape.watch(each)
        output = function(*inputs)
    vector = _vector(cotangent, output)
    found = tape.gradient(output, inputs, vector, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [tf.convert_to_tensor(each) for each in found]


_BY_BACKEND: dict[str, Callable[[TensorFunction, list[Any], Any], list[Any]]] = {
    "torch": _on_torch,
    "jax": _on_jax,
    "tensorflow": _on_tensorflow,
}
