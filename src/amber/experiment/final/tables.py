"""Scores as tables and files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amber.metric_names import MEASURES, measure_name
from amber.types import JsonObject

if TYPE_CHECKING:
    from amber.data import ClassScore, LabelScore, NumberScore, NumbersScore
    from amber.evaluation import Evaluation
    from amber.evaluation.bootstrap import Estimate
    from amber.graph.input_usage import InputUsage

    AnyScore = ClassScore | NumberScore | LabelScore | NumbersScore
    from rich.table import Table

# Measures of a further simple model that are shown.
_LEADING = 2
# Of single labels and numbers, those that are shown.
_FEWEST_PARTS, _MOST_PARTS = 2, 30
_SHARES = ("accuracy",)
_OF_EACH_CLASS = ("accuracy", "auroc", "auprc", "mcc")


def measure_text(key: str, value: float | None) -> str:
    """Return a value of a measure as text; a dash where it is undefined."""
    if value is None or math.isnan(value):
        return "-"
    # Adding 0 takes the sign from what rounds to -0.
    if key in _SHARES:
        return f"{round(100 * value, 1) + 0:.1f} %"
    return f"{value:.4g}" if key == "mae" else f"{round(value, 4) + 0:.4f}"


def values_of(score: AnyScore) -> dict[str, float]:
    """Return the values of all measures of a score, by key."""
    return {key: getattr(score, key) for key in MEASURES if hasattr(score, key)}


def score_table(
    title: str,
    scores: Mapping[str, AnyScore],
    compared: tuple[str, Mapping[str, float]] | None = None,
    evaluation: Evaluation | None = None,
) -> Table:
    """Return a rich table: one column for each scored model, one row for each measure.

    Args:
        title: of the table.
        scores: by the name of the model.
        compared: what the search compared and its value for each model; its row is bold.
        evaluation: of the first model; its intervals stand in the first column, and the difference from a baseline,
            where there is one, under the table.
    """
    from rich.table import Table

    # As wide as its title, which would be broken over lines otherwise.
    table = Table(title=title, min_width=len(title))
    table.add_column("measure")
    for name in scores:
        table.add_column(name, justify="right")
    if evaluation is not None:
        table.caption, table.caption_justify = _differences(evaluation), "left"
    values = {name: values_of(score) for name, score in scores.items()}
    rows = {key: {name: each[key] for name, each in values.items()} for key in next(iter(values.values()))}
    chosen = next(iter(rows)) if compared is None else compared[0]
    if compared is not None:
        rows = {**rows, compared[0]: {name: compared[1][name] for name in scores}}
    for key, row in rows.items():
        label = measure_name(key) + (" (compared by the search)" if compared is not None and key == chosen else "")
        texts = [measure_text(key, value) for value in row.values()]
        if evaluation is not None:
            texts[0] = _with_interval(key, texts[0], evaluation)
        table.add_row(label, *texts, style="bold" if key == chosen else None)
    return table


def _with_interval(key: str, text: str, evaluation: Evaluation) -> str:
    """Return a value with the ends of its interval in brackets, where it has any."""
    own = evaluation.scores.get(key)
    if own is None or math.isnan(own.low):
        return text
    low, high = (measure_text(key, end).removesuffix(" %") for end in (own.low, own.high))
    return f"{text} ({low}-{high})" if own.low >= 0 else f"{text} ({low} to {high})"


def _differences(evaluation: Evaluation) -> str:
    """Return in words how far the model is from its baseline, of each measure that tables show."""
    level = f"In brackets: {100 * evaluation.level:g} % intervals{drawn_by(evaluation.units, evaluation.examples)}."
    if not evaluation.differences:
        return level
    (baseline, differences), *others = evaluation.differences.items()
    more = "".join(f" Difference from {name}: {_two(each)}." for name, each in others if _two(each))
    return f"{level} Difference from {baseline}: {', '.join(_in_words(differences))}.{more}"


def leading(scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the two measures of a simple model that are shown: the first that have a value."""
    return [key for key in MEASURES if scores.get(key, {}).get("value") is not None][:_LEADING]


def _two(differences: Mapping[str, Estimate]) -> str:
    return ", ".join(_in_words(differences)[:_LEADING])


def _in_words(differences: Mapping[str, Estimate]) -> list[str]:
    found = []
    for key in (each for each in MEASURES if each in differences):
        value, low, high = (differences[key].value, differences[key].low, differences[key].high)
        if not math.isnan(low):
            ends = f"{measure_text(key, low).removesuffix(' %')} to {measure_text(key, high)}"
            found.append(f"{measure_name(key)} {'+' if value > 0 else ''}{measure_text(key, value)} ({ends})")
    return found


def drawn_by(units: int, examples: int) -> str:
    """Return by what intervals were drawn, where these are not examples."""
    return "" if units in (0, examples) else f", drawn by group ({units:,} groups)"


def value_table(title: str, key: str, values: Mapping[str, float]) -> Table:
    """Return a rich table of one value for each model."""
    from rich.table import Table

    table = Table(title=title, min_width=len(title))
    for name in values:
        table.add_column(name, justify="right")
    table.add_row(*(measure_text(key, value) for value in values.values()), style="bold")
    return table


@dataclass(frozen=True)
class OwnScores:
    """The leading measures of each label, or of each of several numbers.

    Attributes:
        keys: of the measures.
        rows: name -> a text for each measure, with its interval.
        more: names that are left out.
    """

    keys: list[str]
    rows: dict[str, list[str]]
    more: int

    @property
    def note(self) -> str:
        """What is said of names that are left out; empty where none is."""
        return f"{self.more:,} more are in test.json" if self.more else ""


def own_scores(evaluation: Mapping[str, Any]) -> OwnScores | None:
    """Return the measures of each label or number of an evaluation, JSON-ready; None where it has only one."""
    parts: dict[str, Mapping[str, Any]] = dict(evaluation.get("per_class") or {})
    if len(parts) < _FEWEST_PARTS:
        return None
    keys = [key for key in MEASURES if any(key in each for each in parts.values())][:_LEADING]
    rows = {name: [_own(key, each.get(key) or {}) for key in keys] for name, each in list(parts.items())[:_MOST_PARTS]}
    return OwnScores(keys, rows, len(parts) - len(rows))


def _own(key: str, estimate: Mapping[str, Any]) -> str:
    value, low, high = (measure_text(key, estimate.get(each)) for each in ("value", "low", "high"))
    return f"{value} ({low} to {high})" if low != "-" else value


def _own_table(title: str, evaluation: Evaluation) -> Table | None:
    """Return a rich table of the measures of each label or number."""
    from rich.table import Table

    found = own_scores(evaluation.to_dict())
    if found is None:
        return None
    table = Table(title=title, min_width=len(title), caption=found.note or None)
    table.add_column("")
    for key in found.keys:
        table.add_column(measure_name(key), justify="right", no_wrap=True)
    for name, texts in found.rows.items():
        table.add_row(name, *texts)
    return table


def part_table(which: str, scores: Mapping[str, AnyScore], evaluation: Evaluation) -> Table | None:
    """Return a rich table of the measures of each class, label or number; None where there is only one number.

    Args:
        which: output, as titles have it; empty where there is only one.
        scores: by the name of the model.
        evaluation: of the first model.
    """
    if any("per_class_records" in score.to_dict() for score in scores.values()):
        return class_table(f"By class{which}", scores)
    kind = "label" if any("per_label_auroc" in score.to_dict() for score in scores.values()) else "number"
    return _own_table(f"By {kind}{which}", evaluation)


def class_table(title: str, scores: Mapping[str, AnyScore]) -> Table | None:
    """Return a rich table of the measures of each class, a row for each model; None where there are no classes."""
    from rich.table import Table

    each: dict[str, JsonObject] = {name: score.to_dict() for name, score in scores.items()}
    first = next(iter(each.values()))
    if "per_class_records" not in first:
        return None
    table = Table(title=title, min_width=len(title))
    table.add_column("class", min_width=min(10, max(map(len, first["per_class_records"]))))
    table.add_column("examples", justify="right", no_wrap=True)
    if len(each) > 1:
        table.add_column("model", min_width=12)
    for key in _OF_EACH_CLASS:
        table.add_column(measure_name(key), justify="right", no_wrap=True)
    for label, count in first["per_class_records"].items():
        for position, (name, score) in enumerate(each.items()):
            texts = [measure_text(key, score[f"per_class_{key}"][label]) for key in _OF_EACH_CLASS]
            head = ["", ""] if position else [label, str(count)]
            table.add_row(*head, *([name] if len(each) > 1 else []), *texts)
    return table


def scores_to_dict(scores: Mapping[str, AnyScore]) -> JsonObject:
    """Return the score of the only output, or those of several by name, JSON-ready."""
    if len(scores) == 1:
        return next(iter(scores.values())).to_dict()
    return {name: score.to_dict() for name, score in scores.items()}


def block_table(uses: Sequence[tuple[str, Mapping[str, InputUsage]]], sizes: Mapping[str, Iterable[int]]) -> Table:
    """Return a rich table of which layers of the best networks read which block.

    Args:
        uses: heading and block use of each network, the best first.
        sizes: shape of each block.
    """
    from rich.table import Table

    table = Table(title="Blocks that the best networks use (layers that read them)")
    table.add_column("block", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for heading, _ in uses:
        table.add_column(heading)
    table.add_column("used by", justify="right", no_wrap=True)
    for name, shape in sizes.items():
        each = [use[name] for _, use in uses]
        count = sum(use.used for use in each)
        size = " x ".join(map(str, shape))
        table.add_row(name, size, *(use.describe() for use in each), f"{count} of {len(each)}")
    return table


def as_text(*parts: object, width: int = 100) -> str:
    """Return tables and text as plain text, for files."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, no_color=True, force_terminal=False, force_jupyter=False)
    for part in parts:
        console.print(part, markup=False, soft_wrap=isinstance(part, str))
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines()) + "\n"
