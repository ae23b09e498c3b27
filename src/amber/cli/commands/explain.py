"""`amber explain`: the motifs that the network of a run reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.completion import complete_run
from amber.cli.failures import reported
from amber.cli.grouped import grouped
from amber.cli.options import refusing_missing
from amber.files.missing import no_model


class MotifSource(StrEnum):
    """Where motifs are looked for."""

    CONTRIBUTIONS = "contributions"
    FILTERS = "filters"
    NONE = "none"


@dataclass(frozen=True)
class ExplainOptions:
    """What the command takes, as its help says."""

    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Run directory, or its best.json.",
            show_default=False,
            autocompletion=complete_run,
            callback=refusing_missing(no_model),
        ),
    ]
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder to write; by default RUN/explain.", show_default=False),
    ] = None
    motifs: Annotated[
        MotifSource, typer.Option(help="Look for motifs in contributions, or in filters of the first convolution.")
    ] = MotifSource.CONTRIBUTIONS
    examples: Annotated[
        int, typer.Option(min=1, help="Number of examples at most, from the validation split, then the training split.")
    ] = 1000
    shuffles: Annotated[int, typer.Option(min=1, help="Shuffled references for each example.")] = 5
    database: Annotated[
        Path | None,
        typer.Option(help="MEME file of known motifs; by default JASPAR CORE, which is included.", show_default=False),
    ] = None
    both_strands: Annotated[bool, typer.Option("--both-strands", help="Explain the mean of both strands.")] = False
    seed: Annotated[int, typer.Option(min=0, help="Seed of the shuffles.")] = 0
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="CLASS",
            help="Class, label or output to explain; may be given again. By default all, up to twelve.",
            show_default=False,
        ),
    ] = None
    bigwig: Annotated[
        bool | None,
        typer.Option(
            "--bigwig/--no-bigwig",
            help="Write contributions along the genome as bigWig, a file for each class or label; by default where the "
            "examples are windows of a genome.",
            show_default=False,
        ),
    ] = None


@reported
@grouped(ExplainOptions)
def explain(options: ExplainOptions) -> None:
    """Find and name the motifs that the best network of a run reads; write an HTML page and files."""
    from amber.cli.waiting import shown_progress
    from amber.experiment.before_keras.explained import check_explained
    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork

    run = options.run
    folder = options.output or (run if run.is_dir() else run.parent) / "explain"
    check_explained(run, folder, options.database, options.motifs.value)
    set_threads_for_run(KnownNetwork(run))
    from amber.experiment.explaining import ExplainSettings, explain_run  # after what may be refused: loads Keras

    settings = ExplainSettings(
        options.motifs.value,
        options.examples,
        options.shuffles,
        options.database,
        options.both_strands,
        options.seed,
        tuple(options.outputs or ()),
        options.bigwig,
    )
    with shown_progress("Explaining") as progress:
        done = explain_run(run, folder, settings, progress, progress.begin)
    for line in done.warnings:
        typer.secho(f"Warning  {line}", fg="yellow", err=True)
    for line in done.found:
        typer.echo(line)
    for path in done.paths:
        typer.echo(f"Wrote {path}")
