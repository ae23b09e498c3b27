"""Presets of chains over one sequence: convolutions, then recurrent or attention layers after a pool.

The builder `sequential` gives every network all layers in order, so these search filters, widths, pools, dilation,
dropout and head. A chain cannot express a skip connection, so there is none around attention.
"""

from __future__ import annotations

from amber.presets.facts import DataFacts, PresetSpace
from amber.presets.layers import (
    IDENTITY,
    NORMALISED,
    dropouts,
    first_convolution,
    further_convolution,
    head,
    pools,
    summaries,
)


def motif_cnn(facts: DataFacts) -> PresetSpace:
    """Return one to three convolutions: motifs, a pool, combinations of motifs, a summary, a dense head.

    It holds DeepBind (one convolution, its maximum), CNNProm (all positions) and networks like Basset.
    """
    length = facts.only_sequence("motif_cnn")
    return PresetSpace(
        [
            first_convolution(facts, length),
            NORMALISED,
            pools(length, (200, 100, 50)),
            dropouts((0, 0.1, 0.3)),
            further_convolution(facts),
            NORMALISED,
            further_convolution(facts),
            NORMALISED,
            summaries(min(length, 200), facts.along),
            *head(facts),
        ],
        {"type": "sequential"},
    )


def cnn_recurrent(facts: DataFacts) -> PresetSpace:
    """Return a convolution, a pool, and a bidirectional recurrent layer over the pooled positions, as in DanQ.

    The pool leaves 16 to 64 positions, because a recurrent layer reads them one after the other.
    """
    length = facts.only_sequence("cnn_recurrent")
    units = facts.by_examples((8, 16), (16, 32), (32, 64, 128))
    recurrent = [
        {"Layer_type": "bidirectional", "layer": kind, "units": number, "return_sequences": True}
        for number in units
        for kind in ("gru", "lstm")
    ]
    return PresetSpace(
        [
            first_convolution(facts, length),
            NORMALISED,
            pools(length, (64, 32, 16)),
            dropouts((0, 0.1, 0.3)),
            recurrent,
            summaries(min(length, 64), facts.along),
            *head(facts),
        ],
        {"type": "sequential"},
    )


def cnn_attention(facts: DataFacts) -> PresetSpace:
    """Return a convolution, a pool, and one or two layers of self-attention over the pooled positions.

    The pool leaves 25 to 100 positions, because attention compares every pair. It does not know their order.
    """
    length = facts.only_sequence("cnn_attention")
    sizes = facts.by_examples((8, 16), (16, 32), (16, 32, 64))
    attention = [
        {"Layer_type": "self_attention", "num_heads": heads, "key_dim": size} for heads in (2, 4) for size in sizes
    ]
    normalised = [{"Layer_type": "layer_normalization"}]
    return PresetSpace(
        [
            first_convolution(facts, length),
            NORMALISED,
            pools(length, (100, 50, 25)),
            dropouts((0, 0.1, 0.3)),
            attention,
            normalised,
            [IDENTITY, *attention],
            normalised,
            summaries(min(length, 100), facts.along),
            *head(facts),
        ],
        {"type": "sequential"},
    )


def cnn_context(facts: DataFacts) -> PresetSpace:
    """Return one to three convolutions, and after the pool attention, recurrence, or neither.

    The largest of these spaces: it holds networks of `motif_cnn`, `cnn_recurrent` and `cnn_attention`, with pools that
    leave 25 to 100 positions. For searches of some hundred networks.
    """
    length = facts.only_sequence("cnn_context")
    size = facts.by_examples(8, 16, 32)
    attention = [{"Layer_type": "self_attention", "num_heads": heads, "key_dim": size} for heads in (2, 4)]
    recurrent = [
        {"Layer_type": "bidirectional", "layer": kind, "units": size, "return_sequences": True}
        for kind in ("gru", "lstm")
    ]
    return PresetSpace(
        [
            first_convolution(facts, length),
            NORMALISED,
            pools(length, (100, 50, 25)),
            dropouts((0, 0.1, 0.3)),
            further_convolution(facts),
            NORMALISED,
            further_convolution(facts),
            NORMALISED,
            [*attention, IDENTITY, *recurrent],
            [{"Layer_type": "layer_normalization"}, IDENTITY],
            summaries(min(length, 100), facts.along),
            *head(facts),
        ],
        {"type": "sequential"},
    )
