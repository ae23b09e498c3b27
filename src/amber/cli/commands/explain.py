"""`amber explain`: the motifs that the network of a run reads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported


class MotifSource(StrEnum):
    """Where motifs are looked for."""

    CONTRIBUTIONS = "contributions"
    FILTERS = "filters"
    NONE = "none"


@reported
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory, or its best.json.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder to write; by default RUN/explain.", show_default=False),
    ] = None,
    motifs: Annotated[
        MotifSource, typer.Option(help="Look for motifs in contributions, or in filters of the first convolution.")
    ] = MotifSource.CONTRIBUTIONS,
    examples: Annotated[
        int, typer.Option(min=1, help="Number of examples at most, from the validation split, then the training split.")
    ] = 1000,
    shuffles: Annotated[int, typer.Option(min=1, help="Shuffled references for each example.")] = 5,
    database: Annotated[
        Path | None,
        typer.Option(help="MEME file of known motifs; by default JASPAR CORE, which is included.", show_default=False),
    ] = None,
    both_strands: Annotated[bool, typer.Option("--both-strands", help="Explain the mean of both strands.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the shuffles.")] = 0,
) -> None:
    """Find and name the motifs that the best network of a run reads; write an HTML page and files."""
    from rich.console import Console
    from rich.progress import Progress

    from amber.experiment.before_keras.explained import check_explained

    folder = output or (run if run.is_dir() else run.parent) / "explain"
    check_explained(run, folder, database, motifs.value)
    from amber.experiment.explaining import ExplainSettings, explain_run  # after what may be refused: loads Keras

    settings = ExplainSettings(motifs.value, examples, shuffles, database, both_strands, seed)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Explaining", total=None)
        done = explain_run(run, folder, settings, lambda past, total: bar.update(task, completed=past, total=total))
    for line in done.warnings:
        typer.secho(f"Warning  {line}", fg="yellow", err=True)
    for line in done.found:
        typer.echo(line)
    for path in done.paths:
        typer.echo(f"Wrote {path}")
