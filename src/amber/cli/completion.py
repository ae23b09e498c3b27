"""What the shell proposes for an argument: run directories and model files near the folder that is typed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# What is looked through for one press of the key; runs are usually in `runs`, one folder down.
_DEPTH = 3
_MOST_ENTRIES = 5_000


def complete_run(incomplete: str) -> list[str]:
    """Return the run directories that begin with what is typed."""
    return [path for path in _near(incomplete) if _is_run(path)]


def complete_model(incomplete: str) -> list[str]:
    """Return the run directories and model files that begin with what is typed."""
    return [path for path in _near(incomplete) if path.endswith(".keras") or _is_run(path)]


def complete_source(incomplete: str) -> list[str]:
    """Return the run directories and configurations that begin with what is typed."""
    return [path for path in _near(incomplete) if path.endswith((".yaml", ".yml")) or _is_run(path)]


def _is_run(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "trials.jsonl"))


def _near(incomplete: str) -> Iterator[str]:
    """Yield files and folders that begin with what is typed, sorted; what is in a run directory only if asked for."""
    folder = os.path.dirname(incomplete)
    left = _MOST_ENTRIES
    waiting = [(folder, 1)]
    while waiting:
        where, depth = waiting.pop(0)
        try:
            entries = sorted(entry.name for entry in Path(where or ".").iterdir())
        except OSError:
            continue
        for name in entries:
            left -= 1
            path = os.path.join(where, name)
            if left < 0:
                return
            if name.startswith(".") or not path.startswith(incomplete):
                continue
            yield path
            if depth < _DEPTH and os.path.isdir(path) and not os.path.islink(path) and not _is_run(path):
                waiting.append((path, depth + 1))
