"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.errors import ConfigError
from amber.files.output import naming

ConfigArgument = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="Configuration file in YAML.", show_default=False)
]
SourceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="Run directory, its best.json, or a configuration file (then TOKENS are needed).",
        show_default=False,
    ),
]
TokensArgument = Annotated[
    str | None,
    typer.Argument(metavar="[TOKENS]", help="Architecture as tokens, such as 0,1,0.", show_default=False),
]
ModelArgument = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="Model file (.keras), run directory or its best.json.", show_default=False),
]
LookOption = Annotated[
    str | None,
    typer.Option("--storage", help="Database to read the study anew from; by default RUN's own copy.", metavar="URL"),
]


def checked_output(path: Path, suffixes: tuple[str, ...]) -> Path:
    """Return the path after checking its suffix and making its folder.

    Raises:
        ConfigError: another suffix, or a folder of that name.
        StorageError: a folder that cannot be made.
    """
    if not path.name.lower().endswith(suffixes):
        raise ConfigError(f"--output: expected a file ending in {' or '.join(suffixes)}. Received: {path}")
    if path.is_dir():
        raise ConfigError(f"--output: expected a file to write. Received: {path}, which is a folder")
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path
