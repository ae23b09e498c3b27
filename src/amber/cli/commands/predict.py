"""`amber predict`: class probabilities or numbers for the examples of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration
    from amber.experiment.trained.files import KnownNetwork
    from amber.experiment.trained.preprocessing import Preprocessing


@reported
def predict(
    model: ModelArgument,
    records: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Table with a column of sequences or the columns of the run's blocks, arrays (.npz, .h5, .zarr), "
            ".parquet, .h5ad, FASTA file, intervals (BED, narrowPeak, GFF, ...), or variants (VCF: a row for each "
            "allele), by its ending.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write: .csv or .tsv; for intervals also .bed and .bw. By default standard output.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            "--sequence",
            help="Column or array of the sequences; by default that of the run, else seq.",
            show_default=False,
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
    """Write what a model predicts for each example of a file: class probabilities, or numbers."""
    from amber.experiment.new_files import holds_arrays
    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork
    from amber.experiment.trained.genomic_files import kind_by_ending

    known = KnownNetwork(model)
    set_threads_for_run(known)
    kind = kind_by_ending(records)
    if kind != "table":
        _check_no_columns(kind, column=column, classes=classes, genome=genome)
        _predict_genomic(model, records, kind, output, genome, both_strands, batch_size)
        return
    _check_no_strands(records, genome, both_strands)
    if holds_arrays(records):
        _predict_arrays(known, records, output, column, classes, batch_size)
    else:
        _predict_table(known, records, output, column, classes, batch_size)


def _predict_arrays(
    network: KnownNetwork, records: Path, output: Path | None, column: str | None, classes: str | None, batch_size: int
) -> None:
    from amber.errors import ConfigError
    from amber.experiment.new_files import read_inputs
    from amber.experiment.predicting import SavedModel, predict_inputs
    from amber.experiment.trained.files import network_file

    delimiter = _delimiter(output, records, network.source)
    loaded, preprocessing = network.configuration, network.required_preprocessing()
    if loaded is None:
        raise ConfigError(
            f"{network}: expected a bundle with its config.yaml, which says how files are read. Received: none"
        )
    _check_of_run(classes=classes, column=None if loaded.config.data.blocks is None else column)
    new = read_inputs(str(records), loaded, preprocessing, column)
    for note in new.examples.notes:
        typer.echo(note, err=True)
    saved = SavedModel.of(network_file(network.source))
    _write(*predict_inputs(saved, new, records, preprocessing, batch_size, delimiter), output)


def _predict_table(
    network: KnownNetwork, records: Path, output: Path | None, column: str | None, classes: str | None, batch_size: int
) -> None:
    from amber.experiment.predicting import SavedModel, predict_blocks, predict_sequences
    from amber.experiment.trained.files import network_file
    from amber.experiment.trained.preprocessing import names_of

    delimiter = _delimiter(output, records, network.source)
    loaded, preprocessing = network.configuration, network.preprocessing
    has_blocks = loaded is not None and preprocessing is not None and _has_blocks(loaded, preprocessing)
    if has_blocks:
        _check_of_run(classes=classes, column=column)
    outputs = {} if preprocessing is None or has_blocks else preprocessing.task.outputs
    known = list(names_of(next(iter(outputs.values())))) if outputs else None
    saved = SavedModel.of(network_file(network.source), None if known is None else len(known))
    if has_blocks and loaded is not None and preprocessing is not None:
        section = loaded.config.data
        text, count = predict_blocks(saved, records, section, preprocessing, batch_size, delimiter)
    else:
        if column is None:
            column = loaded.config.data.sequence if loaded else "seq"
        names = [name.strip() for name in classes.split(",")] if classes is not None else None
        names = known if names is None else names
        reading = None if preprocessing is None else next(iter(preprocessing.sequences.values()), None)
        text, count = predict_sequences(saved, records, column, names, batch_size, delimiter, reading)
    _write(text, count, output)


def _delimiter(output: Path | None, records: Path, model: Path) -> str:
    """Return what separates the columns of the table that is written, after a check of its file."""
    from amber.cli.options import checked_output

    if output is not None:
        checked_output(output, (".csv", ".tsv"), (records,), model)
    return "\t" if output is not None and output.suffix.lower() == ".tsv" else ","


def _write(text: str, count: int, output: Path | None) -> None:
    from amber.files.output import write_text

    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text)
    typer.echo(f"Wrote {output}: {count} examples.")


def _check_of_run(classes: str | None, column: str | None) -> None:
    """Refuse options that would change what a run settles."""
    from amber.errors import ConfigError

    given = "--sequence" if column is not None else "--classes"
    if column is not None or classes is not None:
        raise ConfigError(
            f"{given}: columns and classes are those of the run. Take it out. Received: {column or classes}"
        )


def _check_no_columns(kind: str, column: str | None, classes: str | None, genome: Path | None) -> None:
    from amber.errors import ConfigError

    what = "a FASTA file has" if kind == "fasta" else f"{kind} have"
    given = {"--sequence": column, "--classes": classes, "--genome": genome if kind == "fasta" else None}
    for option, value in given.items():
        if value is not None:
            lacks = {"--sequence": "columns", "--classes": "classes of their own", "--genome": "genome"}[option]
            raise ConfigError(f"{option}: {what} no {lacks}. Take it out. Received: {value}")


def _check_no_strands(records: Path, genome: Path | None, both_strands: bool) -> None:
    from amber.errors import ConfigError

    for option, value in {"--genome": genome, "--both-strands": both_strands or None}.items():
        if value is not None:
            raise ConfigError(
                f"{option}: it is for FASTA files, intervals and variants. Take it out. Received: {records}"
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

    from amber.cli.options import checked_output
    from amber.cli.waiting import shown_progress
    from amber.experiment.trained import allele_predictions, genomic_files

    of_kind = allele_predictions if kind == "variants" else genomic_files
    if output is not None:
        checked_output(output, of_kind.OUTPUT_SUFFIXES, (records, genome), model)
    with shown_progress("Predicting") as progress:
        predict_file = allele_predictions.predict_alleles if kind == "variants" else genomic_files.predict_genomic_file
        predictions = predict_file(
            model,
            records,
            genome,
            both_strands=both_strands,
            batch_size=batch_size,
            progress=progress,
        )
        for note in predictions.notes:
            typer.echo(note, err=True)
        if output is None:
            predictions.write_text(sys.stdout)
            return
        paths = predictions.write(output)
    for path in paths:
        typer.echo(f"Wrote {path}: {len(predictions):,} {'variants' if kind == 'variants' else 'examples'}.")


def _has_blocks(loaded: Configuration, preprocessing: Preprocessing) -> bool:
    """Say whether a run read blocks of columns, or predicts other than classes of one output."""
    if not all(isinstance(each, tuple) for each in preprocessing.task.outputs.values()):
        return True
    section = loaded.config.data
    return section.blocks is not None or section.outputs is not None or bool(preprocessing.input_columns)
