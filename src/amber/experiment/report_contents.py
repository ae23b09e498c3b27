"""Gather the contents of a run directory for `amber.report`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.errors import StorageError
from amber.evaluation.curves import MOST_CLASSES
from amber.experiment.components import NO_STORAGE, make_builder, searched_score
from amber.experiment.configuration.reading import Configuration
from amber.experiment.final.candidates import chosen_in_words
from amber.experiment.final.folds import mean_text
from amber.experiment.final.scores import called
from amber.experiment.final.scoring import BASELINES
from amber.experiment.final.tables import drawn_by, leading, measure_text, own_scores
from amber.experiment.report_reading import data_of, learning_of, next_steps, reading_of
from amber.experiment.run_files.plugins import naming_missing
from amber.experiment.run_files.recorded import load_run_config, recorded_trials
from amber.experiment.task_spec import TaskSpec
from amber.files.strict_json import read_json
from amber.metric_names import FURTHER, MEASURES, measure_name
from amber.types import JsonObject

if TYPE_CHECKING:
    from amber.modeler.builders.protocol import Builder
    from amber.report.contents import DataFacts, Drawing, LearningCurve, OutputCurves, ReportContents, TestRow
    from amber.search import SearchResult

_DRAWN = 3
_MOST_IN_MATRIX = 30
_PAIR = 2
# Of two classes these are the same.
_OF_BOTH = ("auroc", "mcc")
_TEST_FILE = "the test.json of a finished search"


@dataclass(frozen=True)
class _Run:
    path: Path
    loaded: Configuration
    result: SearchResult
    record: dict[str, Any] | None


def gather(path: Path, storage: str | None = None) -> ReportContents:
    """Read a run directory.

    Args:
        path: of the directory.
        storage: address of the database that the trials are read from instead; see `recorded_trials`.

    Raises:
        StorageError: it is none, or a file of it cannot be read.
        ConfigError: a file that does not hold what a search writes.
    """
    run = _read(path, storage)
    from amber.report import ReportContents
    from amber.report.usage import architecture_use

    use, reading = None, reading_of(run.path)
    drawings: tuple[Drawing, ...] = ()
    following: tuple[tuple[str, str], ...] = ()
    if run.record is not None:
        problem = _problem(run.path, run.record)
        builder = make_builder(run.loaded, problem, compiled=False)
        use = architecture_use(run.result, builder.model_space, builder.layout, list(problem.inputs))
        drawings = _drawings(builder, run.result)
        following = next_steps(run.path, problem.inputs, is_explained=reading is not None)
    tested = _tests(run.path / "test.json")
    versions = {} if run.record is None else run.record["versions"]
    name = run.loaded.config.name
    return ReportContents(
        name,
        run.result,
        _command(run),
        _settings(run.loaded) + _chosen(run),
        use,
        drawings,
        tested.tables,
        tested.baseline,
        versions,
        tested.warnings,
        tested.model,
        tested.curves,
        tested.looks,
        tested.learning,
        tested.data,
        reading,
        following if (run.path / "best.keras").is_file() else (),
        run.loaded.config.search.costs,
        tested.others,
        tested.drawn_by,
    )


def token_names(path: Path) -> tuple[str, ...]:
    """Return what the tokens of a run are called; nothing where it has not trained any network yet.

    Raises:
        AmberError: a file that does not hold what a search writes.
    """
    run = _read(path)
    return (
        ()
        if run.record is None
        else tuple(make_builder(run.loaded, _problem(run.path, run.record), compiled=False).layout.names)
    )


def _read(path: Path, storage: str | None = None) -> _Run:
    from amber.search import SearchResult, load_best
    from amber.search.result import rank

    trials = recorded_trials(path, storage)
    with naming_missing(path):
        loaded = load_run_config(path)
    record = load_best(path) if (path / "best.json").is_file() else None
    # best.json of a search that runs yet lacks the shapes that a drawing needs.
    record = record if record is not None and {"inputs", "outputs"} <= set(record) else None
    metric, direction = searched_score(loaded)
    seed = loaded.config.seed if record is None else record["seed"]
    ranked = tuple(rank(trials, direction))
    return _Run(path, loaded, SearchResult(ranked, metric, direction, seed), record)


def _problem(path: Path, record: JsonObject) -> TaskSpec:
    try:
        return TaskSpec.from_dict(record)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{path / 'best.json'}, keys inputs and outputs: expected shapes and class names. Received: {error!r}"
        ) from error


def _drawings(builder: Builder, result: SearchResult) -> tuple[Drawing, ...]:
    from amber.drawing import draw_svg
    from amber.report.contents import Drawing
    from amber.search.references import builder_of

    made = []
    for position, trial in enumerate(result.ranked[:_DRAWN], start=1):
        graph = builder_of(builder, trial.reference).plan(trial.tokens)
        costs = graph.cost
        light, dark = (draw_svg(graph, theme=theme, costs=costs) for theme in ("light", "dark"))
        heading = (
            f"{position}. trial {trial.number}, {trial.title}: {result.metric} {trial.score:.4f}, "
            f"{trial.parameters:,} parameters"
        )
        made.append(Drawing(heading, light, dark))
    return tuple(made)


def _settings(loaded: Configuration) -> str:
    search, training = loaded.config.search, loaded.config.training
    metric, direction = searched_score(loaded)
    way = "one-shot" if search.strategy == "one_shot" else search.sampler
    epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    return f"Sampler {way}; each network trained for at most {epochs}; {metric} to be {direction}d."


def _chosen(run: _Run) -> str:
    if run.record is None:
        return ""
    try:
        return chosen_in_words(run.record.get("final", {}), int(run.record["trial"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{run.path / 'best.json'}, key final.candidates: expected trials with their scores. Received: {error!r}"
        ) from error


def _command(run: _Run) -> str:
    counts = run.result.counts()
    words = ["amber", "search", str(run.path / "config.yaml"), "--seed", str(run.result.seed)]
    words += ["--trials", str(max(1, counts["complete"] + counts["failed"])), "--run-directory", f"{run.path}-again"]
    words += [] if run.loaded.config.search.storage is None else ["--storage", NO_STORAGE]
    return shlex.join(words)


@dataclass(frozen=True)
class _Tested:
    """What the test of a run says; `tables` are headed."""

    tables: dict[str, tuple[TestRow, ...]] = field(default_factory=dict)
    baseline: str = "baseline"
    warnings: tuple[str, ...] = ()
    model: str = "best network"
    curves: tuple[OutputCurves, ...] = ()
    looks: int = 0
    learning: tuple[LearningCurve, ...] = ()
    data: DataFacts | None = None
    others: tuple[TestRow, ...] = ()
    drawn_by: str = ""


def _tests(path: Path) -> _Tested:
    """Return what `test.json` says, of this version or an earlier one; nothing where there is none."""
    if not path.is_file():
        return _Tested()
    try:
        record = read_json(path, what=_TEST_FILE, nan_is_null=True)
        warnings = tuple(str(each["text"]) for each in record.get("warnings", ()))
        weights, strands = record.get("linear_weights", {}), bool(record.get("both_strands"))
        model = called(len(record.get("networks", ())), weights, strands)
        evaluations = record.get("evaluation", {})
        baseline = "a linear model"
        if "linear_models" in record:
            tables = {
                f"Test result, output {name}": _rows(
                    record["model"][name], record["linear_models"][name], evaluations.get(name, {})
                )
                for name in record["model"]
            }
            if "compared" in record:
                tables["Test result, all outputs"] = (_compared_row(record["compared"]),)
        else:
            key = next(key for key in BASELINES if key in record)
            evaluation: Mapping[str, Any] = next(iter(evaluations.values()), {})
            rows = _rows(record["model"], record[key], evaluation, record.get("compared"))
            tables, baseline = {"Test result": rows}, BASELINES[key]
        tables |= _over_folds(record.get("folds"))
        looks, learning = int(record.get("looks", 0)), learning_of(record)
        others = tuple(row for name, each in evaluations.items() for row in _other_rows(name, each, len(evaluations)))
        units = [drawn_by(int(each.get("units", 0)), int(each.get("examples", 0))) for each in evaluations.values()]
        return _Tested(
            tables,
            baseline,
            warnings,
            model,
            _curves(record),
            looks,
            learning,
            data_of(record),
            others,
            units[0] if units else "",
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise StorageError(f"{path}: expected {_TEST_FILE}. Received: {error!r}") from error


def _over_folds(record: Mapping[str, Any] | None) -> dict[str, tuple[TestRow, ...]]:
    """Return a headed table of the means over folds for each output; nothing where there are none."""
    from amber.report.contents import TestRow

    if record is None:
        return {}
    return {
        f"Over all {int(record['number'])} folds, of which all but the first took part in the choice"
        f"{f', output {output}' if output else ''}": tuple(
            TestRow(measure_name(key), mean_text(key, each), mean_text(key, found["baseline"][key]))
            for key, each in found["model"].items()
            if key in MEASURES
        )
        for output, found in record["outputs"].items()
    }


def _curves(record: JsonObject) -> tuple[OutputCurves, ...]:
    from amber.report.contents import OutputCurves

    found = []
    for name, each in record.get("curves", {}).items():
        confusion = [[int(count) for count in row] for row in each.get("confusion", ())]
        # Of a stranger's file: names of classes are those that the scores of each class have.
        classes = list(record["evaluation"][name]["per_class"]) if confusion else []
        if len(classes) != len(confusion) or len(classes) > _MOST_IN_MATRIX:
            confusion, classes = [], []
        points = [(float(true), float(predicted)) for true, predicted in each.get("points", ())]
        found.append(OutputCurves(name, _checked_curves(each.get("curves", {})), confusion, classes, points))
    return tuple(found)


def _checked_curves(curves: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return curves of which every value is a number; raises ValueError or TypeError for others."""
    return {
        str(name): {
            "roc": [(float(x), float(y)) for x, y in each["roc"]],
            "precision_recall": [(float(x), float(y)) for x, y in each["precision_recall"]],
            "calibration": [(float(x), float(y), int(count)) for x, y, count in each["calibration"]],
            "positives": float(each["positives"]),
        }
        for name, each in list(curves.items())[:MOST_CLASSES]
    }


def _rows(
    model: dict[str, Any],
    baseline: dict[str, Any],
    evaluation: Mapping[str, Any],
    compared: dict[str, Any] | None = None,
) -> tuple[TestRow, ...]:
    """Return a row for each measure that both have, then those of each class; what the search compared is marked."""
    from amber.report.contents import TestRow

    scores, per_class = evaluation.get("scores", {}), evaluation.get("per_class", {})
    differences: Mapping[str, Any] = next(iter(evaluation.get("differences", {}).values()), {})
    rows = {
        key: TestRow(
            measure_name(key),
            _with_interval(key, model[key], scores.get(key)),
            measure_text(key, baseline[key]),
            _with_interval(key, differences[key]["value"], differences[key]) if key in differences else "",
        )
        for key in MEASURES
        if key in model and key in baseline
    }
    of_baseline: Mapping[str, Any] = next(iter(evaluation.get("baselines", {}).values()), {})
    rows |= {
        key: TestRow(
            words,
            _with_interval(key, scores[key]["value"], scores[key]),
            measure_text(key, of_baseline[key]["value"]),
            _with_interval(key, differences[key]["value"], differences[key]),
        )
        for key, words in FURTHER.items()
        if key in scores and key in of_baseline
    }
    if compared is not None:
        rows[compared["metric"]] = _compared_row(compared, rows.get(compared["metric"]))
    each = [
        TestRow(
            f"{words}, class {name}",
            _with_interval(key, value, per_class.get(name, {}).get(key)),
            measure_text(key, baseline[f"per_class_{key}"][name]),
        )
        for key, words in MEASURES.items()
        for name, value in _by_class(key, model.get(f"per_class_{key}", {})).items()
    ]
    return (*rows.values(), *each, *(() if each else _own_rows(baseline, evaluation)))


def _own_rows(baseline: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[TestRow]:
    """Yield a row for each leading measure of each label or number."""
    from amber.report.contents import TestRow

    found = own_scores(evaluation)
    if found is None:
        return
    for place, key in enumerate(found.keys):
        beside = baseline.get(f"per_label_{key}", {})
        for name, texts in found.rows.items():
            yield TestRow(f"{measure_name(key)}, {name}", texts[place], measure_text(key, beside.get(name)))
    if found.note:
        yield TestRow(found.note, "", "")


def _other_rows(output: str, evaluation: Mapping[str, Any], outputs: int) -> Iterator[TestRow]:
    """Yield the two leading measures of each simple model but the first, which the tables have."""
    from amber.report.contents import TestRow

    prefix = f"{output}: " if outputs > 1 else ""
    for name, scores in list(evaluation.get("baselines", {}).items())[1:]:
        differences = evaluation["differences"][name]
        for key in leading(scores):
            yield TestRow(
                f"{prefix}{name}, {measure_name(key)}",
                _with_interval(key, evaluation["scores"][key]["value"], evaluation["scores"][key]),
                _with_interval(key, scores[key]["value"], scores[key]),
                _with_interval(key, differences[key]["value"], differences[key]),
            )


def _with_interval(key: str, value: float | None, estimate: Mapping[str, Any] | None) -> str:
    text = measure_text(key, value)
    if not estimate or estimate.get("low") is None or estimate.get("high") is None:
        return text
    return f"{text} ({measure_text(key, estimate['low'])} to {measure_text(key, estimate['high'])})"


def _by_class(key: str, values: Mapping[str, float]) -> Mapping[str, float]:
    """Return the values of each class; nothing where two classes have the same, which stands above already."""
    texts = [measure_text(key, each) for each in values.values()]
    return {} if key in _OF_BOTH and len(texts) == _PAIR and texts[0] == texts[1] else values


def _compared_row(compared: dict[str, Any], known: TestRow | None = None) -> TestRow:
    """Return the row of what the search compared, with the intervals of the same measure where these are known."""
    from amber.report.contents import TestRow

    key = str(compared["metric"])
    name = f"{measure_name(key)} (compared by the search)"
    model, baseline = (measure_text(key, compared[each]) for each in ("model", "baseline"))
    if known is not None and known.model.split(" (")[0] == model:
        return replace(known, name=name)
    return TestRow(name, model, baseline)
