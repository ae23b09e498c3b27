"""`amber build`: an architecture as an untrained model file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import SourceArgument, TokensArgument


@reported
def build(
    source: SourceArgument,
    tokens: TokensArgument = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Model file to write, ending in .keras.")] = Path(
        "model.keras"
    ),
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of the initial weights; by default that of the configuration.", show_default=False),
    ] = None,
) -> None:
    """Build an architecture as a compiled, untrained Keras model and save it."""
    from amber.cli.files import checked_output, writing
    from amber.cli.project import seed_everything
    from amber.cli.sources import choose

    path = checked_output(output, (".keras",))
    chosen = choose(source, tokens, compiled=True)
    seed_everything(chosen.loaded.config.seed if seed is None else seed)
    model = chosen.builder(chosen.tokens)
    with writing(path):
        model.save(path)
    typer.echo(f"Wrote {path}: {model.count_params():,} parameters.")
