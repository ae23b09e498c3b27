"""Store functions of the first AMBER: what is kept of every trained child, in `weights/trial_N`."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.compat.data import unpack_data
from amber.drawing import draw
from amber.errors import ConfigError
from amber.files import replacing, write_whole
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.compat.roles import Trial
    from amber.graph.graph import ComputationGraph

logger = logging.getLogger(__name__)

TEMPORARY = "temp_network.h5"
BEST = "bestmodel.h5"
_INTEGERS_UP_TO = 10

StoreFunction = Callable[..., None]


def save_model(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Write a model to an HDF5 file whole.

    Of a child of a supernet the shared weights are written, and of a model that is not made of a graph of layers its
    weights.
    """
    with replacing(path) as aside, _without_format_warning():
        supernet = getattr(model, "supernet", None)
        if supernet is not None:
            supernet.save(aside)
            return
        try:
            model.save(aside)
        except NotImplementedError:
            weights = aside.with_suffix(".weights.h5")
            model.save_weights(weights)
            os.replace(weights, aside)


def store_minimal(
    trial: Trial,
    model: keras.Model,
    working_dir: str | os.PathLike[str] = ".",
    save_full_model: bool = False,
    **unused: object,
) -> None:
    """Keep the best weights as `bestmodel.h5`.

    Args:
        trial: number of the trial; names the folder.
        model: the trained model.
        working_dir: where `weights/` is.
        save_full_model: keep the model as `full_bestmodel.h5` too.
        **unused: what other store functions need.
    """
    folder = _fresh_folder(working_dir, trial)
    if save_full_model:
        save_model(model, folder / "full_bestmodel.h5")
    kept = Path(working_dir) / TEMPORARY
    if kept.is_file():
        os.replace(kept, folder / BEST)
    else:
        save_model(model, folder / BEST)


def store_general(
    trial: Trial,
    model: keras.Model,
    hist: keras.callbacks.History | None = None,
    data: object = None,
    pred: TensorTree = None,
    loss_and_metrics: Mapping[str, float] | Sequence[float] | None = None,
    working_dir: str | os.PathLike[str] = ".",
    save_full_model: bool = False,
    **unused: object,
) -> None:
    """Keep the best weights, a drawing of the training history, and the predictions as `pred.txt`.

    Args:
        trial, model, working_dir, save_full_model: as of `store_minimal`.
        hist: the history of training; None: no drawing.
        data: validation data, whose targets stand beside the predictions.
        pred: predictions for them; None: those of the model.
        loss_and_metrics: numbers by name, for the head of `pred.txt`.
        **unused: what other store functions need.
    """
    from amber.compat.plots import plot_training_history

    store_minimal(trial, model, working_dir, save_full_model)
    folder = _folder(working_dir, trial)
    if hist is not None:
        try:
            plot_training_history(hist, folder)
        except Exception as error:  # a drawing that fails must not end a search
            logger.warning("The training history of trial %s was not drawn: %s", trial, error)
    if data is None:
        return
    x, y = unpack_data(data, unroll_generator_y=True)
    predicted = model.predict(x, verbose=0) if pred is None else pred
    write_whole(folder / "pred.txt", _prediction_text(y, predicted, loss_and_metrics))


def store_with_model_plot(
    trial: Trial,
    model: keras.Model,
    working_dir: str | os.PathLike[str] = ".",
    network: ComputationGraph | None = None,
    **options: Any,
) -> None:
    """Keep what `store_general` keeps, and a drawing of the network as `model_arc.png`.

    Args:
        trial, model, working_dir: as of `store_minimal`.
        network: the ComputationGraph of the model; None: Keras draws the layers, where it can.
        **options: as of `store_general`.
    """
    store_general(trial, model, working_dir=working_dir, **options)
    drawing = _folder(working_dir, trial) / "model_arc.png"
    try:
        if network is not None:
            draw(network, drawing)
        else:
            keras.utils.plot_model(model, str(drawing))
    except Exception as error:  # a drawing that fails must not end a search
        logger.warning("The network of trial %s was not drawn: %s", trial, error)


_STORES: dict[str, StoreFunction] = {
    "general": store_general,
    "minimal": store_minimal,
    "model_plot": store_with_model_plot,
}


def get_store_fn(store: str | StoreFunction | None) -> StoreFunction | None:
    """Return a store function by its name ("general", "minimal", "model_plot", also with "store_"), or as given.

    Raises:
        ConfigError: an unknown name; lists the known ones.
    """
    if store is None or callable(store):
        return store
    name = store.lower().removeprefix("store_").removeprefix("with_") if isinstance(store, str) else ""
    if name not in _STORES:
        raise ConfigError(f"store_fn must be one of {', '.join(_STORES)}, a function, or None. Received: {store!r}")
    return _STORES[name]


def _folder(working_dir: str | os.PathLike[str], trial: Trial) -> Path:
    return Path(working_dir) / "weights" / f"trial_{trial}"


def _fresh_folder(working_dir: str | os.PathLike[str], trial: Trial) -> Path:
    folder = _folder(working_dir, trial)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _prediction_text(targets: Any, predictions: Any, numbers: Any) -> str:
    named = numbers.items() if hasattr(numbers, "items") else enumerate(numbers or [])
    lines = [f"# {name}: {value}" for name, value in named]
    lines.append("pred\tobs\tmetadata")
    several = isinstance(targets, (list, tuple))
    outputs = zip(targets, predictions, strict=True) if several else [(targets, predictions)]
    for place, (true, predicted) in enumerate(outputs):
        observed = np.asarray(true).reshape(len(true), -1)
        label = "%i" if len(np.unique(observed)) < _INTEGERS_UP_TO else "%.3f"
        for row, values in enumerate(np.asarray(predicted).reshape(len(observed), -1)):
            left = ",".join(f"{value:.3f}" for value in values)
            right = ",".join(label % value for value in observed[row])
            lines.append(f"{left}\t{right}\toutput_{place}" if several else f"{left}\t{right}\tNA")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def _without_format_warning() -> Iterator[None]:
    """Keep Keras from recommending its own format at every trial: readers of the first AMBER's files need HDF5."""
    absl = logging.getLogger("absl")
    absl.addFilter(_is_not_about_hdf5)
    try:
        yield
    finally:
        absl.removeFilter(_is_not_about_hdf5)


def _is_not_about_hdf5(entry: logging.LogRecord) -> bool:
    return "HDF5 file" not in entry.getMessage()
