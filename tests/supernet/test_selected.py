"""An architecture given as data computes what the same architecture computes as a path, and compiles once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from keras import ops
from tests.supernet.spaces import ann_data, cnn_data, make_ann, make_cnn, scatter

from amber.architect import Operation
from amber.supernet.conv_views import ConvViews
from amber.supernet.scoring import predict_many, score_architectures

pytestmark = pytest.mark.parity

# Where every operation of a new shape is compiled, an example costs a second.
COMPILES = keras.config.backend() != "torch"
ACTIVATIONS = ["relu", "linear", "softmax", "sigmoid", "leaky_relu", "elu", "tanh"]


def by_data(builder: Any, arc: Any, x: np.ndarray, training: bool = False) -> list[np.ndarray]:
    supernet = builder.supernet
    blocks = {name: ops.convert_to_tensor(block) for name, block in supernet.arrange(x).items()}
    outputs = supernet.run_selected(ops.convert_to_tensor(arc, "int32"), blocks, training, [])
    return [np.array(ops.convert_to_numpy(output)) for output in outputs]


def by_path(builder: Any, arc: Any, x: np.ndarray, training: bool = False) -> list[np.ndarray]:
    rates = [0.0] * len(builder.supernet.dropout_rates())
    outputs = builder.build(arc, dropouts=rates)(x, training=training)
    return [np.array(ops.convert_to_numpy(each)) for each in (outputs if isinstance(outputs, list) else [outputs])]


def close(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@st.composite
def ann_builders(draw: st.DrawFn) -> Any:
    with_outputs = draw(st.booleans())
    outputs = [
        Operation("dense", units=units, activation=draw(st.sampled_from(["linear", "softmax"])), name=f"y{k}")
        for k, units in enumerate(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    ]
    return make_ann(
        units=tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        layers=draw(st.integers(1, 4)),
        output_op=outputs,
        with_output_blocks=with_outputs,
        with_input_blocks=draw(st.booleans()),
        with_skip_connection=draw(st.booleans()),
    )


@pytest.mark.slow
@settings(max_examples=6 if COMPILES else 25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_feed_forward_data_path_and_extract_agree(data: st.DataObject) -> None:
    builder = data.draw(ann_builders())
    scatter(builder, 1)
    x, _ = ann_data(5)
    arcs = [builder.layout.sample(data.draw(st.integers(0, 999))) for _ in range(2)]
    together = predict_many(builder.supernet, arcs, x, batch_size=3, stacked=data.draw(st.sampled_from([True, False])))
    for number, arc in enumerate(arcs):
        expected = by_path(builder, arc, x)
        close(by_data(builder, arc, x), expected)
        close([output[number] for output in together], expected)
        standalone = builder.supernet.extract(arc)(x)
        standalone = standalone if isinstance(standalone, list) else [standalone]
        for mine, alone in zip(expected, standalone, strict=True):
            np.testing.assert_allclose(mine, ops.convert_to_numpy(alone), rtol=1e-5, atol=1e-6)


@st.composite
def conv_candidates(draw: st.DrawFn, filters: int) -> list[dict[str, Any]]:
    found = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["conv1d", "conv1d", "maxpool1d", "avgpool1d", "identity"]))
        candidate: dict[str, Any] = {"Layer_type": kind, "filters": filters}
        if kind == "conv1d":
            candidate["kernel_size"] = draw(st.integers(1, 5))
            candidate["activation"] = draw(st.sampled_from(ACTIVATIONS))
            candidate.update(draw(st.sampled_from([{}, {"dilation": 2}, {"dilation_rate": 3}])))
        elif kind.endswith("pool1d"):
            candidate.update(pool_size=draw(st.integers(1, 5)), strides=1)
        found.append(candidate)
    return found


@st.composite
def conv_builders(draw: st.DrawFn) -> Any:
    from amber.architect import ModelSpace

    widths = draw(st.lists(st.sampled_from([2, 2, 3]), min_size=1, max_size=3))
    channels = draw(st.sampled_from([2, 4]))
    ncw = draw(st.booleans())
    return make_cnn(
        model_space=ModelSpace.from_dict([draw(conv_candidates(width)) for width in widths]),
        shape=(channels, 9) if ncw else (9, channels),
        stem_config={
            "has_stem_conv": draw(st.booleans()),
            "flatten_op": draw(st.sampled_from(["flatten", "gap", "global_avg_pool", "gmp"])),
        },
        dag_kwargs={
            "with_skip_connection": draw(st.booleans()),
            "add_conv1_under_pool": draw(st.booleans()),
            "data_format": "NCW" if ncw else "NWC",
        },
    )


def statistics(builder: Any) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(w)) for w in builder.supernet.weights if not w.trainable]


@pytest.mark.slow
@settings(max_examples=5 if COMPILES else 15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_convolutional_data_path_and_extract_agree(data: st.DataObject) -> None:
    builder = data.draw(conv_builders())
    scatter(builder, 2)
    x, _ = cnn_data(4, builder.supernet.design.input_shapes["input"])
    arc = builder.layout.sample(data.draw(st.integers(0, 999)))
    expected = by_path(builder, arc, x)
    close(by_data(builder, arc, x), expected)
    standalone = ops.convert_to_numpy(builder.supernet.extract(arc)(x))
    np.testing.assert_allclose(expected[0], standalone, rtol=1e-5, atol=1e-6)
    kept = builder.supernet.get_weights()
    trained = by_path(builder, arc, x, training=True)
    learnt = statistics(builder)
    builder.supernet.set_weights(kept)
    close(by_data(builder, arc, x, training=True), trained)
    close(statistics(builder), learnt)


@contextmanager
def compilations() -> Iterator[list[int]]:
    """What the backend itself counts: programs that XLA compiled on JAX, traces of `tf.function` on TensorFlow."""
    counted = [0]
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        def listen(event: str, seconds: float, **_: Any) -> None:
            counted[0] += "backend_compile" in event

        jax.monitoring.register_event_duration_secs_listener(listen)
        yield counted
        jax.monitoring.unregister_event_duration_listener(listen)
    elif backend == "tensorflow":
        before = tensorflow_traces()
        yield counted
        counted[0] = tensorflow_traces() - before
    else:
        yield counted


def tensorflow_traces() -> int:
    return sum(
        each.experimental_get_tracing_count()
        for each in gc.get_objects()
        if type(each).__name__ == "Function" and hasattr(each, "experimental_get_tracing_count")
    )


@pytest.mark.slow
@pytest.mark.parametrize("make", [make_ann, make_cnn], ids=["ann", "cnn"])
def test_a_new_architecture_compiles_nothing(make: Any) -> None:
    builder = make(controller="uniform")
    x, y = ann_data() if make is make_ann else cnn_data()
    child = builder()
    child.fit(x, y, batch_size=16, verbose=0)
    child.predict(x, batch_size=16, verbose=0)
    for seed in range(2):
        builder(builder.layout.sample(seed)).evaluate(x, y, batch_size=16, verbose=0)
        builder(builder.layout.sample(seed)).predict(x, batch_size=16, verbose=0)
    gc.collect()
    seen = set()
    with compilations() as counted:
        for _ in range(3):
            child.fit(x, y, batch_size=16, verbose=0)
            child.predict(x, batch_size=16, verbose=0)
            seen.add(child.arc_seq)
        for seed in range(10, 16):
            fixed = builder(builder.layout.sample(seed))
            fixed.evaluate(x, y, batch_size=16, verbose=0)
            fixed.predict(x, batch_size=16, verbose=0)
    assert len(seen) > 1
    assert counted == [0]


@pytest.mark.parametrize("make", [make_ann, make_cnn], ids=["ann", "cnn"])
def test_a_sampled_step_moves_weights_as_a_step_of_the_extract(make: Any) -> None:
    builder = make(layers=4) if make is make_ann else make(dag_kwargs={"keep_prob": 1.0})
    x, y = ann_data() if make is make_ann else cnn_data()
    arcs = [builder.layout.sample(seed) for seed in range(5)]
    drawn = [arcs[0]]
    sampled = builder(sampler=lambda: drawn[0])
    sampled.compile(keras.optimizers.SGD(0.1), builder.model_compile_dict["loss"])
    for arc in arcs:
        drawn[0] = arc
        scatter(builder)
        sampled.train_on_batch(x, y)
        found = builder.supernet.extract(arc)
        scatter(builder)
        alone = builder.supernet.extract(arc)
        alone.compile(keras.optimizers.SGD(0.1), builder.model_compile_dict["loss"])
        alone.train_on_batch(x, y)
        for mine, theirs in zip(found.weights, alone.weights, strict=True):
            # The offset of a convolution's normalisation learns in two parts in the supernet.
            if not mine.path.endswith("beta"):
                close([ops.convert_to_numpy(mine)], [ops.convert_to_numpy(theirs)])


def test_scores_are_those_of_the_architectures() -> None:
    builder = make_cnn()
    scatter(builder)
    x, y = cnn_data()
    arcs = [builder.layout.sample(seed) for seed in range(4)]
    scores = score_architectures(builder, arcs, x, y, training_data=None)
    for arc, score in zip(arcs, scores, strict=True):
        predicted = by_path(builder, arc, x)[0]
        assert score["accuracy"] == pytest.approx(np.mean((predicted > 0.5) == y), abs=1e-6)
    assert len({round(score["loss"], 6) for score in scores}) > 1


def test_torch_runs_the_selected_operations_only(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = make_cnn()
    arc = builder.layout.sample(3)
    supernet, ran = builder.supernet, []
    view_for = ConvViews.__call__

    def watched(views: ConvViews, node: Any) -> Any:
        ran.append(node.node_name)
        return view_for(views, node)

    monkeypatch.setattr(ConvViews, "__call__", watched)
    monkeypatch.setattr(supernet, "run_selected", None)
    child = builder.build(arc, dropouts=[0.0] * 5)
    if keras.config.backend() == "torch":
        child = builder.build(sampler=lambda: arc, dropouts=[0.0] * 5)
    child(cnn_data()[0])
    chosen = [node.node_name for node in builder.plan(arc).nodes if node.operation.Layer_type != "input"]
    assert ran == [name for name in chosen if not name.endswith("_dropout")]
    assert len(set(ran) & set(supernet.bank)) < len(supernet.bank)
