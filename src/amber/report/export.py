"""Every trial of a search as CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterable

from amber.files.csv_text import csv_text
from amber.files.strict_json import json_text
from amber.search.trial import Trial

_COLUMNS = ("number", "status", "score", "parameters", "flops", "seconds", "epochs", "seed", "fingerprint", "tokens")


def trials_csv(trials: Iterable[Trial]) -> str:
    """Return the trials as CSV text, one line each, in the order given.

    Numbers are in full, tokens separated by spaces, what is not known is empty. Each metric that any trial has is a
    column `metric:NAME`. Text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    rows = list(trials)
    metrics = sorted({name for trial in rows for name in trial.metrics})
    columns = (*_COLUMNS, "latency") if any(trial.latency is not None for trial in rows) else _COLUMNS
    heading = [*columns, *(f"metric:{name}" for name in metrics), "error", "architecture"]
    cells = []
    for trial in rows:
        values = trial.to_dict() | {"tokens": " ".join(map(str, trial.tokens))}
        own = trial.metrics
        cells.append(
            [
                *(values.get(name) for name in columns),
                *(own.get(name) for name in metrics),
                values["error"],
                values["architecture"],
            ]
        )
    return csv_text(heading, cells)


def trials_json(trials: Iterable[Trial]) -> str:
    """Return the trials as a JSON list of objects with the keys of `Trial`."""
    return json_text([trial.to_dict() for trial in trials])
