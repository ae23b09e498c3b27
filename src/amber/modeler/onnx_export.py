"""Trained models as ONNX files, which run without Keras and without AMBER.

`python -m amber.modeler.onnx_export MODEL.keras MODEL.onnx` converts a file under the backend in use.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from amber.backend.onnx_direct import PACKAGES, missing_packages, write_onnx
from amber.errors import ConfigError
from amber.files import replacing

RELATIVE, ABSOLUTE = 1e-4, 1e-5


def export_onnx(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Write a model as ONNX and check that onnxruntime predicts the same.

    On torch and TensorFlow the model is written directly. JAX has no exporter: there the model is saved, and loaded and
    written by another process under torch, or TensorFlow where torch is not installed.

    Args:
        model: any functional model; its inputs keep their names, and the number of samples stays free.
        path: the file, ending in `.onnx`.

    Raises:
        ConfigError: packages that are not installed (says which), or a layer that cannot be written.
    """
    target = Path(path)
    with replacing(target) as aside:
        _export(model, aside, target)


def _export(model: keras.Model, aside: Path, target: Path) -> None:
    """Write the file aside; messages name the target."""
    backend = keras.config.backend()
    if backend in PACKAGES:
        _require(backend)
        _write(model, aside, target)
        return
    other = _other_backend(backend)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        model.save(saved)
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, str(saved), str(aside)],
            env={**os.environ, "KERAS_BACKEND": other},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ConfigError(
            f"{target}: the model cannot be written as ONNX under {other}. A model with layers of your own must be "
            f"exported by your program, on torch or tensorflow. Received: {reason}"
        )
    if not predicts_the_same(model, aside):
        raise ConfigError(f"{target}: expected the predictions of the model. Received: others under {other}")


def predicts_the_same(model: keras.Model, path: Path) -> bool:
    """Say whether an ONNX file predicts what a model does, for 1 and for 3 samples (within 1e-4, or 1e-5 absolute)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    for samples in (1, 3):
        inputs = [_example(tensor, samples) for tensor in model.inputs]
        found = session.run(None, dict(zip(names, inputs, strict=True)))
        wanted = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))
        for mine, theirs in zip(wanted, found, strict=True):
            values = keras.ops.convert_to_numpy(mine)
            if values.shape != theirs.shape or not np.allclose(values, theirs, rtol=RELATIVE, atol=ABSOLUTE):
                return False
    return True


def _example(tensor: keras.KerasTensor, samples: int) -> np.ndarray:
    shape = (samples, *(size or 1 for size in tensor.shape[1:]))
    values = np.random.default_rng(0).uniform(0, 2, size=shape)
    return values.astype(keras.backend.standardize_dtype(tensor.dtype))


def _write(model: keras.Model, aside: Path, target: Path) -> None:
    # Keras wants a model that has been called.
    inputs = [_example(tensor, 1) for tensor in model.inputs]
    model(inputs if len(inputs) > 1 else inputs[0], training=False)
    try:
        write_onnx(model, aside, lambda path: predicts_the_same(model, path))
    except RuntimeError as error:
        raise ConfigError(f"{target}: the model cannot be written as ONNX. Received: {error}") from error


def _require(backend: str) -> None:
    missing = missing_packages(backend)
    if missing:
        raise ConfigError(
            f"Writing ONNX on {backend} needs {', '.join(PACKAGES[backend])}; install them with: "
            f"pip install 'amber-nas[onnx]'. Received: an installation without {', '.join(missing)}"
        )


def _other_backend(backend: str) -> str:
    missing = {name: missing_packages(name) for name in PACKAGES}
    for name, absent in missing.items():
        if not absent:
            return name
    lacks = "; ".join(f"{name} lacks {', '.join(absent)}" for name, absent in missing.items())
    raise ConfigError(
        f"A model of {backend} is written as ONNX under torch or tensorflow, neither of which can here; install one "
        f"with: pip install 'amber-nas[torch,onnx]'. Received: {lacks}"
    )


def main(arguments: list[str]) -> None:
    """Convert a `.keras` file to ONNX under the backend in use."""
    source, target = arguments
    export_onnx(keras.saving.load_model(source), target)


if __name__ == "__main__":
    main(sys.argv[1:])
