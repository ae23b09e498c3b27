"""`amber describe`: the nodes of an architecture and their cost, without building it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import SourceArgument, TokensArgument
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from rich.table import Table

    from amber.architect.operation import Operation
    from amber.graph.cost import GraphCost
    from amber.graph.graph import ComputationGraph

# What an operation is told by; the rest of its attributes is the same in every network of a builder.
_TOLD = ("filters", "units", "kernel_size", "dilation_rate", "pool_size", "strides", "rate", "activation")
_USUALLY_ONE = ("dilation_rate", "strides")


@reported
def describe(
    source: SourceArgument,
    tokens: TokensArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    space: Annotated[
        bool,
        typer.Option("--space", help="Print the model space of a configuration as YAML, with the layers of a preset."),
    ] = False,
) -> None:
    """Show nodes, shapes, parameters and FLOPs of an architecture."""
    if space:
        if tokens is not None or as_json:
            raise typer.BadParameter(
                "--space prints the whole space as YAML; expected neither TOKENS nor --json. Received: one of them"
            )
        typer.echo(_space_text(source), nl=False)
        return
    from rich.console import Console

    from amber.cli.printing import print_whole_words
    from amber.experiment.chosen import choose

    chosen = choose(source, tokens)
    # Loads Keras.
    from amber.graph.words import describe_in_words

    graph = chosen.builder.plan(chosen.tokens)
    cost = graph.cost
    if as_json:
        typer.echo(json_text(_as_dict(chosen.tokens, graph, cost)), nl=False)
        return
    named = describe_in_words(chosen.builder, chosen.tokens) or ",".join(map(str, chosen.tokens))
    table = _table(f"{chosen.title}: {named}", graph, cost)
    print_whole_words(Console(), table)


def _space_text(config: Path) -> str:
    from amber.experiment.configuration.reading import load_config
    from amber.experiment.data import load_data
    from amber.experiment.presets import space_text, with_preset

    loaded = load_config(config / "config.yaml" if config.is_dir() else config)
    return space_text(loaded if loaded.preset is None else with_preset(loaded, load_data(loaded)))


def _table(title: str, graph: ComputationGraph, cost: GraphCost) -> Table:
    from rich.table import Table

    table = Table(title=title, caption="FLOPs: 2 x multiply-adds, forward, one example", show_footer=True)
    table.add_column("node", footer="total", no_wrap=True)
    table.add_column("operation")
    table.add_column("reads", no_wrap=True)
    table.add_column("shape", no_wrap=True)
    table.add_column("parameters", justify="right", footer=f"{cost.parameters:,}", no_wrap=True)
    table.add_column("FLOPs", justify="right", footer=f"{cost.flops:,}", no_wrap=True)
    group = None
    for node in graph.nodes:
        if group is not None and node.group != group:
            table.add_section()
        group = node.group
        known = cost.nodes[node.name]
        table.add_row(
            node.name,
            _short(node.operation),
            ",\n".join(node.parents),
            " x ".join(map(str, known.output_shape)),
            f"{known.parameters:,}" if known.parameters else "",
            f"{known.flops:,}" if known.flops else "",
        )
    return table


def _short(operation: Operation) -> str:
    told = [
        f"{name}={operation.get(name)}"
        for name in _TOLD
        if operation.get(name) is not None and not (name in _USUALLY_ONE and operation.get(name) == 1)
    ]
    return " ".join([operation.Layer_type, *told])


def _as_dict(tokens: tuple[int, ...], graph: ComputationGraph, cost: GraphCost) -> dict[str, object]:
    return {
        "tokens": list(tokens),
        "fingerprint": graph.fingerprint(),
        "parameters": cost.parameters,
        "trainable_parameters": cost.trainable_parameters,
        "flops": cost.flops,
        "nodes": [
            {
                **node.to_dict(),
                "output_shape": list(cost.nodes[node.name].output_shape),
                "parameters": cost.nodes[node.name].parameters,
                "flops": cost.nodes[node.name].flops,
            }
            for node in graph.nodes
        ],
    }
