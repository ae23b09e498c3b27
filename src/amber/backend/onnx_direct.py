"""ONNX files on the backends that can write them, and which packages that takes."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amber.backend._select import is_installed

if TYPE_CHECKING:
    import keras
    import torch

logger = logging.getLogger(__name__)

PACKAGES = {
    "torch": ("onnx", "onnxruntime", "onnxscript"),
    "tensorflow": ("onnx", "onnxruntime", "tf2onnx"),
}
"""For each backend that writes ONNX the packages it needs besides itself."""


def missing_packages(backend: str) -> list[str]:
    """Return what must be installed before this backend can write ONNX, the backend itself among it."""
    return [name for name in (backend, *PACKAGES[backend]) if not is_installed(name)]


def write_onnx(model: keras.Model, path: Path, is_right: Callable[[Path], bool]) -> None:
    """Write a model as ONNX with the backend in use, torch or TensorFlow.

    On torch the exporters cover different layers: that of Keras is tried first, because it is fast, and torch's newer
    one where the first fails or its file does not compute what the model does.

    Args:
        model: a Keras model that has been called.
        path: the file.
        is_right: says whether a file computes what the model does, for any number of samples.

    Raises:
        RuntimeError: no exporter can write this model; says why.
    """
    import keras

    ways = [_with_keras, _with_torch] if keras.config.backend() == "torch" else [_with_keras]
    reasons = []
    for way in ways:
        try:
            with _quiet(), _without_gradients(model):
                way(model, path)
            if is_right(path):
                return
            reasons.append("the file does not predict what the model does")
        except Exception as error:  # exporters raise errors of every kind
            reasons.append(_first_lines(error))
        logger.info("%s failed: %s", way.__name__, reasons[-1])
    path.unlink(missing_ok=True)
    raise RuntimeError("; ".join(reasons))


def _with_keras(model: keras.Model, path: Path) -> None:
    model.export(path, format="onnx", verbose=False)


def _with_torch(model: keras.Model, path: Path) -> None:
    import torch

    class Positional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
            return self.network(list(inputs) if len(inputs) > 1 else inputs[0])

    samples = tuple(torch.zeros(2, *(size or 1 for size in tensor.shape[1:])) for tensor in model.inputs)
    shapes = tuple({0: torch.export.Dim("batch")} for _ in samples)
    program = torch.onnx.export(
        Positional().eval(),
        samples,
        dynamo=True,
        input_names=[tensor.name for tensor in model.inputs],
        dynamic_shapes=(shapes,),
        verbose=False,
    )
    program.save(path)


@contextmanager
def _without_gradients(model: keras.Model) -> Iterator[None]:
    """Within this context no weight on torch has gradients.

    Torch knows the weights of a model within a model within a model for plain tensors, and refuses one with gradients.
    """
    import keras

    weights = [variable.value for variable in model.weights] if keras.config.backend() == "torch" else []
    changed = [weight for weight in weights if weight.requires_grad]
    try:
        for weight in changed:
            weight.requires_grad_(False)
        yield
    finally:
        for weight in changed:
            weight.requires_grad_(True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Within this context exporters do not tell of their own affairs, by any way.

    Torch writes the whole network on the standard output of the process when it fails, whatever it is told.
    """
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "tf2onnx", "onnxscript")]
    levels = [each.level for each in loggers]
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            os.dup2(nowhere, 1)
            for each in loggers:
                each.setLevel(logging.ERROR)
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(nowhere)
            for each, level in zip(loggers, levels, strict=True):
                each.setLevel(level)


def _first_lines(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
