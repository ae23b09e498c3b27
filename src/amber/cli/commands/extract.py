"""`amber extract`: one architecture of a saved supernet as a model file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import checked_output, refusing_missing
from amber.errors import StorageError
from amber.files.missing import SUPERNET, no_file


@reported
def extract(
    supernet: Annotated[
        Path,
        typer.Argument(
            metavar="SUPERNET",
            help="File that `supernet.save` wrote.",
            show_default=False,
            callback=refusing_missing(lambda path: no_file(path, SUPERNET, StorageError)),
        ),
    ],
    tokens: Annotated[
        str, typer.Argument(metavar="TOKENS", help="Architecture as tokens, such as 0,1,0.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Model file to write, ending in .keras or .onnx.")
    ] = Path("model.keras"),
) -> None:
    """Extract an architecture from a supernet, with its weights, as a Keras model that loads without AMBER."""
    path = checked_output(output, (".keras", ".onnx"))
    from amber.experiment.before_keras.files import check_supernet_file
    from amber.experiment.chosen import parse_tokens
    from amber.files.output import writing

    arc = parse_tokens(tokens)
    check_supernet_file(supernet, arc)

    from amber.supernet import load_supernet

    model = load_supernet(supernet).extract(arc)
    with writing(path) as aside:
        if path.suffix.lower() == ".onnx":
            model.export(aside, format="onnx", verbose=False)
        else:
            model.save(aside)
    typer.echo(f"Wrote {path}: {model.count_params():,} parameters.")
