"""Read the trials of earlier searches, for a sampler that learns from them."""

from __future__ import annotations

import hashlib
import itertools
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from amber.architect import ModelSpace, TokenLayout
from amber.errors import AmberError, ConfigError, StorageError
from amber.search.best import describe_architecture, load_best
from amber.search.data_identity import DATA_FINGERPRINT
from amber.search.objective import Objective
from amber.search.run_directory import SETTINGS, RunDirectory
from amber.search.run_settings import read_settings
from amber.search.samplers.earlier import FEWEST, EarlierTrials
from amber.search.samplers.space_features import SpaceFeatures
from amber.search.trial import Trial

LearnFrom: TypeAlias = "str | os.PathLike[str] | EarlierTrials"
"""A run directory, or trials that were read already."""

# First belief in an earlier search: of the same data, of data that were scored alike, of others; of another space.
_SAME_DATA, _SAME_SCORE, _OTHER_DATA, _OTHER_SPACE = 1.0, 0.5, 0.25, 0.6
_MOST_INPUTS = 16


@runtime_checkable
class Learner(Protocol):
    """A sampler that learns from earlier searches."""

    def learn_from(self, earlier: Sequence[EarlierTrials], features: SpaceFeatures | None = None) -> None:
        """Start from their trials."""


def read_earlier(
    runs: Sequence[LearnFrom], objective: Objective, data_fingerprint: str | None = None
) -> tuple[EarlierTrials, ...]:
    """Read the scored trials of earlier searches.

    Trials of the same model space count by their tokens, those of others by what their networks are made of (see
    `SpaceFeatures`). How much a search is believed at first depends on whether its data and space are the same.

    Args:
        runs: run directories of searches that have trained five networks or more.
        objective: of the search that is to learn.
        data_fingerprint: of its data; None: not known.

    Raises:
        StorageError: not a run directory, or a damaged one.
        ConfigError: a directory with fewer trials.
    """
    return tuple(
        each if isinstance(each, EarlierTrials) else _read(Path(each), objective, data_fingerprint) for each in runs
    )


def teach(sampler: object, earlier: Sequence[EarlierTrials], objective: Objective, name: str) -> None:
    """Have a sampler learn from earlier searches.

    Raises:
        ConfigError: it cannot.
    """
    if not earlier:
        return
    if not isinstance(sampler, Learner):
        raise ConfigError(f"Only a sampler that can learn_from earlier searches does: surrogate. Received: {name}")
    space = getattr(objective.builder, "model_space", None)
    known = isinstance(space, ModelSpace) and len(space) >= objective.layout.num_layers
    sampler.learn_from(earlier, SpaceFeatures(space, objective.layout) if known and space is not None else None)


def described(earlier: Sequence[EarlierTrials]) -> list[dict[str, object]]:
    """Return what identifies the trials that a search learns from, JSON-ready."""
    return [{"run": each.name, "trials": len(each.scores), "digest": _digest(each)} for each in earlier]


def _digest(earlier: EarlierTrials) -> str:
    found = hashlib.sha256(np.asarray(earlier.scores, float).tobytes())
    numbers = earlier.tokens if earlier.tokens is not None else np.round(np.asarray(earlier.features, float), 6)
    found.update(np.ascontiguousarray(numbers).tobytes())
    return found.hexdigest()[:16]


def _read(path: Path, objective: Objective, data_fingerprint: str | None) -> EarlierTrials:
    directory = RunDirectory.open(path)
    trials = [each for each in directory.trials() if each.status == "complete" and each.score is not None]
    if len(trials) < FEWEST:
        raise ConfigError(f"{path}: expected a search of {FEWEST} trained networks or more. Received: {len(trials)}")
    record = load_best(path)
    space = ModelSpace.from_dict(record["space"])
    layout = _layout_of(space, record, trials, path)
    sign = _sign(trials, record, path)
    trials = [each for each in trials if not each.reference]
    tokens = np.array([layout.validate(each.tokens) for each in trials], np.int64)
    scores = np.array([each.score for each in trials], float) * sign
    likeness = _likeness(path, trials, objective, data_fingerprint)
    if layout == objective.layout and space == getattr(objective.builder, "model_space", None):
        return EarlierTrials(str(path), scores, tokens, likeness=likeness)
    features = SpaceFeatures(space, layout)(tokens)
    return EarlierTrials(str(path), scores, features=features, likeness=_OTHER_SPACE * likeness)


def _layout_of(space: ModelSpace, record: Mapping[str, Any], trials: Sequence[Trial], path: Path) -> TokenLayout:
    """Return the layout of a search: the one by which the tokens of its best say the architecture that is recorded.

    Of a reference network nothing is recorded, so there the first layout that its other trials fit counts.
    """
    inputs = len(record["inputs"]) if isinstance(record.get("inputs"), Mapping) else 0
    outputs = len(record["outputs"]) if isinstance(record.get("outputs"), Mapping) else 0
    reference = bool(record.get("reference"))
    tokens = next((each.tokens for each in trials if each.tokens), ()) if reference else tuple(record["tokens"])
    ways = itertools.product(
        (True, False), sorted({0, min(inputs, _MOST_INPUTS)}), sorted({0, min(outputs, _MOST_INPUTS)})
    )
    for with_skips, num_inputs, num_outputs in ways:
        try:
            layout = TokenLayout(space, with_skips=with_skips, num_inputs=num_inputs, num_outputs=num_outputs)
            if describe_architecture(space, layout, tokens) == record["architecture"] or reference:
                return layout
        except AmberError:
            continue
    raise StorageError(f"{path}: expected a best.json whose tokens say its architecture. Received: {tokens}")


def _sign(trials: Sequence[Trial], record: Mapping[str, Any], path: Path) -> float:
    """Return -1 where lower scores were better: which they were is seen from the best."""
    scores = [each.score for each in trials if each.score is not None]
    best = next((each.score for each in trials if each.number == record.get("trial")), None)
    if best is None or not math.isfinite(best):
        raise StorageError(f"{path}: expected a best.json of one of its trials. Received: {record.get('trial')!r}")
    return 1.0 if abs(best - max(scores)) <= abs(best - min(scores)) else -1.0


def _likeness(path: Path, trials: Sequence[Trial], objective: Objective, data_fingerprint: str | None) -> float:
    settings = read_settings(path / SETTINGS)[0] if (path / SETTINGS).is_file() else {}
    if data_fingerprint is not None and settings.get(DATA_FINGERPRINT) == data_fingerprint:
        return _SAME_DATA
    return _SAME_SCORE if objective.metric in trials[0].metrics else _OTHER_DATA
