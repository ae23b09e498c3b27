"""What the best architectures of a search have in common: operations, skips and inputs, by layer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.graph.describe import describe
from amber.search.result import SearchResult
from amber.search.trial import Trial


@dataclass(frozen=True)
class OperationUse:
    """How one operation of one layer did.

    Attributes:
        label: the operation in words.
        best: how many of the best networks have it.
        trained: how many of all trained networks have it.
        mean_score: of those trained; None where there are none.
        won: whether more of the best networks have it than any other of its layer (of equal ones, the better mean).
    """

    label: str
    best: int
    trained: int
    mean_score: float | None
    won: bool = False


@dataclass(frozen=True)
class ArchitectureUse:
    """What trained architectures are made of.

    Attributes:
        best_count: how many of the ranking count as the best: the upper quarter, at least one.
        trained_count: how many were trained and scored.
        layers: for each layer, its operations in the order of the space.
        skips: `skips[layer][earlier]`: how many of the best networks add `earlier` to `layer`; empty without skips.
        inputs: names of the input blocks that layers choose from; empty where they do not choose.
        blocks: `blocks[layer][block]`: in how many of the best networks the layer reads the block.
    """

    best_count: int
    trained_count: int
    layers: tuple[tuple[OperationUse, ...], ...]
    skips: tuple[tuple[int, ...], ...] = ()
    inputs: tuple[str, ...] = ()
    blocks: tuple[tuple[int, ...], ...] = ()


def architecture_use(
    result: SearchResult, space: ModelSpace, layout: TokenLayout, inputs: Sequence[str] = ()
) -> ArchitectureUse | None:
    """Count what the trained architectures of a search are made of.

    Args:
        result: the search.
        space: its model space.
        layout: of the builder, which knows what each token means.
        inputs: names of the inputs, in the order of the layout's input bits.

    Returns:
        The counts; None where nothing was trained.

    Raises:
        ArchitectureError: tokens that do not fit the layout.
    """
    ranked = [trial for trial in result.ranked if not trial.reference]
    if not ranked:
        return None
    decoded = [layout.decode(trial.tokens) for trial in ranked]
    best = decoded[: math.ceil(len(decoded) / 4)]
    layers = []
    for layer in range(layout.num_layers):
        all_tokens = [each.operations[layer] for each in decoded]
        layers.append(_layer(list(space[layer]), all_tokens, len(best), ranked, result.direction))
    skips = [_column_sums([each.skips[layer] for each in best]) for layer in range(layout.num_layers)]
    blocks = [_column_sums([each.inputs[layer] for each in best]) for layer in range(layout.num_layers)]
    names = tuple(inputs) if len(inputs) == layout.num_inputs else tuple(map(str, range(layout.num_inputs)))
    return ArchitectureUse(
        len(best),
        len(decoded),
        tuple(layers),
        tuple(skips) if any(skips) else (),
        names if any(blocks) else (),
        tuple(blocks) if any(blocks) else (),
    )


def _layer(
    operations: Sequence[Operation], tokens: list[int], best: int, ranked: Sequence[Trial], direction: str
) -> tuple[OperationUse, ...]:
    among_best, among_all = Counter(tokens[:best]), Counter(tokens)
    sign = 1.0 if direction == "maximize" else -1.0
    means: dict[int, float] = {
        token: fmean(trial.score or 0.0 for trial, own in zip(ranked, tokens, strict=True) if own == token)
        for token in among_all
    }
    winner = max(means, key=lambda token: (among_best[token], sign * means[token]))
    return tuple(
        OperationUse(label, among_best[token], among_all[token], means.get(token), token == winner)
        for token, label in enumerate(_labels(operations))
    )


def _labels(operations: Sequence[Operation]) -> list[str]:
    """Return the operations in the words of the drawings; with all attributes where those would be the same."""
    labels = [describe(operation) for operation in operations]
    return [
        label if labels.count(label) == 1 else _in_full(operation)
        for label, operation in zip(labels, operations, strict=True)
    ]


def _in_full(operation: Operation) -> str:
    values = [f"{name} {value}" for name, value in operation.Layer_attributes.items()]
    return ", ".join([operation.Layer_type, *values])


def _column_sums(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))
