"""`amber data`: the data that a search would use, as a card in the terminal or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ConfigArgument, checked_output


@reported
def data(
    config: ConfigArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write the card as HTML.", show_default=False)
    ] = None,
) -> None:
    """Show a card of the data of a configuration: parts, classes, lengths, GC, duplicates, leakage, examples."""
    path = None if output is None else checked_output(output, (".html",))
    typer.echo(f"Reading the data of {config} ...")
    from rich.console import Console

    from amber.experiment.configuration.reading import load_config
    from amber.experiment.data import load_data
    from amber.files import write_whole
    from amber.starting.card import data_card
    from amber.starting.card_page import print_card, render_card

    loaded = load_config(config)
    card = data_card(load_data(loaded), loaded.config.data.alphabet)
    print_card(card, Console())
    if path is not None:
        write_whole(path, render_card(card))
        typer.echo(f"Wrote {path}")
