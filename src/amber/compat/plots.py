"""Drawings of a search's history, with Matplotlib and without a display."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from amber.compat.history import read_rows
from amber.compat.run_statistics import read_json
from amber.errors import ConfigError, DataError
from amber.files import replacing

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

PathLike = str | os.PathLike[str]


def sma(data: Sequence[float], window: int = 10) -> np.ndarray:
    """Return the simple moving average: at each place the mean of the last `window` values, or of all so far.

    Raises:
        ConfigError: a window below one.
    """
    if window < 1:
        raise ConfigError(f"window must be a positive number of values. Received: {window!r}")
    values = np.asarray(data, "float64")
    return np.array([values[max(0, place - window + 1) : place + 1].mean() for place in range(len(values))])


def plot_training_history(history: keras.callbacks.History, par_dir: PathLike = ".") -> Path:
    """Draw loss and metrics of a training by epoch, and return the file, `training_history.png`.

    Args:
        history: what `fit` returned, or a dictionary of lists.
        par_dir: the folder.
    """
    values: Mapping[str, Sequence[float]] = getattr(history, "history", history)

    def draw(axes: Axes) -> None:
        for name, series in values.items():
            axes.plot(np.arange(1, len(series) + 1), series, label=name)
        axes.set_xlabel("epoch")
        _legend(axes)

    return _drawn(draw, Path(par_dir) / "training_history.png")


def plot_controller_performance(
    controller_hist_file: PathLike,
    metrics_dict: Mapping[str, int] | None = None,
    save_fn: PathLike | None = None,
    N_sma: int = 10,
) -> Path:
    """Draw metrics of a search, architecture by architecture, with their moving averages; return the file.

    Args:
        controller_hist_file: a `train_history.csv`.
        metrics_dict: where each metric stands in the list of a row; None: the reward.
        save_fn: the drawing; None: beside the history, `.png`.
        N_sma: architectures of the moving average.

    Raises:
        DataError: the history cannot be read, or a row has no such metric.
    """
    rows = read_rows(controller_hist_file)
    series = {"reward": [row.reward for row in rows]} if metrics_dict is None else {}
    for name, place in (metrics_dict or {}).items():
        if any(place >= len(row.metrics) for row in rows):
            raise DataError(f"{controller_hist_file} has rows without a metric {place}. Received: {name}={place}")
        series[name] = [row.metrics[place] for row in rows]

    def draw(axes: Axes) -> None:
        for name, values in series.items():
            points = axes.plot(np.arange(1, len(values) + 1), values, ".", alpha=0.3)
            axes.plot(np.arange(1, len(values) + 1), sma(values, N_sma), color=points[0].get_color(), label=name)
        axes.set_xlabel("architecture")
        _legend(axes)

    return _drawn(draw, Path(controller_hist_file).with_suffix(".png") if save_fn is None else Path(save_fn))


def plot_search_history(history_file: PathLike, save_fn: PathLike) -> Path:
    """Draw the rewards of a search, architecture by architecture, and return the file."""
    return plot_controller_performance(history_file, save_fn=save_fn)


def plot_environment_entropy(entropy_record: Sequence[float], save_fn: PathLike) -> Path:
    """Draw the entropy of the policy by episode, and return the file."""

    def draw(axes: Axes) -> None:
        axes.plot(np.arange(1, len(entropy_record) + 1), entropy_record)
        axes.set_xlabel("episode")
        axes.set_ylabel("entropy of a decision (nats)")

    return _drawn(draw, Path(save_fn))


def plot_action_weights(working_dir: PathLike) -> list[Path]:
    """Draw how probable each operation was, one file `weight_at_layer_N.png` for each layer; return the files.

    Args:
        working_dir: where `weight_data.json` of a search is.
    """
    return [
        _drawn_weights(kinds["operation"], Path(working_dir) / f"weight_at_layer_{layer.removeprefix('L')}.png")
        for layer, kinds in read_json(Path(working_dir) / "weight_data.json").items()
    ]


def plot_wiring_weights(
    working_dir: PathLike, with_input_blocks: bool = False, with_skip_connection: bool = True
) -> list[Path]:
    """Draw how probable each connection was; return the files.

    Args:
        working_dir: where `weight_data.json` of a search is.
        with_input_blocks: draw `inputs_at_layer_N.png` for each layer that chooses input blocks.
        with_skip_connection: draw `skip_at_layer_N.png` for each layer that chooses earlier layers.
    """
    wanted = [("input_blocks", "inputs", with_input_blocks), ("skip_connection", "skip", with_skip_connection)]
    return [
        _drawn_weights(kinds[kind], Path(working_dir) / f"{name}_at_layer_{layer.removeprefix('L')}.png")
        for layer, kinds in read_json(Path(working_dir) / "weight_data.json").items()
        for kind, name, asked in wanted
        if asked and kind in kinds
    ]


def plot_stats2(working_dir: PathLike) -> Path:
    """Draw knowledge, accuracy and loss by episode as `nas_training_stats.png`, and return the file.

    Args:
        working_dir: where `nas_training_stats.json` of a search is.
    """
    found = read_json(Path(working_dir) / "nas_training_stats.json")

    def draw(axes: Axes) -> None:
        for name, values in found.items():
            known = [math.nan if value is None else value for value in values]
            if not all(math.isnan(value) for value in known):
                axes.plot(np.arange(1, len(known) + 1), known, label=name)
        axes.set_xlabel("episode")
        _legend(axes)

    return _drawn(draw, Path(working_dir) / "nas_training_stats.png")


def _drawn_weights(weights: Mapping[str, Sequence[Sequence[float]]], path: Path) -> Path:
    def draw(axes: Axes) -> None:
        for name, several in weights.items():
            for values in several:
                axes.plot(np.arange(1, len(values) + 1), values, label=name)
        axes.set_xlabel("architecture")
        axes.set_ylabel("probability")
        axes.set_ylim(0, 1)
        _legend(axes)

    return _drawn(draw, path)


def _drawn(draw: Callable[[Axes], None], path: Path) -> Path:
    # The object-oriented interface: needs no display, and leaves the figures of the user alone.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    draw(figure.subplots())
    with replacing(path) as aside:
        figure.savefig(aside, dpi=150)
    return path


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize="small")
