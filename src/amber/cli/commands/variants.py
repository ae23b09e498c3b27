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
        Path | None,
        typer.Option(
            help="FASTA file of the genome that they were called on; by default that of the run.", show_default=False
        ),
    ] = None,
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
    """Score variants: what a network predicts for either allele, and the difference."""
    from amber.cli.options import checked_output
    from amber.cli.waiting import shown_progress
    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork
    from amber.experiment.variant_scoring import OUTPUT_SUFFIXES, score_variants

    paths = [checked_output(path, OUTPUT_SUFFIXES, (calls, genome), model) for path in output or []]
    set_threads_for_run(KnownNetwork(model))
    with shown_progress("Scoring variants") as progress:
        scored = score_variants(
            model,
            calls,
            genome,
            both_strands=both_strands,
            batch_size=batch_size,
            progress=progress,
        )
    for line in scored.found:
        typer.echo(line, err=not paths)
    if not paths:
        typer.echo(scored.table(), nl=False)
    for path in paths:
        scored.write(path)
        typer.echo(f"Wrote {path}")
