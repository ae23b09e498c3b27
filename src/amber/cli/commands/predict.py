"""`amber predict`: class probabilities or numbers for the examples of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration


@reported
def predict(
    model: ModelArgument,
    records: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Table with a column of sequences or the columns of the run's blocks, FASTA file, intervals (BED, "
            "narrowPeak, GFF, ...), or variants (VCF: a row for each allele), by its ending.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write: .csv; but for tables also .tsv; for intervals also .bed and .bw. By default standard "
            "output.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            "--sequence", help="Column of the sequences; by default that of the run, else seq.", show_default=False
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Class names, comma-separated; by default those of MODEL's run.", show_default=False),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples per batch.")] = 256,
    genome: Annotated[
        Path | None,
        typer.Option(
            help="FASTA file of the genome that intervals or variants are on; by default that of the run.",
            show_default=False,
        ),
    ] = None,
    both_strands: Annotated[
        bool, typer.Option("--both-strands", help="Predict the mean of both strands; not for tables.")
    ] = False,
) -> None:
    """Write a model's predictions for each example of a file: class probabilities, or numbers."""
    from amber.experiment.trained.genomic_files import kind_by_ending

    kind = kind_by_ending(records)
    if kind != "table":
        _check_no_columns(kind, column=column, classes=classes, genome=genome)
        _predict_genomic(model, records, kind, output, genome, both_strands, batch_size)
        return
    _check_table(genome, both_strands)
    _predict_table(model, records, output, column, classes, batch_size)


def _predict_table(
    model: Path, records: Path, output: Path | None, column: str | None, classes: str | None, batch_size: int
) -> None:
    from amber.cli.options import checked_output
    from amber.errors import ConfigError
    from amber.experiment.predicting import SavedModel, predict_blocks, predict_sequences
    from amber.experiment.run_files.recorded import config_of, record_beside
    from amber.files.output import write_text

    if output is not None:
        checked_output(output, (".csv",), (records,))
    record = record_beside(model)
    loaded = config_of(record, model) if record else None
    has_blocks = loaded is not None and record is not None and _has_blocks(loaded, record)
    if has_blocks and (column is not None or classes is not None):
        given = "--sequence" if column is not None else "--classes"
        raise ConfigError(
            f"{given}: columns and classes are those of the run. Take it out. Received: {column or classes}"
        )
    known = next(iter(record["outputs"].values())) if record and not has_blocks else None
    saved = SavedModel.of(model, None if known is None else len(known))
    if has_blocks and loaded is not None and record is not None:
        text, count = predict_blocks(saved, records, loaded, record, batch_size)
    else:
        if column is None:
            column = loaded.config.data.sequence if loaded else "seq"
        names = [name.strip() for name in classes.split(",")] if classes is not None else None
        names = known if names is None else names
        text, count = predict_sequences(saved, records, column, names, batch_size)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text)
    typer.echo(f"Wrote {output}: {count} examples.")


def _check_no_columns(kind: str, column: str | None, classes: str | None, genome: Path | None) -> None:
    from amber.errors import ConfigError

    what = "a FASTA file has" if kind == "fasta" else f"{kind} have"
    given = {"--sequence": column, "--classes": classes, "--genome": genome if kind == "fasta" else None}
    for option, value in given.items():
        if value is not None:
            lacks = {"--sequence": "columns", "--classes": "classes of their own", "--genome": "genome"}[option]
            raise ConfigError(f"{option}: {what} no {lacks}. Take it out. Received: {value}")


def _check_table(genome: Path | None, both_strands: bool) -> None:
    from amber.errors import ConfigError

    for option, value in {"--genome": genome, "--both-strands": both_strands or None}.items():
        if value is not None:
            raise ConfigError(
                f"{option}: it is for FASTA files, intervals and variants. Take it out. Received: a table"
            )


def _predict_genomic(
    model: Path,
    records: Path,
    kind: str,
    output: Path | None,
    genome: Path | None,
    both_strands: bool,
    batch_size: int,
) -> None:
    import sys

    from rich.console import Console
    from rich.progress import Progress

    from amber.cli.options import checked_output
    from amber.experiment.trained import allele_predictions, genomic_files

    of_kind = allele_predictions if kind == "variants" else genomic_files
    if output is not None:
        checked_output(output, of_kind.OUTPUT_SUFFIXES, (records, genome))
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Predicting", total=None)
        predict_file = allele_predictions.predict_alleles if kind == "variants" else genomic_files.predict_genomic_file
        predictions = predict_file(
            model,
            records,
            genome,
            both_strands=both_strands,
            batch_size=batch_size,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        for note in predictions.notes:
            typer.echo(note, err=True)
        if output is None:
            predictions.write_text(sys.stdout)
            return
        paths = predictions.write(output)
    for path in paths:
        typer.echo(f"Wrote {path}: {len(predictions):,} {'variants' if kind == 'variants' else 'examples'}.")


def _has_blocks(loaded: Configuration, record: Mapping[str, Any]) -> bool:
    """Say whether a run read blocks of columns, or predicts other than classes of one output."""
    if not all(isinstance(each, list) for each in record["outputs"].values()):
        return True
    return loaded.config.data.blocks is not None or loaded.config.data.outputs is not None
