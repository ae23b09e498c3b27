"""What the shell proposes for an argument: configurations, run directories and model files near the folder typed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

# What is looked through for one press of the key; runs are usually in `runs`, one folder down.
_DEPTH = 3
_MOST_ENTRIES = 5_000

_INSTALL, _SHOW = "--install-completion", "--show-completion"
_SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def completion_for_named_shell(words: Sequence[str]) -> None:
    """Install or print the completion of the shell that stands behind the option, and end the command.

    Typer's own options take the shell that runs, and would leave out a name without a word.

    Raises:
        BadParameter: no shell has that name.
    """
    option, name = (*words, "", "")[:2]
    if option not in (_INSTALL, _SHOW) or not name or name.startswith("-"):
        return
    if name not in _SHELLS:
        raise typer.BadParameter(f"{option}: expected one of {', '.join(_SHELLS)}, or nothing. Received: {name}")
    from typer.completion import get_completion_script, install

    if option == _SHOW:
        typer.echo(get_completion_script(prog_name="amber", complete_var="_AMBER_COMPLETE", shell=name))
    else:
        _, path = install(shell=name, prog_name="amber", complete_var="_AMBER_COMPLETE")
        typer.echo(f"Wrote {path}: the Tab key completes in new shells.")
    raise typer.Exit()


def complete_config(incomplete: str) -> list[str]:
    """Return the configurations that begin with what is typed."""
    return [path for path in _near(incomplete) if path.endswith((".yaml", ".yml"))]


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
