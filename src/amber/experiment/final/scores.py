"""Score the best network on the test data beside a linear model: tables, a record, warnings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amber.display import one_line
from amber.experiment.final.compared import Compared
from amber.experiment.final.data_facts import data_facts
from amber.experiment.final.scoring import (
    BASELINES,
    Scored,
    baseline_key,
    curves_of,
    evaluated,
    other_baselines,
    score_baselines,
    score_model,
)
from amber.experiment.final.tables import part_table, score_table, scores_to_dict, value_table
from amber.experiment.final.verdict import advice, majority_classes, remarks
from amber.experiment.task_spec import TaskSpec
from amber.metric_names import measure_name

if TYPE_CHECKING:
    from rich.table import Table

    from amber.data import Dataset
    from amber.evaluation import Evaluation
    from amber.experiment.configuration.reading import Configuration
    from amber.experiment.final.tables import AnyScore
    from amber.experiment.final.training import FinalModel

_LINEAR = "linear models"
_LOSSES = ("loss", "val_loss")


@dataclass(frozen=True)
class FinalScores:
    """Scores on the test data.

    Attributes:
        tables: rich tables for the user.
        warnings: lines that say plainly what is wrong with the network, and what to try; empty where nothing is.
        record: what `test.json` holds.
    """

    tables: tuple[Any, ...]
    warnings: tuple[str, ...]
    record: dict[str, Any]
    __repr__ = one_line


def score_final(
    loaded: Configuration, dataset: Dataset, trained: FinalModel, where: str, looks: int = 1
) -> FinalScores:
    """Open the test data and score the best network, each of an ensemble, and a linear model of each output.

    Args:
        loaded: the configuration.
        dataset: whose test data were not opened before.
        trained: the best network.
        where: what messages call it.
        looks: how often these test data were looked at for this run, this time included.

    Raises:
        DataError: the data do not fit the network.
        RunFailed: it predicts what is not a finite number.
    """
    test, targets = dataset.open_test(), dataset.targets
    network = score_model(trained.model, test, targets, where)
    single = [score_model(each, test, targets, where) for each in trained.networks]
    linear = score_baselines(dataset, test, loaded.config.seed, refit=trained.saw_validation)
    validation = None if trained.saw_validation else score_model(trained.model, dataset.validation, targets, where)
    others = other_baselines(dataset, test, loaded.config.seed, refit=trained.saw_validation)
    evaluations = {target.name: evaluated(target, test, network, linear, others[target.name]) for target in targets}
    compared = Compared(loaded, TaskSpec.of(dataset))
    networks = {called(len(trained.networks), trained.linear, trained.both_strands): network}
    if trained.is_combined:
        networks["the first alone" if len(single) > 1 or any(trained.linear.values()) else "one strand"] = single[0]
    values = {name: compared.of(each.predictions, test.y) for name, each in {**networks, _LINEAR: linear}.items()}
    value, of_linear = next(iter(values.values())), values[_LINEAR]
    pair = (compared.name, compared.direction, value, of_linear)
    found = remarks(network.scores, linear.scores, pair, majority_classes(dataset), evaluations)
    record = {
        "data": dataset.name,
        "split": dataset.split,
        "seed": loaded.config.seed,
        "model": scores_to_dict(network.scores),
        **_baseline_records(linear),
        "compared": {
            "metric": compared.name,
            "direction": compared.direction,
            "model": _json_number(value),
            "baseline": _json_number(of_linear),
        },
        "evaluation": {name: each.to_dict() for name, each in evaluations.items()},
        "curves": {target.name: curves_of(target, test, network) for target in targets},
        "model_validation": None if validation is None else scores_to_dict(validation.scores),
        "epochs": list(trained.epochs),
        "learning": [
            {key: [_json_number(round(value, 6)) for value in history[key]] for key in _LOSSES if key in history}
            for history in trained.histories
        ],
        "data_facts": data_facts(dataset, test),
        "networks": [scores_to_dict(each.scores) for each in single],
        "linear_weights": dict(trained.linear),
        "both_strands": trained.both_strands,
        "looks": looks,
        "warnings": [each.to_dict() for each in found],
    }
    lines = [f"Warning: {each.text}" for each in found]
    tables = _tables(dataset, networks, linear, (compared.name, values), looks, evaluations)
    return FinalScores(tuple(tables), (*lines, advice(loaded, found)) if lines else (), record)


def called(networks: int, linear: Mapping[str, float], both_strands: bool = False) -> str:
    """Return what the best model is.

    Args:
        networks: how many it is the mean of.
        linear: by output, the weight of a linear model in it.
        both_strands: whether it predicts the mean of both strands.
    """
    has_linear = any(linear.values())
    words = f"mean of {networks} networks" if networks > 1 else "network" if has_linear else "best network"
    words = f"{words} + linear term" if has_linear else words
    return f"{words}, both strands" if both_strands else words


def looked(count: int) -> str:
    """Return how often test data were used, as text."""
    return "test data used once" if count == 1 else f"test data used {count} times"


def _tables(
    dataset: Dataset,
    networks: Mapping[str, Scored],
    linear: Scored,
    compared: tuple[str, Mapping[str, float]],
    looks: int,
    evaluations: Mapping[str, Evaluation],
) -> Iterator[Table]:
    """Return the tables of each output, and where there are several one of what the search compared."""
    several = len(dataset.targets) > 1
    name, values = compared
    for target in dataset.targets:
        which = f", output {target.name}" if several else ""
        baseline = BASELINES[baseline_key(linear.scores[target.name])]
        scores: dict[str, AnyScore] = {each: scored.scores[target.name] for each, scored in networks.items()}
        scores[baseline] = linear.scores[target.name]
        own = {**values, baseline: values[_LINEAR]}
        title = f"Test of {dataset.name}{which} ({scores[baseline].n} examples, {looked(looks)})"
        yield score_table(title, scores, None if several else (name, own), evaluations[target.name])
        first = next(iter(networks))
        evaluation = evaluations[target.name]
        parts = part_table(which, {first: scores[first], baseline: scores[baseline]}, evaluation)
        if parts is not None:
            yield parts
    if several:
        yield value_table(f"What the search compared: {measure_name(name)} of all outputs", name, values)


def _baseline_records(linear: Scored) -> dict[str, object]:
    """Return the entries of `test.json` for the linear models: one under its name, several by output."""
    records = {name: {**score.to_dict(), **linear.chosen[name]} for name, score in linear.scores.items()}
    if len(records) > 1:
        return {"linear_models": records}
    (name, record) = next(iter(records.items()))
    return {baseline_key(linear.scores[name]): record}


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None
