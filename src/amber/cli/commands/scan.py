"""`amber scan`: instances of motifs in sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import checked_output, refusing_missing
from amber.errors import DataError
from amber.files.missing import MOTIFS, no_file


@reported
def scan(
    motifs: Annotated[
        Path,
        typer.Argument(
            metavar="MEME",
            help="Motifs in MEME format, as `amber explain` writes.",
            callback=refusing_missing(lambda path: no_file(path, MOTIFS, DataError)),
        ),
    ],
    sequences: Annotated[Path, typer.Argument(metavar="FASTA", help="Sequences, also compressed; lengths may differ.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Table to write, .tsv or .csv; by default standard output."),
    ] = None,
    threshold: Annotated[float, typer.Option(help="Largest p-value of an instance.")] = 1e-4,
) -> None:
    """Find the instances of motifs in sequences, on both strands (FIMO)."""
    if output is not None:
        checked_output(output, (".tsv", ".csv"), (motifs, sequences))
    from amber.experiment.scanning import scan_fasta
    from amber.files.output import write_text

    text, count = scan_fasta(motifs, sequences, threshold, "," if output and output.suffix == ".csv" else "\t")
    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text)
    typer.echo(f"Wrote {output}: {count} instances.")
