"""`amber design`: sequences evolved towards an output of a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.grouped import grouped
from amber.cli.options import ModelArgument


@dataclass(frozen=True)
class DesignOptions:
    """What the command takes, as its help says."""

    model: ModelArgument
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")] = Path("designs")
    of: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="CLASS",
            help="Class, label or output to raise; by default the first, of two classes the second.",
        ),
    ] = None
    target: Annotated[
        float | None,
        typer.Option(help="Value to come close to, in the units of the data; by default as large as it can be."),
    ] = None
    start: Annotated[
        str, typer.Option(metavar="FILE|NUMBER", help="FASTA file of sequences to begin with, or how many to draw.")
    ] = "5"
    steps: Annotated[int, typer.Option(min=1, help="Substitutions at most.")] = 30
    gc: Annotated[tuple[float, float], typer.Option(metavar="LEAST MOST", help="Share of G and C that is allowed.")] = (
        0.0,
        1.0,
    )
    forbidden: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE", help="Site that must not occur, in IUPAC letters; may be given again."),
    ] = None
    fixed: Annotated[
        str | None, typer.Option(metavar="RANGES", help="Positions that stay as they are, such as 1-20,45.")
    ] = None


@reported
@grouped(DesignOptions)
def design(options: DesignOptions) -> None:
    """Evolve sequences towards an output of a network, within constraints; shows every step."""
    from amber.cli.waiting import shown_progress
    from amber.experiment.designing import DesignSettings, design_run
    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork

    set_threads_for_run(KnownNetwork(options.model))
    drawn = options.start.isdecimal() and int(options.start) > 0
    settings = DesignSettings(
        options.of,
        None if drawn else Path(options.start),
        int(options.start) if drawn else 0,
        gc=options.gc,
        forbidden=tuple(options.forbidden or ()),
        fixed=options.fixed or "",
        steps=options.steps,
        target=options.target,
    )
    with shown_progress("Designing") as progress:
        done = design_run(options.model, options.output, settings, progress)
    for name, each in done.found.items():
        within = "" if each.is_within else "; the constraints are not fulfilled"
        gain = f"{each.start_score:.4g} to {each.score:.4g}"
        typer.echo(f"{name}: {done.output} {gain} in {len(each.steps)} substitutions{within}")
    for path in done.write(options.output):
        typer.echo(f"Wrote {path}")
