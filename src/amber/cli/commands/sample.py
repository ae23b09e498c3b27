"""`amber sample`: random architectures of a configuration."""

from __future__ import annotations

from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ConfigArgument
from amber.files.strict_json import json_text

# Architectures that are drawn at once: as many take a minute and some 200 MiB.
_MOST = 100_000


@reported
def sample(
    config: ConfigArgument,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=_MOST, help="Number of architectures.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the random numbers; by default that of CONFIG.", show_default=False),
    ] = None,
    as_tokens: Annotated[
        bool, typer.Option("--tokens", help="Print tokens, as other commands take them, instead of words.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print a JSON list of objects with words, tokens and their meaning."),
    ] = False,
) -> None:
    """Print random architectures in words, one per line."""
    import numpy as np

    from amber.experiment.before_keras.space import check_space
    from amber.experiment.builder_defaults import with_builder_defaults
    from amber.experiment.components import make_builder
    from amber.experiment.configuration.reading import load_config
    from amber.experiment.data import load_data
    from amber.experiment.presets import with_preset
    from amber.experiment.task_spec import TaskSpec

    loaded = load_config(config)
    dataset = load_data(loaded)
    loaded, problem = with_preset(loaded, dataset), TaskSpec.of(dataset)
    loaded, _ = with_builder_defaults(loaded, problem)
    check_space(loaded, problem, with_budget=False)
    # Loads Keras.
    from amber.graph.words import ArchitectureWords

    builder = make_builder(loaded, problem, compiled=False)
    layout, words = builder.layout, ArchitectureWords(builder)
    rng = np.random.default_rng(loaded.config.seed if seed is None else seed)
    drawn = [layout.sample(rng) for _ in range(number)]
    if not as_json:
        # A builder of a plug-in may have no words.
        lines = [("" if as_tokens else words(tokens)) or ",".join(map(str, tokens)) for tokens in drawn]
        typer.echo("\n".join(lines))
        return
    found = []
    for tokens in drawn:
        architecture = layout.decode(tokens)
        operations = [loaded.space[layer][token] for layer, token in enumerate(architecture.operations)]
        found.append(
            {
                "architecture": words(tokens),
                "tokens": list(tokens),
                "operations": [operation.to_dict() for operation in operations],
                "skips": [list(bits) for bits in architecture.skips],
                "inputs": [list(bits) for bits in architecture.inputs],
                "outputs": [list(bits) for bits in architecture.outputs],
            }
        )
    typer.echo(json_text(found), nl=False)
