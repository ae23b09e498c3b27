"""Every trial of a search as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from amber.search.trial import TrialResult

_COLUMNS = ("number", "status", "score", "parameters", "flops", "seconds", "epochs", "seed", "fingerprint", "tokens")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def trials_csv(trials: Iterable[TrialResult]) -> str:
    """Returns the trials as CSV text, one line each, in the order given.

    Numbers are in full, tokens separated by spaces, what is not known is empty. Each metric that any trial has is a
    column `metric:NAME`. Text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    rows = list(trials)
    metrics = sorted({name for trial in rows for name in trial.metrics})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *(f"metric:{name}" for name in metrics), "error"])
    for trial in rows:
        values = trial.to_dict()
        values["tokens"] = " ".join(map(str, trial.tokens))
        own = values["metrics"]
        cells = [*(values[name] for name in _COLUMNS), *(own.get(name) for name in metrics), values["error"]]
        writer.writerow([_cell(value) for value in cells])
    return text.getvalue()


def trials_json(trials: Iterable[TrialResult]) -> str:
    """Returns the trials as a JSON list of objects with the keys of `TrialResult`."""
    return json.dumps([trial.to_dict() for trial in trials], indent=2, allow_nan=False) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
