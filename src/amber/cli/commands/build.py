"""`amber build`: an architecture as a model file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import SourceArgument, TokensArgument

if TYPE_CHECKING:
    import keras


class Format(StrEnum):
    """Formats besides Keras's own."""

    ONNX = "onnx"


@reported
def build(
    source: SourceArgument,
    tokens: TokensArgument = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Model file to write, ending in .keras; with --export also in .onnx.")
    ] = Path("model.keras"),
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="Seed of the initial weights; by default that of the configuration.", show_default=False
        ),
    ] = None,
    export: Annotated[
        Format | None,
        typer.Option(
            help="Also write the model as ONNX, beside the .keras file; alone where --output ends in .onnx.",
            show_default=False,
        ),
    ] = None,
    trained: Annotated[
        bool, typer.Option("--trained", help="Write the trained best model of a run instead of an untrained one.")
    ] = False,
) -> None:
    """Build an architecture as a compiled Keras model and save it."""
    from amber.cli.options import checked_output
    from amber.errors import ConfigError
    from amber.files.output import naming, writing

    if trained and seed is not None:
        raise ConfigError(
            f"--seed: it sets initial weights, but a trained model has its own. Take it out. Received: {seed}"
        )
    path = checked_output(output, (".keras",) if export is None else (".keras", ".onnx"))
    model = _trained(source, tokens) if trained else _untrained(source, tokens, seed)
    if path.suffix.lower() == ".keras":
        with writing(path) as aside:
            model.save(aside)
        typer.echo(f"Wrote {path}: {model.count_params():,} parameters.")
    if export is Format.ONNX:
        from amber.modeler.onnx_export import export_onnx

        exported = path.with_suffix(".onnx")
        with naming(exported):
            export_onnx(model, exported)
        typer.echo(f"Wrote {exported}: onnxruntime gives the same predictions.")


def _untrained(source: Path, tokens: str | None, seed: int | None) -> keras.Model:
    from amber.experiment.chosen import choose
    from amber.experiment.components import seed_everything

    chosen = choose(source, tokens, compiled=True)
    # Loads Keras.
    from amber.graph.saved_layers import check_saved_layers

    check_saved_layers(chosen.builder.plan(chosen.tokens))
    seed_everything(chosen.loaded.config.seed if seed is None else seed)
    return chosen.builder(chosen.tokens)


def _trained(source: Path, tokens: str | None) -> keras.Model:
    from amber.errors import ConfigError
    from amber.experiment.run_files.recorded import is_record, load_model

    if tokens is not None or not is_record(source):
        received = f"{source} {tokens}" if tokens is not None else source
        raise ConfigError(f"--trained: expected a run directory or its best.json, and no tokens. Received: {received}")
    return load_model(source)
