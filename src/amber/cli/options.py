"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from amber.cli.completion import complete_config, complete_model, complete_source
from amber.errors import AmberError, ConfigError, StorageError
from amber.files.missing import CONFIGURATION, is_missing, no_file, no_model
from amber.files.output import naming, why_not_writable


def refusing_missing(refusal: Callable[[Path], AmberError]) -> Callable[[Any], Any]:
    """Return a check of an argument: where there is nothing at its path, it is refused before anything is loaded.

    Args:
        refusal: the error of a path, as it would also be told where the file is read.
    """

    def check(given: Any) -> Any:
        for path in given if isinstance(given, list | tuple) else [given]:
            if is_missing(path):
                raise refusal(path)
        return given

    return check


def no_configuration(path: Path) -> AmberError:
    """Return the error of a path at which a configuration is expected."""
    return no_file(path, CONFIGURATION)


ConfigArgument = Annotated[
    Path,
    typer.Argument(
        metavar="CONFIG",
        help="Configuration file in YAML.",
        show_default=False,
        autocompletion=complete_config,
        callback=refusing_missing(no_configuration),
    ),
]
SourceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="Run directory, its best.json, or a configuration file (then TOKENS are needed).",
        show_default=False,
        autocompletion=complete_source,
        callback=refusing_missing(no_configuration),
    ),
]
TokensArgument = Annotated[
    str | None,
    typer.Argument(metavar="[TOKENS]", help="Architecture as tokens, such as 0,1,0.", show_default=False),
]
ModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="Model file (.keras), run directory or its best.json.",
        show_default=False,
        autocompletion=complete_model,
        callback=refusing_missing(no_model),
    ),
]
LookOption = Annotated[
    str | None,
    typer.Option("--storage", help="Database to read the study again from; by default RUN's own copy.", metavar="URL"),
]


# What a run directory keeps and reads again, whatever it is named beside.
_OF_RUNS = frozenset(
    "begun.json best.json best.keras one_shot.json ranking.csv search.json study.json test.json".split()
)


def checked_output(
    path: Path, suffixes: tuple[str, ...], inputs: tuple[Path | None, ...] = (), run: Path | None = None
) -> Path:
    """Return the path after checking its suffix and making its folder.

    Args:
        path: the file to write.
        suffixes: those that it may have.
        inputs: files that the command reads, which it must not write over.
        run: run directory, or a file in one, whose data it must not write over either.

    Raises:
        ConfigError: another suffix, a folder of that name, a file that is read, or one that a run keeps.
        StorageError: a folder that cannot be made, or takes no files.
    """
    if not path.name.lower().endswith(suffixes):
        raise ConfigError(f"--output: expected a file ending in {' or '.join(suffixes)}. Received: {path}")
    if path.is_dir():
        raise ConfigError(f"--output: expected a file to write. Received: {path}, which is a folder")
    for source in (*inputs, *_of_run(run, path)):
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise ConfigError(f"--output: expected another file than the one that is read. Received: {path}")
    if path.name in _OF_RUNS and path.exists() and (path.parent / "trials.jsonl").exists():
        raise ConfigError(
            f"--output: expected a file that no run keeps; {path.name} belongs to the run in {path.parent}, and would "
            f"be lost. Received: {path}"
        )
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    reason = why_not_writable(path.parent)
    if reason:
        raise StorageError(f"--output: expected a file that can be written. Received: {path} ({reason})")
    return path


def _of_run(run: Path | None, path: Path) -> tuple[Path, ...]:
    """Return the data files of a run, where there is something at a path that may be one of them."""
    if run is None or not path.exists():
        return ()
    from amber.experiment.data import data_files_of_run

    return data_files_of_run(run)
