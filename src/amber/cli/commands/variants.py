"""`amber variants`: how variants change the predictions of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument


@reported
def variants(
    model: ModelArgument,
    calls: Annotated[Path, typer.Argument(metavar="VCF", help="VCF or BCF file, also compressed.", show_default=False)],
    genome: Annotated[
        Path, typer.Option("--genome", help="FASTA file of the genome that they were called on.", show_default=False)
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write, .tsv, .csv, .vcf or .vcf.gz; may be given twice. By default a table on standard "
            "output.",
            show_default=False,
        ),
    ] = None,
    both_strands: Annotated[bool, typer.Option("--both-strands", help="Predict the mean of both strands.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows per batch.")] = 256,
) -> None:
    """Score variants: a network's predictions for either allele, and their difference."""
    from rich.console import Console
    from rich.progress import Progress

    from amber.cli.options import checked_output
    from amber.experiment.variant_scoring import OUTPUT_SUFFIXES, score_variants

    paths = [checked_output(path, OUTPUT_SUFFIXES, (calls, genome)) for path in output or []]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Scoring variants", total=None)
        scored = score_variants(
            model,
            calls,
            genome,
            both_strands=both_strands,
            batch_size=batch_size,
            progress=lambda past, total: bar.update(task, completed=past, total=total),
        )
    for line in scored.found:
        typer.echo(line, err=not paths)
    if not paths:
        typer.echo(scored.table(), nl=False)
    for path in paths:
        scored.write(path)
        typer.echo(f"Wrote {path}")
