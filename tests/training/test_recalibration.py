"""Statistics of batch normalisation estimated anew, from training data only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras import ops
from tests.supernet.spaces import cnn_data, conv_layer, make_cnn, scatter

from amber.architect import ModelSpace, Operation
from amber.data import load_dataset
from amber.errors import ConfigError, DataError
from amber.modeler import EnasCnnModelBuilder
from amber.supernet.scoring import score_architectures
from amber.training.recalibration import recalibrate


def values(weights: Any) -> dict[str, np.ndarray]:
    return {weight.path: np.array(ops.convert_to_numpy(weight)) for weight in weights}


def test_statistics_of_the_first_normalisation_are_those_of_the_data() -> None:
    builder = make_cnn()
    scatter(builder)
    x, _ = cnn_data(40)
    model = builder.supernet.extract(builder.layout.sample(0))
    recalibrate(model, x, batch_size=40)
    given = ops.convert_to_numpy(model.get_layer("stem_conv")(x))
    norm = model.get_layer("stem_bn")
    np.testing.assert_allclose(ops.convert_to_numpy(norm.moving_mean), given.mean(axis=(0, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(norm.moving_variance), given.var(axis=(0, 1)), rtol=1e-4)
    recalibrate(model, x, batch_size=16)
    np.testing.assert_allclose(ops.convert_to_numpy(norm.moving_mean), given.mean(axis=(0, 1)), rtol=1e-4, atol=1e-5)


def test_nothing_else_changes() -> None:
    builder = make_cnn()
    x, y = cnn_data(40)
    arc = builder.layout.sample(4)
    child = builder(arc)
    child.fit(x, y, verbose=0)
    before, settings = values(builder.supernet.weights), [layer.momentum for layer in norms(child)]
    optimizer = [np.array(ops.convert_to_numpy(v)) for v in child.optimizer.variables]
    recalibrate(child, (x, y))
    after = values(builder.supernet.weights)
    moved = {path for path in before if not np.array_equal(before[path], after[path])}
    taken = builder.supernet.take(arc, builder.supernet.dropout_rates())
    used = {weight.path for weight in builder.supernet.variables_of(taken) if not weight.trainable}
    assert moved
    assert moved <= used
    assert [layer.momentum for layer in norms(child)] == settings
    for mine, kept in zip(child.optimizer.variables, optimizer, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(mine), kept)
    assert [layer.rate for layer in child._flatten_layers() if isinstance(layer, keras.layers.Dropout)] == [0.1] * 5


def norms(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]


def test_every_kind_of_data_gives_the_same() -> None:
    builder = make_cnn()
    scatter(builder)
    x, y = cnn_data(32)
    found = []
    batches = [(x[::2], y[::2]), (x[1::2], y[1::2])]  # each of rows from everywhere, as those of an array are
    for data in (x, (x, y), [x], batches and iter(batches)):
        model = builder.supernet.extract(builder.layout.sample(1))
        recalibrate(model, data, batch_size=16)
        found.append(model.get_weights())
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_nothing_is_dropped_and_no_gradients_are_kept() -> None:
    class Watching(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            seen.append(torch.is_grad_enabled())
            return x

    seen: list[bool] = []
    x = keras.Input((3,))
    dropped = keras.layers.Dropout(0.5)(Watching()(x))
    model = keras.Model(x, keras.layers.BatchNormalization(name="norm")(dropped))
    seen.clear()
    assert recalibrate(model, np.ones((32, 3), "float32"), batch_size=8) is model
    norm = model.get_layer("norm")
    np.testing.assert_allclose(ops.convert_to_numpy(norm.moving_mean), 1.0, atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(norm.moving_variance), 0.0, atol=1e-6)
    assert seen == [False] * 4


def test_bad_input_is_named() -> None:
    builder = make_cnn(controller="uniform")
    with pytest.raises(ConfigError, match="one architecture"):
        recalibrate(builder(), cnn_data()[0])
    with pytest.raises(DataError, match="at least one batch"):
        recalibrate(builder(builder.layout.sample(0)), iter(()))


def test_scoring_with_statistics_leaves_the_supernet_alone() -> None:
    builder = make_cnn()
    scatter(builder)
    x, y = cnn_data()
    before = values(builder.supernet.weights)
    arcs = [builder.layout.sample(seed) for seed in range(3)]
    plain = score_architectures(builder, arcs, x, y, training_data=None)
    estimated = score_architectures(builder, arcs, x, y, training_data=x)
    assert all(np.array_equal(before[path], value) for path, value in values(builder.supernet.weights).items())
    assert all(a["loss"] != b["loss"] for a, b in zip(plain, estimated, strict=True))


@pytest.mark.slow
def test_scores_of_a_trained_splice_supernet_improve() -> None:
    keras.utils.set_random_seed(0)
    data = load_dataset("splice")
    builder = EnasCnnModelBuilder(
        inputs_op=Operation("input", shape=(60, 4)),
        output_op=Operation("dense", units=3, activation="softmax"),
        model_space=ModelSpace.from_dict([conv_layer(width) for width in (16, 16, 32, 32)]),
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        dag_kwargs={"stem_config": {"fc_units": 64}},
    )
    builder(sampler="uniform", seed=0).fit(data.train.x, data.train.y, epochs=4, batch_size=64, verbose=0)
    arcs = [builder.layout.sample(seed) for seed in range(20)]
    part = (data.validation.x, data.validation.y)
    plain = score_architectures(builder, arcs, *part, training_data=None, batch_size=512)
    estimated = score_architectures(builder, arcs, *part, training_data=data.train.x, batch_size=512)
    assert np.mean([score["accuracy"] for score in estimated]) > np.mean([score["accuracy"] for score in plain])
    assert np.mean([score["loss"] for score in estimated]) < np.mean([score["loss"] for score in plain])
