"""Test the best architecture on every fold: trained once for each, with the mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.experiment.data import load_data
from amber.experiment.final.scores import score_final
from amber.experiment.final.scoring import BASELINES
from amber.experiment.final.tables import measure_text
from amber.metric_names import MEASURES, measure_name
from amber.types import JsonObject

if TYPE_CHECKING:
    from rich.table import Table

    from amber.data import Dataset
    from amber.experiment.configuration.reading import Configuration
    from amber.experiment.final.training import FinalModel

_LEVEL = 0.95
# The least and the greatest value of each measure, beyond which no interval goes.
_RANGES = {
    "accuracy": (0.0, 1.0),
    "auroc": (0.0, 1.0),
    "auprc": (0.0, 1.0),
    "mcc": (-1.0, 1.0),
    "r2": (-math.inf, 1.0),
    "pearson": (-1.0, 1.0),
    "spearman": (-1.0, 1.0),
    "mae": (0.0, math.inf),
}


@dataclass(frozen=True)
class FoldScores:
    """Scores over all folds.

    Attributes:
        record: JSON-ready, for the key `folds` of `test.json`: by output and measure the values of the folds in their
            order, their mean and the ends of its interval, of the model and of the linear model.
        tables: rich tables for the user.
    """

    record: JsonObject
    tables: tuple[Table, ...]


def score_folds(
    loaded: Configuration,
    folds: int,
    first: JsonObject,
    train: Callable[[Dataset], FinalModel],
    say: Callable[[str], None],
) -> FoldScores:
    """Train and test the best architecture with each of the other folds as test part.

    Each part of the data is the test part once. The architecture was chosen with the first division, so that the other
    folds tested candidates or trained them: only the first is a test of the choice too.

    Args:
        loaded: the configuration.
        folds: how many there are.
        first: what `score_final` recorded of the first.
        train: trains the best architecture on a data set.
        say: takes lines for the user.

    Raises:
        DataError: data that cannot be read again.
        RunFailed: a network predicts what is not a finite number.
    """
    records = [first]
    for fold in range(1, folds):
        say(f"Fold {fold + 1} of {folds}")
        dataset = load_data(loaded, fold)
        records.append(score_final(loaded, dataset, train(dataset), f"fold {fold + 1}").record)
    outputs = {name: _measured(values) for name, values in _by_output(records).items()}
    return FoldScores({"number": folds, "outputs": outputs}, tuple(_tables(outputs, folds)))


def interval_of_mean(values: Sequence[float], level: float = _LEVEL) -> tuple[float, float, float]:
    """Return the mean of some values and the ends of its interval, by Student's t; NaN where a value is undefined.

    Training parts of folds overlap, so that the interval is somewhat too narrow (Nadeau and Bengio 2003).
    """
    from scipy.stats import t

    found = np.asarray(values, dtype=np.float64)
    mean, count = float(found.mean()), len(found)
    half = float(t.ppf((1 + level) / 2, count - 1) * found.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan
    return mean, mean - half, mean + half


def _by_output(records: Sequence[JsonObject]) -> dict[str, list[tuple[JsonObject, JsonObject]]]:
    """Return the scores of the model and of the linear model in each fold, by output; the only one has no name."""
    if "linear_models" in records[0]:
        return {
            name: [(each["model"][name], each["linear_models"][name]) for each in records]
            for name in records[0]["model"]
        }
    key = next(key for key in BASELINES if key in records[0])
    return {"": [(each["model"], each[key]) for each in records]}


def _measured(pairs: Sequence[tuple[JsonObject, JsonObject]]) -> JsonObject:
    found: JsonObject = {}
    for place, who in enumerate(("model", "baseline")):
        scores = [pair[place] for pair in pairs]
        found[who] = {key: _of_folds(key, [each[key] for each in scores]) for key in MEASURES if key in scores[0]}
    return found


def _of_folds(measure: str, values: Sequence[float | None]) -> JsonObject:
    mean, low, high = interval_of_mean([math.nan if each is None else each for each in values])
    least, greatest = _RANGES[measure]
    ends = {"mean": mean, "low": max(low, least), "high": min(high, greatest)}
    return {"values": list(values), **{name: each if math.isfinite(each) else None for name, each in ends.items()}}


def mean_text(key: str, found: Mapping[str, Any]) -> str:
    """Return the mean of a measure over folds with its interval, as text."""
    text = measure_text(key, found["mean"])
    if found["low"] is None:
        return text
    return f"{text} ({measure_text(key, found['low'])} to {measure_text(key, found['high'])})"


def _tables(outputs: Mapping[str, JsonObject], folds: int) -> Iterator[Table]:
    from rich.table import Table

    for output, found in outputs.items():
        title = f"Test over all {folds} folds{f', output {output}' if output else ''}"
        caption = (
            f"Mean of {folds} trainings with its {100 * _LEVEL:g} % interval. The architecture was chosen with the "
            "first fold as test part: the others took part in the choice."
        )
        table = Table(title=title, min_width=len(title), caption=caption, caption_justify="left")
        for head in ("measure", "best network", "linear model"):
            table.add_column(head, justify="left" if head == "measure" else "right")
        for key, of_model in found["model"].items():
            table.add_row(measure_name(key), mean_text(key, of_model), mean_text(key, found["baseline"][key]))
        yield table
