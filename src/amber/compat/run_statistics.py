"""What a search of the first AMBER says of its course: metrics by episode, and how its policy changed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect import TokenLayout, get_layer_shortname
from amber.display import PlainRepr
from amber.errors import StorageError
from amber.files import MEBIBYTE, read_bounded, write_whole
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from amber.architect.model_space import ModelSpace

_NAMES = {"Knowledge": "knowledge", "Accuracy": "acc", "Loss": "loss"}
_SMOOTHING = 0.1
_LIMIT = 512 * MEBIBYTE


def mean_entropy(records: Sequence[Sequence[np.ndarray]]) -> float:
    """Return the mean entropy of a decision in nats, over the probabilities of several architectures."""
    found = []
    for probabilities in records:
        for each in probabilities:
            p = np.clip(np.asarray(each, "float64"), 1e-12, 1.0)
            found.append(float(-(p * np.log(p)).sum(axis=-1).mean()))
    return float(np.mean(found)) if found else math.nan


class RunStatistics(PlainRepr):
    """Means of the metrics of each episode: `nas_training_stats.json`, with Knowledge, Accuracy and Loss."""

    def __init__(self) -> None:
        self.means: dict[str, list[float]] = {name: [] for name in _NAMES}
        self._episode: list[Mapping[str, float]] = []

    def add(self, metrics: Mapping[str, float]) -> None:
        """Take in the metrics of an architecture; those it has none of count as missing."""
        self._episode.append(metrics)

    def end_episode(self) -> None:
        """Take the means of the architectures since the last episode."""
        for name, metric in _NAMES.items():
            known = [each[metric] for each in self._episode if metric in each]
            finite = [value for value in known if math.isfinite(value)]
            self.means[name].append(float(np.mean(finite)) if finite else math.nan)
        self._episode = []

    def write(self, path: Path, *, append: bool = False) -> None:
        """Write the file; with `append` after what it holds."""
        earlier = read_json(path) if append and path.is_file() else {}
        found = {name: [*earlier.get(name, []), *values] for name, values in self.means.items()}
        write_json(path, found)


class ActionWeights(PlainRepr):
    """How probable each choice was in the course of a search: `weight_data.json`.

    `{"L0": {"operation": {SHORT NAME: [[p, ...]]}, "input_blocks": {"input_0": [[p, ...]]}, "skip_connection":
    {"from_L0": [[p, ...]]}}}`, where each p is a moving average up to one architecture.

    Args:
        layout: of the tokens.
        model_space: names the operations; None: by their numbers.
    """

    def __init__(self, layout: TokenLayout, model_space: ModelSpace | None = None) -> None:
        self.layout = layout
        self.model_space = model_space

    def of(self, records: Sequence[Sequence[np.ndarray]]) -> dict[str, object]:
        """Return the weights of all architectures, from the probabilities of their decisions."""
        found: dict[str, Any] = {}
        for layer in range(self.layout.num_layers):
            place = self._place(layer)
            operations = _smoothed([record[place].reshape(-1) for record in records])
            found[f"L{layer}"] = {"operation": self._by_name(layer, operations)}
            if self.layout.num_inputs:
                place += 1
                bits = _smoothed([record[place].reshape(-1, 2)[:, 1] for record in records])
                found[f"L{layer}"]["input_blocks"] = {
                    f"input_{block}": [bits[:, block].tolist()] for block in range(bits.shape[1])
                }
            if self.layout.with_skips and layer:
                place += 1
                bits = _smoothed([record[place].reshape(-1, 2)[:, 1] for record in records])
                found[f"L{layer}"]["skip_connection"] = {
                    f"from_L{source}": [bits[:, source].tolist()] for source in range(bits.shape[1])
                }
        return found

    def write(self, path: Path, records: Sequence[Sequence[np.ndarray]]) -> None:
        """Write the file."""
        write_json(path, self.of(records))

    def _place(self, layer: int) -> int:
        """The position of a layer's operation among the decisions."""
        inputs = layer if self.layout.num_inputs else 0
        skips = max(layer - 1, 0) if self.layout.with_skips else 0
        return layer + inputs + skips

    def _by_name(self, layer: int, weights: np.ndarray) -> dict[str, list[list[float]]]:
        found: dict[str, list[list[float]]] = {}
        for token in range(weights.shape[1]):
            name = str(token)
            if self.model_space is not None and hasattr(self.model_space, "add_layer"):
                name = get_layer_shortname(self.model_space[layer][token])
            found.setdefault(name, []).append(weights[:, token].tolist())
        return found


def _smoothed(values: Sequence[np.ndarray]) -> np.ndarray:
    """Moving averages of rows, (architectures, choices)."""
    averages = [np.asarray(values[0], "float64")]
    for value in values[1:]:
        averages.append((1 - _SMOOTHING) * averages[-1] + _SMOOTHING * np.asarray(value, "float64"))
    return np.stack(averages)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file; numbers that JSON cannot say become null."""
    try:
        write_whole(path, json_text(value, indent=1))
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error}") from error


def read_json(path: Path) -> Any:
    """Read a JSON file that `write_json` wrote; raises StorageError where it is not one.

    `amber.files.strict_json.read_json` counts values, and a long search writes millions of them here.
    """
    data = read_bounded(path, limit=_LIMIT, what="statistics of a search", error=StorageError)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path}: expected JSON. Received: {error}") from error
