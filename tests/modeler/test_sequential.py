"""The sequential builders: the worked example, names, what may stand in the place of a token, what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import ArchitectureError, ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import (
    KerasModelBuilder,
    build_multi_gpu_sequential_model,
    build_multi_gpu_sequential_model_from_string,
    build_sequential_model,
    build_sequential_model_from_string,
    kerasModeler,
)

COMPILE = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}
INPUT, OUTPUT = Operation("input", shape=(20, 4)), Operation("dense", units=1)
SPACE = [
    [{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu"}, {"Layer_type": "identity"}],
    [{"Layer_type": "globalmaxpool1d"}],
]


def make_builder(space: Any = SPACE, **options: Any) -> KerasModelBuilder:
    given = space if space is None or isinstance(space, ModelSpace) else ModelSpace.from_dict(space)
    return KerasModelBuilder(
        **{"inputs_op": INPUT, "output_op": OUTPUT, "model_compile_dict": COMPILE, **options}, model_space=given
    )


def make_dense() -> keras.layers.Layer:
    return keras.layers.Dense(3, activation="relu")


def names(graph: Any) -> list[str]:
    return [node.name for node in graph.nodes]


def test_worked_example() -> None:
    builder = make_builder()
    assert len(builder.layout) == 2
    model = builder([0, 0])
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Conv1D", "GlobalMaxPooling1D", "Dense"]
    assert [layer.count_params() for layer in model.layers] == [0, 52, 0, 5]
    assert builder([1, 0]).count_params() == 5
    assert builder.measure([0, 0]).parameters == 57
    assert model.optimizer is not builder(np.array([0, 0])).optimizer


def test_names_are_unique_whatever_the_operations_say() -> None:
    dense = Operation("dense", units=3, name="output")
    builder = KerasModelBuilder(INPUT, Operation("dense", units=1, name="output"), COMPILE)
    chain = [
        Operation("flatten"),
        dense,
        dense,
        Operation("dense", units=2, name="L4_dense"),
        Operation("dense", units=2),
    ]
    assert names(builder.plan(chain)) == [
        "input",
        "L0_flatten",
        "output_1",
        "output_2",
        "L4_dense",
        "L4_dense_1",
        "output",
    ]
    model = builder(chain)
    assert [layer.name for layer in model.layers] == names(builder.plan(chain))
    assert model.output_names == ["output"]


def test_operations_and_callables_stand_in_the_place_of_tokens() -> None:
    builder = make_builder()
    lstm = Operation("lstm", units=2)
    assert builder([0, lstm]).get_layer("L1_lstm").units == 2
    mixed = builder([make_dense, 0])
    assert mixed.get_layer("L0_callable").units == 3
    assert builder.measure([make_dense, 0]).parameters == mixed.count_params() == 15 + 4
    # Operations alone need no space, and may be any number.
    alone = make_builder(None)
    assert len(alone([make_dense, make_dense, lstm]).layers) == 5
    assert len(builder([lstm]).layers) == 3
    assert names(alone.plan([])) == ["input", "output"]
    assert alone.plan([make_dense]) == alone.plan([make_dense])
    assert alone.plan([make_dense]).fingerprint() != alone.plan([lstm]).fingerprint()


def test_callables_that_make_no_layers_are_refused() -> None:
    shared = keras.layers.Dense(3)

    def fail() -> None:
        raise RuntimeError("out of layers")

    for bad, words in (
        (lambda: 3, "Received: 3"),
        (lambda: shared, "the same layer twice"),
        (fail, "out of layers"),
        (keras.layers.Dense, "Dense"),
    ):
        with pytest.raises(ArchitectureError, match=f"Position 0: .*{words}"):
            make_builder(None).plan([bad])
    assert not shared.built


@pytest.mark.parametrize(
    ("arc", "words"),
    [
        ([0], "2 tokens"),
        ([0, 0, 0], "2 tokens"),
        ([], "2 tokens"),
        ([2, 0], "Token 0 .*0 to 1"),
        ([-1, 0], "Token 0"),
        ([0.0, 0], "Token 0"),
        (["0", 0], "Token 0"),
        ([True, 0], "Token 0"),
        (3, "list of tokens or operations"),
        (np.zeros((1, 2), int), "Received"),
        ([0, Operation("dense")], "Position 1.*units"),
        ([0, Operation("input", shape=(3,))], "Position 1: an input"),
    ],
)
def test_what_is_no_architecture(arc: Any, words: str) -> None:
    with pytest.raises(ArchitectureError, match=words):
        make_builder().plan(arc)


def test_tokens_need_a_space() -> None:
    with pytest.raises(ArchitectureError, match="need a model_space"):
        make_builder(None).plan([Operation("flatten"), 0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs_op": Operation("dense", units=1)}, "type input"),
        ({"inputs_op": [INPUT, INPUT]}, "one Operation"),
        ({"inputs_op": Operation("input")}, "shape"),
        ({"inputs_op": Operation("input", shape=(3,), name="a/b")}, "a/b"),
        ({"inputs_op": Operation("input", shape=(3,), dtype="floot")}, "floot"),
        ({"output_op": Operation("dense")}, "units"),
        ({"output_op": Operation("dense", units=1, name="a/b")}, "a/b"),
        ({"output_op": None}, "output_op"),
        ({"space": "space"}, "list of layers"),
        ({"space": [[{"Layer_type": "dens", "units": 2}]]}, "Layer 0, candidate 0: .*Did you mean 'dense'"),
        ({"space": [*SPACE, [{"Layer_type": "dense", "units": 0}]]}, "Layer 2, candidate 0"),
        ({"space": [[{"Layer_type": "input", "shape": (3,)}]]}, "Layer 0, candidate 0: an input"),
        ({"space": [[]]}, "Layer 0 has no candidates"),
    ],
)
def test_what_cannot_be_used_is_named_when_the_builder_is_made(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelSpaceError, match=words):
        make_builder(**changes)


def test_shapes_that_do_not_fit_name_the_node_and_the_tokens() -> None:
    builder = make_builder([*SPACE, [{"Layer_type": "conv1d", "filters": 2, "kernel_size": 2}]])
    with pytest.raises(InvalidArchitectureError, match=r"L2_conv1d.*\(4,\).*arc_seq=\[0, 0, 0\]"):
        builder([0, 0, 0])


def test_an_output_shape_that_is_asked_for() -> None:
    space = [[{"Layer_type": "globalmaxpool1d"}, {"Layer_type": "identity"}]]
    assert make_builder(space)([1]).output_shape == (None, 20, 1)
    builder = make_builder(space, output_shape=(1,))
    assert builder([0]).output_shape == (None, 1)
    with pytest.raises(InvalidArchitectureError, match=r"\(1,\).*Received: \(20, 1\)"):
        builder([1])


def test_spaces_written_for_other_builders_can_be_used() -> None:
    space = [
        [{"Layer_type": "identity", "filters": 8}, {"Layer_type": "maxpool1d", "filters": 8, "pool_size": 2}],
        [{"Layer_type": "flatten", "filters": 8}],
    ]
    builder = make_builder(space)
    assert builder([0, 0]).count_params() == 81
    assert builder([1, 0]).count_params() == 41


def test_functions() -> None:
    space = ModelSpace.from_dict(SPACE)
    states = [space[0][0], space[1][0]]
    model = build_sequential_model(states, INPUT, OUTPUT, COMPILE)
    assert model.compiled and model.count_params() == 57
    assert not build_sequential_model([0, 0], INPUT, OUTPUT, COMPILE, space, stop_compile=True).compiled
    texts = [str(operation) for operation in states]
    assert texts[0] == "conv1d:{'filters': 4, 'kernel_size': 3, 'activation': 'relu'}"
    assert build_sequential_model_from_string(texts, INPUT, OUTPUT, space, COMPILE).count_params() == 57
    with pytest.raises(ArchitectureError, match="Layer 1: .*globalmaxpool1d:{}.*Received: 'flatten'"):
        build_sequential_model_from_string([texts[0], "flatten"], INPUT, OUTPUT, space, COMPILE)
    for wrong in (texts[:1], [*texts, texts[0]], texts[0]):
        with pytest.raises(ArchitectureError, match="2 texts"):
            build_sequential_model_from_string(wrong, INPUT, OUTPUT, space, COMPILE)
    one = build_multi_gpu_sequential_model([0, 0], INPUT, OUTPUT, COMPILE, 1, space)
    assert one.count_params() == 57
    assert build_multi_gpu_sequential_model_from_string(texts, INPUT, OUTPUT, space, COMPILE, gpus=1).compiled


def test_old_module_path() -> None:
    assert kerasModeler.KerasModelBuilder is KerasModelBuilder
    assert kerasModeler.build_sequential_model_from_string is build_sequential_model_from_string


def test_nothing_given_is_changed_and_builders_can_be_sent_to_other_processes() -> None:
    space, arguments = ModelSpace.from_dict(SPACE), dict(COMPILE)
    before = space.to_json(), copy.deepcopy(arguments)
    builder = KerasModelBuilder([INPUT], [OUTPUT], arguments, space)
    builder([0, 0]).train_on_batch(np.zeros((2, 20, 4)), np.zeros((2, 1)))
    assert (space.to_json(), arguments) == before
    assert pickle.loads(pickle.dumps(builder)).plan([0, 0]) == builder.plan([0, 0])


@pytest.mark.parametrize("gpus", [0, -1, 2.0, True, [], "", [0], ["cpu:0", "CPU:0"]])
def test_gpus_that_are_none(gpus: Any) -> None:
    with pytest.raises(ConfigError, match="gpus.*Received"):
        make_builder(gpus=gpus)
