"""The state of a training after an epoch, in one file: it is whole or it is not there.

A NumPy archive of plain arrays: variables of model and optimizer in their order, and a header in JSON. Nothing in it is
unpickled. A file that does not belong to the training at hand, or is damaged, is as good as none.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from amber.files import write_whole
from amber.files.archives import check_archive
from amber.files.strict_json import parse_json
from amber.training.training_state import TrainingState
from amber.types import JsonObject

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
_VERSIONS = {"keras": keras.__version__, "backend": keras.backend.backend()}
# What a file that is not a checkpoint, or a damaged one, raises while it is read.
_DAMAGED = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    AttributeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of one training is kept, and of which.

    Args:
        path: of the file; it need not exist.
        identity: says which training it is, such as a fingerprint and a seed; another one's file is not used.
        after_last: whether the state after the last epoch is kept too, for a training of more epochs.
    """

    path: Path
    identity: str
    after_last: bool = False

    def save(self, model: keras.Model, state: TrainingState) -> None:
        """Replace the file. A disk that is full costs the checkpoint, not the training: a warning is logged."""
        header = {
            "format_version": FORMAT_VERSION,
            "identity": self.identity,
            "versions": _VERSIONS,
            "history": state.history,
            "best_epoch": state.best_epoch,
        }
        arrays: dict[str, Any] = {f"variable_{index}": _array(each) for index, each in enumerate(_variables(model))}
        if state.best_weights is not None and state.best_epoch != state.epochs - 1:
            arrays |= {f"best_{index}": np.asarray(each) for index, each in enumerate(state.best_weights)}
        content = io.BytesIO()
        np.savez(content, header=np.frombuffer(json.dumps(header).encode("utf-8"), "uint8"), **arrays)
        try:
            self.path.parent.mkdir(exist_ok=True)
            write_whole(self.path, content.getvalue())
        except OSError as error:
            logger.warning("%s cannot be written: %s. Training goes on without it.", self.path, error)

    def restore(self, model: keras.Model, state: TrainingState) -> Callable[[], None] | None:
        """Bring a fresh state to where the file's training was; change nothing where there is no file.

        Returns:
            What does the same for the model, to be called when the next epoch begins: the first `fit` of a model may
            draw random numbers while it builds what is not built yet. None where there is nothing to restore.
        """
        if not self.path.is_file():
            return None
        try:
            check_archive(self.path, "a checkpoint")
            with np.load(self.path, allow_pickle=False) as archive:
                header = parse_json(archive["header"].tobytes(), what="the header of a checkpoint")
                arrays = {name: archive[name] for name in archive.files if name != "header"}
            kept = {name: header.get(name) for name in ("format_version", "identity", "versions")}
            here = {"format_version": FORMAT_VERSION, "identity": self.identity, "versions": _VERSIONS}
            if kept != here:
                raise ValueError(f"expected {here}, found {kept}")
            return _apply(model, state, arrays, header)
        except _DAMAGED as error:
            logger.warning("%s is not used, the training starts over: %s", self.path, error)
            return None

    def remove(self) -> None:
        """Remove the file, where there is one."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def _apply(
    model: keras.Model, state: TrainingState, arrays: dict[str, np.ndarray], header: JsonObject
) -> Callable[[], None]:
    history = {str(name): [float(value) for value in values] for name, values in header["history"].items()}
    best_epoch = int(header["best_epoch"])
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = list(_variables(model))
    values = [arrays[f"variable_{index}"] for index in range(len(variables))]
    best = [arrays[f"best_{index}"] for index in range(sum(name.startswith("best_") for name in arrays))]
    if len(values) + len(best) != len(arrays):
        raise ValueError(f"expected {len(variables)} variables, found {len(arrays) - len(best)}")
    _check_shapes(variables, values)
    if best:
        _check_shapes(model.weights, best)
    # Checked to the end before anything is changed: nothing is ever half restored.
    state.history, state.best_epoch = history, best_epoch
    state.best_weights = best or None

    def restore_model() -> None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if state.keeps_best and best_epoch == len(history["loss"]) - 1:
            state.best_weights = model.get_weights()

    return restore_model


def _variables(model: keras.Model) -> Sequence[keras.Variable]:
    """Weight, states of random generators, and what the optimizer keeps; metrics start over with every epoch."""
    metrics = {id(each) for each in model.metrics_variables}
    return [*(each for each in model.variables if id(each) not in metrics), *model.optimizer.variables]


def _array(variable: keras.Variable) -> np.ndarray:
    value = np.asarray(keras.ops.convert_to_numpy(variable))
    # NumPy's own types only: a file of others cannot be read without their package.
    return value if value.dtype.kind in "biuf" else value.astype("float32")


def _check_shapes(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    expected = [tuple(variable.shape) for variable in variables]
    found = [value.shape for value in values]
    if expected != found:
        raise ValueError("the shapes of its variables are others than the model's")
