"""Evaluate the network of a run on a part of its data, or on new labelled files, beside a linear model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.data import Dataset, Split, Target
from amber.data.baselines.streamed import FeatureBatches
from amber.display import one_line
from amber.errors import AmberError, ConfigError
from amber.experiment.data import load_data
from amber.experiment.final.compared import Compared
from amber.experiment.final.scoring import (
    BASELINES,
    Baselines,
    Scored,
    baseline_key,
    evaluated,
    other_baselines,
    score_baselines,
    score_model,
)
from amber.experiment.final.tables import part_table, score_table, value_table
from amber.experiment.final.verdict import remarks
from amber.experiment.new_files import read_files, targets_of
from amber.experiment.run_files.looks import looks_so_far
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.files import KnownNetwork, network_file
from amber.metric_names import measure_name
from amber.types import JsonObject
from amber.wording import said

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration

_MODEL = "model"
# New examples are looked for among those that the network was trained on where these are at most so many numbers.
_MOST_COMPARED = 1_000_000_000


@dataclass(frozen=True)
class ModelScores:
    """The scores of a network on labelled examples.

    Attributes:
        tables: rich tables for the user.
        warnings: what is wrong with the network, each a plain line; empty where nothing is.
        record: JSON-ready.
        notes: what was guessed or left out of the files, and why there is no linear model.
    """

    tables: tuple[Any, ...]
    warnings: tuple[str, ...]
    record: JsonObject
    notes: tuple[str, ...] = field(default=())
    __repr__ = one_line


def evaluate_part(
    loaded: Configuration,
    part: Split,
    targets: Sequence[Target],
    scored: Scored,
    title: str,
    linear: Scored | None,
    others: Baselines | None = None,
) -> ModelScores:
    """Return the scores of predictions for labelled examples, with intervals, beside a linear model where there is one.

    Args:
        loaded: configuration of the search: names what it compared.
        part: the examples.
        targets: the outputs.
        scored: the network's predictions.
        title: of the tables.
        linear: predictions of linear models for the same examples.
        others: those of other simple models.
    """
    task = TaskSpec(_shapes(part), {each.name: each.outcome for each in targets})
    compared = Compared(loaded, task)
    models = {_MODEL: scored, **({} if linear is None else {"linear": linear})}
    values = {name: compared.of(each.predictions, part.y) for name, each in models.items()}
    majorities = {each.name: _majority(each, part) for each in targets if each.classes is not None}
    pair = None if linear is None else (compared.name, compared.direction, values[_MODEL], values["linear"])
    further = others or {}
    evaluations = {each.name: evaluated(each, part, scored, linear, further.get(each.name)) for each in targets}
    found = remarks(scored.scores, {} if linear is None else linear.scores, pair, majorities, evaluations)
    several = len(targets) > 1
    tables: list[Any] = []
    record: JsonObject = {}
    for target in targets:
        name = target.name
        which = f", output {name}" if several else ""
        evaluation = evaluations[name]
        baseline = "" if linear is None else BASELINES[baseline_key(linear.scores[name])]
        scores = {_MODEL: scored.scores[name]} | ({} if linear is None else {baseline: linear.scores[name]})
        own = {_MODEL: values[_MODEL]} | ({} if linear is None else {baseline: values["linear"]})
        heading = f"{title}{which}, {scored.scores[name].n} examples"
        tables.append(score_table(heading, scores, None if several else (compared.name, own), evaluation))
        parts = part_table(which, scores, evaluation)
        tables += [] if parts is None else [parts]
        record[name] = {
            **scored.scores[name].to_dict(),
            "compared": {"metric": compared.name, "value": values[_MODEL]},
            "evaluation": evaluation.to_dict(),
        }
    if several:
        heading = f"What the search compared: {measure_name(compared.name)} of all outputs"
        tables.append(value_table(heading, compared.name, values))
    only = record[targets[0].name] if not several else record
    lines = tuple(f"Warning: {each.text}" for each in found)
    return ModelScores(tuple(tables), lines, {**only, "warnings": [each.to_dict() for each in found]})


def evaluate_files(network: KnownNetwork, files: Sequence[str], genome: Path | None = None) -> ModelScores:
    """Evaluate a network on new labelled files.

    Args:
        network: of a run or a bundle.
        files: as for `amber.experiment.new_files.read_files`.
        genome: FASTA of intervals; None: that of the run.

    Returns:
        The scores; beside them those of a linear model fitted to the run's training data, where these are available.

    Raises:
        ConfigError: a model of which only the file is known, or files that do not go together.
        DataError: a file that cannot be used, or does not fit the network.
    """
    source = network.source
    file, preprocessing = network_file(source), network.required_preprocessing()
    loaded = network.configuration
    if loaded is None:
        raise ConfigError(
            f"{source}: expected a bundle with its config.yaml, which says what labels are. Received: none"
        )
    new = read_files(files, loaded, preprocessing, genome)
    targets = targets_of(preprocessing)
    from amber.modeler.model_files import load_model_file

    scored = score_model(load_model_file(file), new.split, targets, ", ".join(files))
    dataset, notes = _data(loaded)
    refit = loaded.config.final.data == "train_and_validation"
    seed = loaded.config.seed
    linear = None if dataset is None else score_baselines(dataset, new.split, seed, refit=refit)
    others = None if dataset is None else other_baselines(dataset, new.split, seed, refit=refit)
    found = evaluate_part(loaded, new.split, targets, scored, ", ".join(files), linear, others)
    more = () if dataset is None else _seen_before(dataset, new.split)
    looks = looks_so_far(source if source.is_dir() else source.parent)
    record = {"files": list(files), **found.record, "test_looks": looks}
    return ModelScores(found.tables, (*more, *found.warnings), record, (*new.notes, *notes))


def _data(loaded: Configuration) -> tuple[Dataset | None, tuple[str, ...]]:
    """Return the data of a run where they are still available, to fit a linear model to."""
    try:
        return load_data(loaded), ()
    except (AmberError, OSError) as error:
        return None, (
            f"Without a linear model beside the network: the run's own data are not available. {said(error)}",
        )


def _majority(target: Target, part: Split) -> str:
    counts = np.bincount(part.values_of(target.name))
    return (target.classes or ())[int(counts.argmax())]


def _seen_before(dataset: Dataset, part: Split) -> tuple[str, ...]:
    """Return a warning where examples are among those that the network was trained on or chosen by."""
    known = [_rows(each) for each in (dataset.train, dataset.validation)]
    new = _rows(part)
    if new is None or any(each is None for each in known):
        return ()
    seen = {row for each in known for row in each or ()}
    count = sum(row in seen for row in new)
    if not count:
        return ()
    return (
        f"Warning: {count:,} of {len(new):,} examples are among those that the network was trained on or chosen by: "
        "its scores are too optimistic.",
    )


def _rows(part: Split) -> list[bytes] | None:
    """Return what stands for the inputs of each example; None where they are too many to compare."""
    features = FeatureBatches(part.x)
    if features.shape[0] * features.shape[1] > _MOST_COMPARED:
        return None
    return [
        hashlib.blake2b(row.tobytes(), digest_size=16).digest()
        for rows in features.batches()
        for row in np.ascontiguousarray(features[rows], dtype=np.float32)
    ]


def _shapes(part: Split) -> dict[str, tuple[int, ...]]:
    if isinstance(part.x, Mapping):
        return {name: tuple(each.shape[1:]) for name, each in part.x.items()}
    return {"input": tuple(part.x.shape[1:])}
