"""`amber init`: from a user's files to a configuration that runs as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.loading import announce_loading
from amber.cli.options import refusing_missing
from amber.files.missing import no_data


@reported
def init(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A table (CSV, TSV, Parquet), FASTA (one file for each class), intervals (BED, narrowPeak, GFF, ...), "
            "bigWig tracks beside them, or arrays (npz, HDF5, Zarr, AnnData).",
            show_default=False,
            callback=refusing_missing(no_data),
        ),
    ],
    genome: Annotated[
        Path | None,
        typer.Option("--genome", "-g", help="FASTA file of the genome that intervals are on.", show_default=False),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            help="Column to predict, or several: a,b, a range a..z, a pattern 'peak_*'; by default guessed.",
            metavar="COLUMN",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Configuration to write.")] = Path("config.yaml"),
) -> None:
    """Inspect data files and write a commented configuration for a search on them."""
    typer.echo(f"Looking at {', '.join(each.name for each in files)} ...")
    announce_loading(sys.stdout)
    from amber.starting import start

    found = start(files, output, genome=genome, label=label, say=_say)
    for path in found.written:
        typer.echo(f"Wrote {path}")
    typer.echo(f"Wrote {found.path}; check what it marks as a guess.")
    typer.echo(f"Next: amber search {found.path}")


def _say(head: str, text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console().print(Text(f"{head:<10}{text}"), soft_wrap=True)
