"""`amber draw`: an architecture as a picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import SourceArgument, TokensArgument


class Theme(StrEnum):
    """Colours of a drawing."""

    LIGHT = "light"
    DARK = "dark"


@reported
def draw(
    source: SourceArgument,
    tokens: TokensArgument = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write; its suffix sets the format, .svg or .png.")
    ] = Path("network.svg"),
    theme: Annotated[Theme, typer.Option(help="Colours.")] = Theme.LIGHT,
    title: Annotated[
        str | None, typer.Option(help="Heading; by default the name of the configuration.", show_default=False)
    ] = None,
) -> None:
    """Draw an architecture as SVG or PNG."""
    from amber.cli.options import checked_output
    from amber.files.output import writing

    path = checked_output(output, (".svg", ".png"))
    from amber.experiment.chosen import choose
    from amber.experiment.components import loss_weights

    chosen = choose(source, tokens)
    from amber import drawing  # after what may be refused, as it loads Keras

    graph = chosen.builder.plan(chosen.tokens)
    heading = chosen.title if title is None else title
    with writing(path) as aside:
        drawing.draw(
            graph,
            aside,
            title=heading,
            costs=graph.cost,
            theme=theme.value,
            loss_weights=loss_weights(chosen.loaded),
        )
    typer.echo(f"Wrote {path}.")
