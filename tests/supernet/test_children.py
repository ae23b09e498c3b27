"""Children as Keras models: training, evaluating, data of every kind, and which weights change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from tests.supernet.spaces import BLOCKS, ann_data, cnn_data, make_ann, make_cnn, masked_weights, scatter

from amber.errors import ConfigError

pytestmark = pytest.mark.parity

FAMILIES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "ann": (make_ann, ann_data),
    "cnn": (make_cnn, cnn_data),
}


@pytest.fixture(params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return FAMILIES[request.param]


@pytest.fixture(autouse=True)
def seeded() -> None:
    keras.utils.set_random_seed(1)


def state(builder: Any) -> dict[str, np.ndarray]:
    return {weight.path: np.array(ops.convert_to_numpy(weight)) for weight in builder.supernet.weights}


def changed(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    return {name for name in before if not np.array_equal(before[name], after[name])}


class Batches(keras.utils.PyDataset):
    """Batches of arrays."""

    def __init__(self, x: np.ndarray, y: np.ndarray, size: int = 16) -> None:
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self) -> int:
        return len(self.x) // self.size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(index * self.size, (index + 1) * self.size)
        return self.x[rows], self.y[rows]


def generate(x: np.ndarray, y: np.ndarray, size: int = 16) -> Iterator[Any]:
    while True:
        for start in range(0, len(x), size):
            yield [x[start : start + size]], y[start : start + size]


def test_fixed_children_train_and_share(family: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(), make_data()
    arc = builder.layout.sample(1)
    child, twin = builder(arc), builder(arc)
    history = child.fit(x, y, epochs=20, batch_size=16, verbose=0)
    assert np.mean(history.history["loss"][-5:]) < np.mean(history.history["loss"][:5])
    np.testing.assert_allclose(child.predict(x, verbose=0), twin.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert child.optimizer is not twin.optimizer


def test_sampled_training_lowers_the_loss_of_the_shared_weights(family: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(controller="uniform"), make_data()
    arcs = [builder.layout.sample(seed) for seed in range(4)]
    before = np.mean([builder(arc).evaluate(x, y, batch_size=16, verbose=0)[0] for arc in arcs])
    sampled = builder(seed=0)
    seen = set()
    sampled.fit(
        x,
        y,
        epochs=12,
        batch_size=16,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: seen.add(sampled.arc_seq))],
    )
    assert len(seen) > 20
    after = np.mean([builder(arc).evaluate(x, y, batch_size=16, verbose=0)[0] for arc in arcs])
    assert after < before


def test_a_sampled_child_draws_for_every_batch_of_predict_too() -> None:
    builder = make_ann()
    drawn: list[tuple[int, ...]] = []

    def draw(rng: np.random.Generator) -> tuple[int, ...]:
        drawn.append(builder.layout.sample(rng))
        return drawn[-1]

    scatter(builder)
    child = builder(sampler=draw, seed=3)
    x, _ = ann_data(48)
    before = len(drawn)
    found = child.predict(x, batch_size=16, verbose=0)
    used = drawn[before : before + 3]
    assert len(drawn) == before + 3
    for number, arc in enumerate(used):
        rows = slice(16 * number, 16 * number + 16)
        expected = builder(arc).predict(x[rows], verbose=0)
        np.testing.assert_allclose(found[rows], expected, rtol=1e-5, atol=1e-6)


def test_one_step_changes_the_selected_weights_only() -> None:
    builder = make_cnn(controller=lambda: arc)
    arc = builder.layout.sample(4)
    (x, y), before = cnn_data(), state(builder)
    child = builder()
    child.train_on_batch(x, y)
    selected = {
        weight.path
        for weight in builder.supernet.variables_of(builder.supernet.take(arc, builder.supernet.dropout_rates()))
    }
    moved = changed(before, state(builder))
    assert moved
    assert moved <= selected


@pytest.mark.parametrize("sampled", [True, False])
def test_one_step_changes_the_selected_rows_and_columns_only(sampled: bool) -> None:
    builder = make_ann(controller=lambda: arc)
    arc = builder.layout.sample(7)
    scatter(builder)
    (x, y), before = ann_data(), state(builder)
    (builder() if sampled else builder(arc)).train_on_batch(x, y)
    after = state(builder)
    for layer, (kernel, bias) in enumerate(masked_weights(builder.supernet, arc)):
        for name, mask in ((f"layer_{layer}_w", kernel), (f"layer_{layer}_b", bias)):
            (path,) = [path for path in before if path.endswith(name)]
            outside = mask == 0
            np.testing.assert_array_equal(after[path][outside], before[path][outside])
    assert changed(before, after)


def test_every_kind_of_data_and_callback(family: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(), make_data(48)
    for child in (builder(builder.layout.sample(0)), builder(sampler="uniform", seed=0)):
        stopping = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
        weights = np.ones(len(x), "float32")
        # One size of batch, because each size is compiled for.
        quiet: dict[str, Any] = {"batch_size": 16, "verbose": 0}
        child.fit(x, y, sample_weight=weights, epochs=2, validation_data=(x, y), callbacks=[stopping], **quiet)
        assert set(child.history.history) >= {"loss", "val_loss"}
        child.fit(Batches(x, y), epochs=1, verbose=0)
        child.fit_generator(generate(x, y), steps_per_epoch=2, epochs=1, verbose=0)
        child.fit_ph(x, y, batch_size=16, nsteps=2, verbose=0)
        child.fit(x, y, validation_split=1 / 3, class_weight={0: 1.0, 1: 2.0} if y.max() == 1 else None, **quiet)
        metric = "mae" if make is make_ann else "accuracy"
        assert set(child.evaluate(Batches(x, y), verbose=0, return_dict=True)) == {"loss", metric}
        assert child.predict(x[:16], verbose=0).shape == (16, 1)
        assert child.predict_on_batch(x[:16]).shape == (16, 1)
        assert np.isfinite(child.test_on_batch(x[:16], y[:16])).all()


def test_the_last_batch_counts_and_order_is_kept(family: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(), make_data(37)
    scatter(builder)
    child = builder(builder.layout.sample(2))
    whole = child.predict(x, batch_size=37, verbose=0)
    np.testing.assert_allclose(child.predict(x, batch_size=8, verbose=0), whole, rtol=1e-5, atol=1e-6)
    loss = child.evaluate(x, y, batch_size=8, verbose=0)[0]
    assert loss == pytest.approx(child.evaluate(x, y, batch_size=37, verbose=0)[0], rel=1e-4)


def test_matrix_list_and_dictionary_of_blocks_mean_the_same() -> None:
    builder = make_ann()
    scatter(builder)
    arc = builder.layout.sample(3)
    x, y = ann_data()
    blocks = [x[:, : BLOCKS[0]], x[:, BLOCKS[0] :]]
    named = {"x0": blocks[0], "x1": blocks[1]}
    for model in (builder(arc), builder.supernet.extract(arc)):
        expected = model.predict(x, verbose=0)
        for given in (blocks, named, [x]):
            np.testing.assert_array_equal(model.predict(given, verbose=0), expected)
        if not model.compiled:
            model.compile("sgd", "mse")
        for given in (x, blocks, named):
            assert np.isfinite(model.train_on_batch(given, y)).all()
            assert np.isfinite(model.fit(given, y, validation_data=(given, y), verbose=0).history["val_loss"]).all()


def test_dropout_works_in_training_and_survives_predict() -> None:
    builder = make_cnn(dag_kwargs={"keep_prob": 0.5})
    x, _ = cnn_data()
    child = builder(builder.layout.sample(0))
    still = child.predict(x, verbose=0)
    np.testing.assert_array_equal(child.predict(x, verbose=0), still)
    first, second = (ops.convert_to_numpy(child(x, training=True)) for _ in range(2))
    assert not np.allclose(first, second)
    ann = make_ann()
    scatter(ann)
    arc = [1] * len(ann.layout)
    x, _ = ann_data()
    dropping = ann(arc, dropouts=[0.3] * 4)
    np.testing.assert_allclose(dropping.predict(x, verbose=0), ann(arc).predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert not np.allclose(ops.convert_to_numpy(dropping(x, training=True)), dropping.predict(x, verbose=0))
    with pytest.raises(ConfigError, match="4 rates"):
        ann(arc, dropouts=[0.3])


def test_weights_are_the_whole_state_and_come_back(family: Any, tmp_path: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(), make_data()
    child = builder(builder.layout.sample(0))
    assert sum(w.size for w in child.get_weights()) == builder.supernet.count_params()
    before = state(builder)
    child.set_weights(child.get_weights())
    assert not changed(before, state(builder))
    child.save_weights(tmp_path / "all.weights.h5")
    builder(builder.layout.sample(1)).fit(x, y, verbose=0)
    assert changed(before, state(builder))
    child.load_weights(tmp_path / "all.weights.h5")
    assert not changed(before, state(builder))


def test_a_saved_child_is_loaded_with_its_state(family: Any, tmp_path: Any) -> None:
    make, make_data = family
    builder, (x, y) = make(), make_data()
    child = builder(builder.layout.sample(5))
    child.fit(x, y, verbose=0)
    child.save(tmp_path / "child.keras")
    loaded = keras.saving.load_model(tmp_path / "child.keras")
    assert type(loaded) is type(child)
    assert loaded.arc_seq == child.arc_seq
    np.testing.assert_allclose(loaded.predict(x, verbose=0), child.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    for mine, theirs in zip(builder.supernet.weights, loaded.supernet.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(mine), ops.convert_to_numpy(theirs))
    assert int(loaded.optimizer.iterations) == int(child.optimizer.iterations)


def test_mixed_precision_trains(family: Any) -> None:
    make, make_data = family
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        builder, (x, y) = make(controller="uniform"), make_data()
        for child in (builder(), builder(builder.layout.sample(0))):
            assert np.isfinite(child.fit(x, y, batch_size=16, verbose=0).history["loss"]).all()
            assert "bfloat16" in str(child(x).dtype)
        assert all(weight.dtype == "float32" for weight in builder.supernet.weights)
    finally:
        keras.config.set_dtype_policy(before)


def test_constructed_directly() -> None:
    from amber.modeler.child import EnasAnnModel, EnasCnnModel

    builder = make_ann(controller="uniform")
    arc = builder.layout.sample(0)
    x, y = ann_data()
    child = EnasAnnModel(["x0", "x1"], ["y"], arc, builder.dag, None, dropouts=[0.1] * 4)
    child.compile("sgd", "mse")
    child.fit(x, y, verbose=0)
    np.testing.assert_allclose(child.predict(x, verbose=0), builder(arc).predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    sampled = EnasAnnModel(dag=builder.dag)
    sampled.compile("sgd", "mse")
    sampled.fit(x, y, verbose=0)
    with pytest.raises(ConfigError, match="2 inputs"):
        EnasAnnModel(["x0"], None, arc, builder.dag)
    cnn = make_cnn()
    x, y = cnn_data()
    child = EnasCnnModel(None, None, None, cnn.layout.sample(0), cnn.dag, use_pipe=True)
    child.compile("sgd", "binary_crossentropy")
    child.fit(x, y, verbose=0)
    with pytest.raises(ConfigError, match="sampler"):
        EnasCnnModel(dag=cnn.dag)
    with pytest.raises(ConfigError, match="EnasCnnModel"):
        EnasCnnModel(dag=builder.dag)


def test_nodes_are_what_the_child_computes() -> None:
    builder = make_ann(units=(3, 10))
    nodes = {node.name: node.parents for node in builder([0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1]).nodes}
    assert nodes == {
        "x0": (),
        "x1": (),
        "L0_dense_u3_relu": ("x0", "x1"),
        "L1_dense_u10_relu": ("x1", "L0_dense_u3_relu"),
        "L2_dense_u3_relu": ("L1_dense_u10_relu",),
        "y": ("L2_dense_u3_relu",),
    }
    assert make_ann(use_node_dag=False)(builder.layout.sample(0)).nodes == []


def test_defaults_of_fit_come_from_the_builder() -> None:
    builder = make_ann(dag_kwargs={"child_train_op_kwargs": {"epochs": 3, "verbose": 0}})
    x, y = ann_data()
    child = builder(builder.layout.sample(0))
    assert len(child.fit(x, y).epoch) == 3
    assert len(child.fit(x, y, epochs=1).epoch) == 1


def test_arguments_of_fit_have_the_order_of_the_first_amber() -> None:
    x, y = ann_data()
    child = make_ann(controller="uniform")()
    for history in (
        child.fit(x, y, 16, 2, 3, 0),
        child.fit_ph(x, y, 16, 2, 3, 0, None, (x, y)),
        child.fit_pipe(x, y, 16, nsteps=2, epochs=3, verbose=0),
        child.fit(x, y, batch_size=16, steps_per_epoch=2, epochs=3, verbose=0),
    ):
        assert len(history.history["loss"]) == 3
    assert int(child.optimizer.iterations) == 4 * 3 * 2
    with pytest.raises(ConfigError, match="batch_size, nsteps, epochs.*Received: epochs=0"):
        child.fit(x, y, 16, 2, 0)  # Keras's order


def test_penalties_are_reported_for_selected_weights_only() -> None:
    plain, penalised = make_ann(), make_ann(l1_reg=0.01, l2_reg=0.1)
    x, y = ann_data()
    scatter(plain)
    penalised.supernet.set_weights(plain.supernet.get_weights())
    for seed in range(3):
        arc = plain.layout.sample(seed)
        extra = penalised(arc).evaluate(x, y, verbose=0)[0] - plain(arc).evaluate(x, y, verbose=0)[0]
        kernels = [kernel for kernel, _ in masked_weights(plain.supernet, arc)]
        expected = sum(0.01 * np.abs(k).sum() + 0.05 * np.square(k).sum() for k in kernels)
        assert extra == pytest.approx(expected, rel=1e-3)


def test_kernels_of_every_candidate_are_penalised_when_sampled() -> None:
    builder = make_cnn(l2_reg=0.5, controller="uniform")
    x, y = cnn_data()
    kernels = [w for w in builder.supernet.trainable_weights if len(w.shape) == 3]
    expected = sum(0.25 * float(np.square(ops.convert_to_numpy(kernel)).sum()) for kernel in kernels)
    sampled, free = builder(), make_cnn()
    free.supernet.set_weights(builder.supernet.get_weights())
    total = sampled.evaluate(x, y, verbose=0, batch_size=len(x))[0]
    alone = free(sampled.arc_seq).evaluate(x, y, verbose=0)[0]
    assert total - alone == pytest.approx(expected, rel=1e-3)
