"""Compare a search over several seeds with random architectures and a linear model.

What may be changed here: what a search is compared with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.display import one_line
from amber.errors import StorageError
from amber.experiment.configuration.reading import Configuration
from amber.experiment.experiment import resolve
from amber.experiment.final.tables import as_text
from amber.experiment.options import RunOptions
from amber.experiment.reporter import Reporter
from amber.experiment.running import run
from amber.files.output import write_text
from amber.files.strict_json import json_text, read_json
from amber.metric_names import MEASURES, measure_name
from amber.search.run_directory import TRIALS
from amber.wording import shown

if TYPE_CHECKING:
    from rich.table import Table

RANDOM = "random"
_LINEAR = ("logistic_regression", "ridge_regression")


@dataclass(frozen=True)
class Comparison:
    """Test scores by method and seed.

    Attributes:
        data: name of the data set.
        measure: what `scores` are: `accuracy` or `r2`.
        seeds: in order.
        scores: method -> one score per seed.
        references: scores that others reached, by name.
        measures: every measure, as `scores`: key -> method -> one value per seed, NaN where it is undefined.
        compared: which of these the searches compared; empty where it is none of this output's.
        warnings: what was found wrong with the networks of the search, with the seed.
    """

    data: str
    measure: str
    seeds: tuple[int, ...]
    scores: Mapping[str, tuple[float, ...]]
    references: Mapping[str, float]
    measures: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    compared: str = ""
    warnings: tuple[str, ...] = ()
    __repr__ = one_line

    def table(self) -> Table:
        """Return the comparison as a rich table, with mean and standard deviation over the seeds."""
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

    def measure_table(self) -> Table:
        """Return mean and standard deviation of every measure as a rich table."""
        from rich.table import Table

        table = Table(title=f"All measures on {self.data} (mean ± sd of {len(self.seeds)} seeds)")
        table.add_column("measure")
        for method in self.scores:
            table.add_column(method, justify="right")
        for key, values in self.measures.items():
            chosen = key == self.compared
            label = measure_name(key) + (" (compared by the search)" if chosen else "")
            table.add_row(label, *map(_summary, values.values()), style="bold" if chosen else None)
        return table

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary; what is undefined becomes None."""
        return {
            "data": self.data,
            "measure": self.measure,
            "seeds": list(self.seeds),
            "scores": {method: _json_ready(values) for method, values in self.scores.items()},
            "references": dict(self.references),
            "measures": {
                key: {method: _json_ready(values) for method, values in each.items()}
                for key, each in self.measures.items()
            },
            "compared": self.compared or None,
            "warnings": list(self.warnings),
        }


def compare(
    loaded: Configuration,
    seeds: Sequence[int],
    folder: Path,
    options: RunOptions,
    *,
    random_too: bool = True,
    reporter: Reporter | None = None,
) -> list[Comparison]:
    """Run the search for every seed, and as many random architectures trained, chosen and tested alike.

    Each run has its own directory `FOLDER/seed0-tpe`, ...; a run that is finished there is not run again.

    Args:
        loaded: the configuration.
        seeds: each draws its own split where the split is drawn.
        folder: of the runs and of `compare.json` and `compare.txt`.
        options: for every run.
        random_too: whether random architectures are tried.
        reporter: hears how every run goes on.

    Returns:
        One comparison for each output.

    Raises:
        ConfigError: a one-shot search, beside random architectures.
        StorageError: the folder is a run directory itself.
        SettingsChangedError: a run in the folder was of other settings or data.
        KeyboardInterrupt: a run was interrupted; those that are finished are kept in the folder.
    """
    if random_too and loaded.config.search.strategy == "one_shot":
        raise loaded.error(
            ("search", "strategy"),
            "expected trials, whose proposals random architectures can stand beside; or --no-random, to run the "
            "one-shot search for each seed alone. Received: 'one_shot'",
        )
    if (folder / TRIALS).is_file():
        raise StorageError(
            f"{folder} is the run directory of a search: expected a folder for comparisons, in which each seed has its "
            "own. Choose another (--directory)."
        )
    own = loaded.config.search.sampler
    samplers = [own, *([RANDOM] if random_too and own != RANDOM else [])]
    results: dict[str, list[dict[str, Any]]] = {sampler: [] for sampler in samplers}
    for seed in seeds:
        for sampler in samplers:
            directory = folder / f"seed{seed}-{sampler}"
            # One that is finished has nothing left to do, but is refused where it was of other settings or data.
            begun = (directory / TRIALS).is_file()
            changes = replace(options, seed=seed, run_directory=directory, sampler=sampler)
            if run(resolve(loaded, replace(changes, resume=begun, overwrite=not begun)), reporter).interrupted:
                raise KeyboardInterrupt
            results[sampler].append(_tested(directory))
    found = [
        _comparison(output, seeds, own, results, loaded.config.references)
        for output in _outputs(results[own][0]["model"])
    ]
    write_text(folder / "compare.json", json_text([each.to_dict() for each in found]))
    shown = [part for each in found for part in (each.table(), each.measure_table(), *each.warnings)]
    write_text(folder / "compare.txt", as_text(*shown, width=160))
    return found


def _tested(directory: Path) -> dict[str, object]:
    """Return the test.json of a finished run; raises StorageError where it does not hold what a search writes."""
    path = directory / "test.json"
    record = read_json(path, what="the test.json of a finished search", nan_is_null=True)
    if not isinstance(record, dict) or not isinstance(record.get("model"), dict):
        raise StorageError(f"{path}: expected the test.json of a finished search. Received: {shown(record)}")
    return record


def _outputs(model: Mapping[str, object]) -> list[str | None]:
    return [None] if "records" in model else list(model)


def _comparison(
    output: str | None,
    seeds: Sequence[int],
    own: str,
    results: Mapping[str, list[dict[str, Any]]],
    references: Mapping[str, float],
) -> Comparison:
    networks = {sampler: [_score_of(test["model"], output) for test in tests] for sampler, tests in results.items()}
    labels = {sampler: f"search ({sampler})" for sampler in results} | {RANDOM: "best of as many random architectures"}
    methods = {labels[sampler]: each for sampler, each in networks.items()}
    measure = "accuracy" if "accuracy" in networks[own][0] else "r2"
    linear = "logistic regression on all features" if measure == "accuracy" else "ridge regression on all features"
    methods[linear] = [_linear(test, output) for test in results[own]]
    # Runs of an earlier version have fewer measures; one that is missing anywhere is left out.
    known = [key for key in MEASURES if all(key in score for scores in methods.values() for score in scores)]
    measures = {key: {method: _values(scores, key) for method, scores in methods.items()} for key in known}
    compared = results[own][0].get("compared", {}).get("metric", "")
    if output is None and compared and compared not in measures:
        by_network = {labels[sampler]: _compared(tests, "model") for sampler, tests in results.items()}
        measures[compared] = {**by_network, linear: _compared(results[own], "baseline")}
    return Comparison(
        data=results[own][0]["data"] + (f", output {output}" if output else ""),
        measure=measure,
        seeds=tuple(seeds),
        scores=measures[measure],
        references=references if measure == "accuracy" else {},
        measures=measures,
        compared=compared if output is None else "",
        warnings=(*_warnings(output, seeds, results[own]), *_of_references(references, measure)),
    )


def _warnings(output: str | None, seeds: Sequence[int], tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Return the warnings about the networks of the search, for one output or all of them."""
    for seed, test in zip(seeds, tests, strict=True):
        for remark in test.get("warnings", []):
            if remark.get("output") in (output, None):
                yield f"Warning, seed {seed}: {remark['text']}"


def _of_references(references: Mapping[str, float], measure: str) -> Iterator[str]:
    if references and measure != "accuracy":
        yield f"references are accuracies, and this output is a number, compared by {measure}: they are left out"


def _compared(tests: Sequence[Mapping[str, Any]], who: str) -> tuple[float, ...]:
    return _values([test["compared"] for test in tests], who)


def _score_of(scores: Mapping[str, Any], output: str | None) -> Mapping[str, Any]:
    return scores if output is None else scores[output]


def _linear(test: Mapping[str, Any], output: str | None) -> Mapping[str, Any]:
    if output is not None:
        return test["linear_models"][output]
    return next(test[name] for name in _LINEAR if name in test)


def _json_ready(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def _values(scores: Sequence[Mapping[str, Any]], measure: str) -> tuple[float, ...]:
    return tuple(math.nan if score[measure] is None else float(score[measure]) for score in scores)


def _summary(values: Sequence[float]) -> str:
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.4f}"
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return f"{mean:.4f} ± {spread:.4f}"
