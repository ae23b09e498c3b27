"""Architectures in words: what is said of every family of builders, and that two of one layer are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from amber.architect import ModelSpace, Operation
from amber.graph.words import _words, describe_in_words
from amber.modeler import KerasModelBuilder, KerasMultiIOModelBuilder, KerasResidualCnnBuilder

LAYERS = [
    [
        {"Layer_type": "conv1d", "filters": 8, "kernel_size": 3},
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3},
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 7, "activation": "relu"},
    ],
    [
        {"Layer_type": "maxpool1d", "pool_size": 2},
        {"Layer_type": "max_pooling1d", "pool_size": 4},
        {"Layer_type": "identity"},
    ],
    [{"Layer_type": "globalavgpool1d"}, {"Layer_type": "flatten"}, {"Layer_type": "dropout", "rate": 0.5}],
    [{"Layer_type": "dense", "units": 16}, {"Layer_type": "bidirectional", "layer": "gru", "units": 5}],
]


def sequential() -> KerasModelBuilder:
    output = Operation("dense", units=2, activation="softmax")
    return KerasModelBuilder(Operation("input", shape=(30, 4)), output, None, ModelSpace.from_dict(LAYERS))


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([0, 2, 0, 0], "conv8-identity-globalavgpool-dense16"),
        ([1, 2, 1, 1], "conv4(k3)-identity-flatten-bigru5"),
        ([2, 2, 2, 0], "conv4(k7,relu)-identity-dropout0.5-dense16"),
    ],
)
def test_a_chain_of_layers(tokens: list[int], words: str) -> None:
    assert describe_in_words(sequential(), tokens) == words


def test_every_choice_of_a_layer_has_words_of_its_own() -> None:
    builder = sequential()
    for layer, candidates in enumerate(LAYERS):
        arcs = [[*[0] * layer, token, *[0] * (3 - layer)] for token in range(len(candidates))]
        assert len({describe_in_words(builder, arc) for arc in arcs}) == len(candidates)


def test_skips_are_said() -> None:
    layer = [{"Layer_type": "conv1d", "filters": 8, "kernel_size": 3}, {"Layer_type": "maxpool1d", "filters": 8}]
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=(30, 4)), Operation("dense", units=2), 4, "GAP",
        model_compile_dict=None, model_space=ModelSpace.from_dict([layer] * 3),
    )  # fmt: skip
    assert describe_in_words(builder, [0, 1, 1, 0, 1, 0]) == "conv8-maxpool+0-conv8+0"
    assert describe_in_words(builder, [0, 1, 0, 0, 0, 0]) == "conv8-maxpool-conv8"


def test_inputs_and_outputs_are_said_by_name() -> None:
    layer = [{"Layer_type": "dense", "units": 8}, {"Layer_type": "identity"}]
    builder = KerasMultiIOModelBuilder(
        [Operation("input", shape=(3,), name="rna"), Operation("input", shape=(4,), name="protein")],
        [Operation("dense", units=1, name="dose"), Operation("dense", units=2, name="kind")],
        None,
        ModelSpace.from_dict([layer] * 2),
    )
    names = [(place.role, place.layer, place.source) for place in builder.layout.places]

    def words(*chosen: tuple[str, int, int | None]) -> str:
        return describe_in_words(builder, [int(name in chosen) for name in names])

    assert words(("input", 0, 0), ("out", 0, 0), ("out", 1, 1)) == "rna>dense8-dense8 dose<0 kind<1"
    assert words(("input", 0, 0), ("input", 0, 1), ("op", 1, None), ("skip", 1, 0), ("out", 0, 0), ("out", 1, 0)) == (
        "rna+protein>dense8-identity+0 dose<0,1 kind<"
    )


def test_inputs_and_outputs_without_names_are_numbered() -> None:
    layer = [{"Layer_type": "dense", "units": 8}, {"Layer_type": "identity"}]
    inputs = [Operation("input", shape=(3,)), Operation("input", shape=(4,), name="b")]
    outputs = [Operation("dense", units=1), Operation("dense", units=2)]
    builder = KerasMultiIOModelBuilder(inputs, outputs, None, ModelSpace.from_dict([layer] * 2))
    names = [(place.role, place.layer, place.source) for place in builder.layout.places]
    arc = [int(name in {("input", 0, 0), ("input", 1, 1), ("out", 1, 1)}) for name in names]
    assert describe_in_words(builder, arc) == "in0>dense8-b>dense8 out0< out1<1"


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        ([("activation", {"activation": "relu"}), ("activation", {"activation": "linear"})], ["relu", "linear"]),
        ([("conv2d", {"filters": 2, "kernel_size": (3, 3)}), ("conv2d", {"filters": 2, "kernel_size": (3, 5)})],
         ["conv2d2(k3x3)", "conv2d2(k3x5)"]),
        ([("maxpool1d", {"pool_size": 2}), ("maxpool1d", {"pool_size": [4]}), ("maxpool1d", {"pool_size": 4,
          "strides": 2})], ["maxpool(size2)", "maxpool(size4)", "maxpool(size4,stride2)"]),
        ([("bidirectional", {"units": 3}), ("bidirectional", {"units": 3, "layer": "gru"})], ["bilstm3", "bigru3"]),
        ([("dropout", {"rate": 0.25}), ("dropout", {"rate": 0.5})], ["dropout0.25", "dropout0.5"]),
        ([("batch_normalization", {}), ("global_max_pooling1d", {})], ["batchnorm", "globalmaxpool"]),
        ([("dense", {"units": 3}), ("dense", {"units": 3, "use_bias": False})], ["dense3", "dense3(use_bias=False)"]),
    ],
)  # fmt: skip
def test_words_of_a_layer(candidates: list[tuple[str, dict[str, Any]]], words: list[str]) -> None:
    assert _words([Operation(kind, **attributes) for kind, attributes in candidates]) == words


def test_a_builder_without_a_space_has_no_words_and_long_texts_are_cut() -> None:
    assert describe_in_words(lambda tokens: None, [0, 1]) == ""
    assert describe_in_words(sequential(), [9, 9, 9, 9]) == ""
    short = describe_in_words(sequential(), [2, 2, 2, 0], width=12)
    assert short == "conv4(k7,re…"


def test_an_operation_that_does_not_fit_is_said_in_words() -> None:
    from amber.errors import InvalidArchitectureError
    from amber.graph.cost import measure_operation

    cases: list[tuple[Operation, tuple[Any, ...], list[str]]] = [
        (Operation("conv1d", filters=4, kernel_size=9), (4, 3), ["conv1d 4 filters, kernel 9", "(4, 3)", "too short"]),
        (Operation("maxpool1d", pool_size=20), (4, 3), ["size 20", "too short", "padding: same"]),
        (Operation("lstm", units=3), (8,), ["lstm 3", "2 axes (positions x channels); this one has 1"]),
        (Operation("conv2d", filters=3, kernel_size=3), (4, 3), ["at least 3 axes", "this one has 2"]),
        (Operation("reshape", target_shape=(3, 3)), (4, 3), ["reshape 3 x 3", "total size"]),
    ]
    for operation, shape, parts in cases:
        with pytest.raises(InvalidArchitectureError) as refused:
            measure_operation(operation, (shape,), node_name="L0")
        message = str(refused.value)
        assert all(part in message for part in parts), message
        assert "{" not in message and "Received" not in message and "None" not in message, message
