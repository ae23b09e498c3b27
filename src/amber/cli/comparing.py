"""The work of `amber compare`: the same search over several seeds, beside random architectures and a linear model.

What may be changed here: what a search is compared with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.cli.config import LoadedConfig
from amber.cli.failures import RunFailed
from amber.cli.files import writing
from amber.cli.results import as_text
from amber.cli.searching import Overrides, run

if TYPE_CHECKING:
    from rich.table import Table

RANDOM = "random"
_LINEAR = ("logistic_regression", "ridge_regression")


@dataclass(frozen=True)
class Comparison:
    """Test scores by method and seed.

    Attributes:
        data: name of the data set.
        measure: what the numbers are: `accuracy` or `r2`.
        seeds: in order.
        scores: method -> one score per seed.
        references: scores that others reached, by name.
    """

    data: str
    measure: str
    seeds: tuple[int, ...]
    scores: Mapping[str, tuple[float, ...]]
    references: Mapping[str, float]

    def table(self) -> Table:
        """Returns the comparison as a rich table, with mean and standard deviation over the seeds."""
        from rich.table import Table

        table = Table(title=f"Test {self.measure} on {self.data}, {len(self.seeds)} seeds")
        table.add_column("method")
        for seed in self.seeds:
            table.add_column(f"seed {seed}", justify="right")
        table.add_column("mean ± sd", justify="right", style="bold")
        for method, values in self.scores.items():
            table.add_row(method, *(f"{value:.4f}" for value in values), _summary(values))
        for name, value in self.references.items():
            table.add_row(name, *("" for _ in self.seeds), f"{value:.4f}")
        return table

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready dictionary."""
        return {
            "data": self.data,
            "measure": self.measure,
            "seeds": list(self.seeds),
            "scores": {method: list(values) for method, values in self.scores.items()},
            "references": dict(self.references),
        }


def compare(
    loaded: LoadedConfig, seeds: Sequence[int], folder: Path, overrides: Overrides, random_too: bool = True
) -> list[Comparison]:
    """Runs the search for every seed, and as many random architectures trained, chosen and tested alike.

    Each run has its own directory `FOLDER/seed0-tpe`, ...; a run that is finished there is not run again.

    Args:
        loaded: the configuration.
        seeds: each draws its own split where the split is drawn.
        folder: of the runs and of `compare.json` and `compare.txt`.
        overrides: options of the command line for every run.
        random_too: whether random architectures are tried.

    Returns:
        One comparison for each output.

    Raises:
        RunFailed: a run was interrupted.
    """
    own = loaded.config.search.sampler
    samplers = [own, *([RANDOM] if random_too and own != RANDOM else [])]
    results: dict[str, list[dict[str, Any]]] = {sampler: [] for sampler in samplers}
    for seed in seeds:
        for sampler in samplers:
            directory = folder / f"seed{seed}-{sampler}"
            if not (directory / "test.json").is_file():
                changes = replace(overrides, seed=seed, run_directory=directory, overwrite=True, sampler=sampler)
                if run(loaded, changes):
                    raise RunFailed(f"Interrupted. Finished runs are kept in {folder}.")
            results[sampler].append(json.loads((directory / "test.json").read_text(encoding="utf-8")))
    found = [
        _comparison(output, seeds, own, results, loaded.config.references)
        for output in _outputs(results[own][0]["model"])
    ]
    with writing(folder / "compare.json"):
        (folder / "compare.json").write_text(json.dumps([each.to_dict() for each in found], indent=2) + "\n")
        (folder / "compare.txt").write_text(as_text(*(each.table() for each in found), width=120), encoding="utf-8")
    return found


def _outputs(model: Mapping[str, Any]) -> list[str | None]:
    return [None] if "records" in model else list(model)


def _comparison(
    output: str | None,
    seeds: Sequence[int],
    own: str,
    results: Mapping[str, list[dict[str, Any]]],
    references: Mapping[str, float],
) -> Comparison:
    first = _score_of(results[own][0]["model"], output)
    measure = "accuracy" if "accuracy" in first else "r2"
    trials = {sampler: [_score_of(test["model"], output) for test in tests] for sampler, tests in results.items()}
    labels = {sampler: f"search ({sampler})" for sampler in results} | {RANDOM: "best of as many random architectures"}
    scores = {labels[sampler]: _values(each, measure) for sampler, each in trials.items()}
    linear = [_linear(test, output) for test in results[own]]
    name = "logistic regression on all features" if measure == "accuracy" else "ridge regression on all features"
    scores[name] = _values(linear, measure)
    title = results[own][0]["data"] + (f", output {output}" if output else "")
    shown = references if measure == "accuracy" else {}
    return Comparison(title, measure, tuple(seeds), scores, shown)


def _score_of(scores: Mapping[str, Any], output: str | None) -> Mapping[str, Any]:
    return scores if output is None else scores[output]


def _linear(test: Mapping[str, Any], output: str | None) -> Mapping[str, Any]:
    if output is not None:
        return test["linear_models"][output]
    return next(test[name] for name in _LINEAR if name in test)


def _values(scores: Sequence[Mapping[str, Any]], measure: str) -> tuple[float, ...]:
    return tuple(math.nan if score[measure] is None else float(score[measure]) for score in scores)


def _summary(values: Sequence[float]) -> str:
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.4f}"
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return f"{mean:.4f} ± {spread:.4f}"
