"""The ranking of a search as a table for the terminal, CSV and Markdown."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from amber.files.csv_text import csv_text
from amber.search.costs import COSTS
from amber.search.fitted_table import FittedTable, FoldedWords
from amber.search.result import SearchResult, rank
from amber.search.trial import STATUSES, Trial, short_tokens

COLUMNS = ("rank", "score", "parameters", "FLOPs", "seconds", "tokens")
SHOWN = 500
"""Most rows of a ranking that someone is to read; `ranking.csv` has all."""
_PRUNED_SHOWN = 50
# What a narrow terminal does without first.
_OPTIONAL = ("seconds", "FLOPs", COSTS["latency"], "parameters")


def ranking_rows(
    trials: Iterable[Trial], top: int | None = None, direction: str = "maximize"
) -> list[tuple[int, Trial]]:
    """Return (rank from 1, trial) of the complete trials, the best first.

    Args:
        trials: in any order.
        top: at most so many; None for all.
        direction: `"maximize"` or `"minimize"`.
    """
    complete = [trial for trial in rank(trials, direction) if trial.status == "complete"]
    return list(enumerate(complete[:top], start=1))


def ranking_table(
    trials: Iterable[Trial],
    top: int | None = None,
    direction: str = "maximize",
    metric: str = "score",
    tokens: bool = False,
) -> Table:
    """Return the ranking for a terminal, and below it what was not trained.

    A narrow terminal shows fewer columns, and folds architectures between their layers.

    Args:
        trials: in any order.
        top: at most so many; None for all.
        direction: `"maximize"` or `"minimize"`.
        metric: heads the column of scores.
        tokens: whether architectures are shown as tokens, not in words.
    """
    trials = tuple(trials)
    timed = any(trial.latency is not None for trial in trials)
    counted = ("parameters", "FLOPs", *([COSTS["latency"]] if timed else []), "seconds")
    table = FittedTable("rank", metric, *counted, "tokens" if tokens else "architecture", optional=_OPTIONAL)
    table.title = "Ranking"
    rows, ranked = ranking_rows(trials, top, direction), sum(trial.status == "complete" for trial in trials)
    cut = f"The best {len(rows):,} of {ranked:,}." if len(rows) < ranked else None
    table.caption = "\n".join(filter(None, [cut, not_ranked(trials)])) or None
    for column in table.columns[:-1]:
        column.justify = "right"
        column.no_wrap = True
    for position, trial in rows:
        table.add_row(
            str(position),
            f"{trial.score:.4f}",
            _grouped(trial.parameters),
            _grouped(trial.flops),
            *([_cost(trial, "latency")] if timed else []),
            f"{trial.seconds:.1f}",
            short_tokens(trial.tokens, 64) if tokens else FoldedWords(trial.title),
        )
    return table


def front_table(result: SearchResult, costs: Sequence[str]) -> Table:
    """Return the networks that none beats in the score and all costs, for a terminal.

    Args:
        result: of the search.
        costs: such as `("parameters", "latency")`.
    """
    table = FittedTable("trial", result.metric, *(COSTS[cost] for cost in costs), "architecture")
    table.title = "Pareto front: no network is better in all of these"
    for column in table.columns[:-1]:
        column.justify = "right"
        column.no_wrap = True
    for trial in result.pareto_front(costs):
        table.add_row(
            str(trial.number), f"{trial.score:.4f}", *(_cost(trial, cost) for cost in costs), FoldedWords(trial.title)
        )
    return table


def not_ranked(trials: Iterable[Trial]) -> str | None:
    """Say how many proposals have no rank, and why: `Also proposed: 2 invalid, 1 over budget`; None for none."""
    trials = tuple(trials)
    found = Counter(trial.status for trial in trials if trial.status != "complete")
    counts = ", ".join(f"{found[status]} {status}" for status in STATUSES if found[status])
    pruned = [f"trial {each.number} after epoch {each.epochs}" for each in trials if each.status == "pruned"]
    said = [f"Also proposed: {counts}"] if counts else []
    if pruned:
        more = len(pruned) - _PRUNED_SHOWN
        said.append(f"Pruned: {', '.join(pruned[:_PRUNED_SHOWN])}{f' and {more:,} more' if more > 0 else ''}")
    return "\n".join(said) or None


def ranking_csv(trials: Iterable[Trial], top: int | None = None, direction: str = "maximize") -> str:
    """Return the ranking as CSV text, numbers in full and tokens separated by spaces."""
    rows: list[list[Any]] = [
        [
            *(position, trial.score, trial.parameters, trial.flops, f"{trial.seconds:.3f}"),
            *(" ".join(map(str, trial.tokens)), trial.number, trial.fingerprint, trial.seed, trial.architecture),
        ]
        for position, trial in ranking_rows(trials, top, direction)
    ]
    return csv_text([*COLUMNS, "number", "fingerprint", "seed", "architecture"], rows)


def ranking_markdown(trials: Iterable[Trial], top: int | None = None, direction: str = "maximize") -> str:
    """Return the ranking as a Markdown table, architectures in words where they are known, else as tokens."""
    lines = [f"| {' | '.join((*COLUMNS[:-1], 'architecture'))} |", "|---:|---:|---:|---:|---:|---|"]
    for position, trial in ranking_rows(trials, top, direction):
        lines.append(
            f"| {position} | {trial.score:.4f} | {_grouped(trial.parameters)} | {_grouped(trial.flops)} "
            f"| {trial.seconds:.1f} | {trial.architecture or ' '.join(map(str, trial.tokens))} |"
        )
    return "\n".join(lines) + "\n"


def ranking_text(
    trials: Iterable[Trial], top: int | None = None, direction: str = "maximize", metric: str = "score"
) -> str:
    """Return the terminal's table as plain text."""
    console = Console(file=io.StringIO(), width=160, color_system=None, force_terminal=False, force_jupyter=False)
    with console.capture() as capture:
        console.print(ranking_table(trials, top, direction, metric))
    return capture.get()


def _cost(trial: Trial, cost: str) -> str:
    """Return a cost as text: a time with four digits, a count in full."""
    value = getattr(trial, cost)
    return "?" if value is None else f"{value:,.4g}" if cost == "latency" else f"{value:,}"


def _grouped(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
