"""On JAX and TensorFlow children of feed-forward supernets train by NumPy as Keras trains them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from tests.supernet.spaces import ann_data, make_ann, scatter

from amber.backend.base_model import BaseModel
from amber.backend.keras_internals.steps import MOMENTUMS, VELOCITIES, slot
from amber.backend.numpy_dense import training as module

pytestmark = pytest.mark.parity
ROWS, SIZE, EPOCHS = 40, 16, 3


def adam() -> keras.optimizers.Optimizer:
    # An epsilon at which no gradient that differs in its last digit makes a step of another size.
    return keras.optimizers.Adam(0.05, epsilon=0.01)


def descent() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(0.05)


def made(optimizer: Callable[[], keras.optimizers.Optimizer], **options: Any) -> Any:
    compiling = {"optimizer": optimizer, "loss": options.pop("loss", "mse"), "metrics": options.pop("metrics", ["mae"])}
    builder = make_ann(model_compile_dict=compiling, **options)
    scatter(builder, 1)
    return builder


def in_turn(builder: Any) -> Callable[[], Any]:
    turn = itertools.cycle([builder.layout.sample(seed) for seed in range(8)])
    return lambda: next(turn)


def by_keras(child: Any) -> Any:
    """Make every step Keras's own, which a method set on the model does."""
    child.compute_metrics = child.compute_metrics
    return child


def weights_of(builder: Any) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(weight)) for weight in builder.supernet.weights]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for found, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was trained by NumPy."""
    found: list[Any] = []
    run = module.DenseTraining.run
    monkeypatch.setattr(module.DenseTraining, "run", lambda training: found.append(training) or run(training))
    return found


def fitted(child: Any, **options: Any) -> Any:
    x, y = ann_data(ROWS)
    return child.fit(x, y, **{"batch_size": SIZE, "epochs": EPOCHS, "verbose": 0, "shuffle": False, **options})


def test_architectures_in_turn_train_as_by_keras(runs: list[Any]) -> None:
    found = []
    weighted = {"sample_weight": np.linspace(0.5, 1.5, ROWS).astype("float32"), "validation_data": ann_data(24, 1)}
    for slow in (False, True):
        builder = made(descent, activation="tanh", with_output_blocks=True)
        child = builder(sampler=in_turn(builder))
        history = fitted(by_keras(child) if slow else child, **weighted).history
        assert len(runs) == 1 and int(ops.convert_to_numpy(child.optimizer.iterations)) == 9
        found.append((history, weights_of(builder), child.arc_seq))
    (fast, moved, last), (slow_history, expected, slow_last) = found
    same(moved, expected)
    assert last == slow_last and set(fast) == set(slow_history) == {"loss", "mae", "val_loss", "val_mae"}
    for name, values in slow_history.items():
        np.testing.assert_allclose(fast[name], values, rtol=1e-5)


def test_a_fixed_child_and_its_optimizer_train_as_by_keras(runs: list[Any]) -> None:
    """Again after a pause, in which the state of the optimizer moves into another child."""
    found = []
    for slow in (False, True):
        builder = made(adam)
        arc = builder.layout.sample(5)
        child = builder(arc)
        fitted(by_keras(child) if slow else child)
        state = [np.array(ops.convert_to_numpy(each)) for each in child.optimizer.variables]
        heir = builder(arc)
        heir.optimizer.build(heir.trainable_variables)
        for variable, value in zip(heir.optimizer.variables, state, strict=True):
            variable.assign(value)
        fitted(by_keras(heir) if slow else heir, epochs=1)
        found.append([*weights_of(builder), *(ops.convert_to_numpy(each) for each in heir.optimizer.variables)])
    assert len(runs) == 2
    same(*found)


def slots_of(child: Any, kind: str) -> list[np.ndarray]:
    return [ops.convert_to_numpy(slot(child.optimizer, kind, weight)) for weight in child.trainable_variables]


def test_adam_moves_what_the_architecture_takes_and_nothing_else() -> None:
    """The gradients are Keras's, of a step of plain descent with rate 1 from the same weights."""
    builder, (x, y) = made(adam), ann_data(ROWS)
    tokens = [builder.layout.sample(seed) for seed in range(4)]
    guide = made(lambda: keras.optimizers.SGD(1.0))
    read = itertools.cycle(tokens)
    guided = by_keras(guide(sampler=lambda: next(read)))
    next(read)
    values = weights_of(builder)
    momenta, squares = [np.zeros_like(each) for each in values], [np.zeros_like(each) for each in values]
    read = itertools.cycle(tokens)
    for step, arc in enumerate(tokens, 1):
        for weight, value in zip(guide.supernet.weights, values, strict=True):
            weight.assign(value)
        guided.fit(x, y, batch_size=ROWS, shuffle=False, verbose=0)
        gradients = [before - after for before, after in zip(values, weights_of(guide), strict=True)]
        rate = 0.05 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        for place, mask in enumerate(masks_of(builder, arc)):
            momenta[place] += mask * 0.1 * (gradients[place] - momenta[place])
            squares[place] += mask * 0.001 * (gradients[place] ** 2 - squares[place])
            values[place] = values[place] - mask * rate * momenta[place] / (np.sqrt(squares[place]) + 0.01)
    turn = iter([tokens[0], *tokens])
    child = builder(sampler=lambda: next(turn))
    child.fit(np.concatenate([x] * 4), np.concatenate([y] * 4), batch_size=ROWS, shuffle=False, verbose=0)
    same(weights_of(builder), [value.astype("float32") for value in values])
    same(slots_of(child, MOMENTUMS), momenta)
    same(slots_of(child, VELOCITIES), squares)


def masks_of(builder: Any, arc: Any) -> list[np.ndarray]:
    """Which of all weights an architecture takes."""
    weights = builder.supernet.weights
    masks = {id(weight): np.zeros(weight.shape, bool) for weight in weights}
    for layer in builder.supernet.take(arc).layers:
        masks[id(layer.bias)][: layer.units] = True
        for start, stop in layer.spans:
            masks[id(layer.kernel)][start:stop, : layer.units] = True
    return [masks[id(weight)] for weight in weights]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_was_learnt_before_an_interrupt_is_kept(error: type[BaseException]) -> None:
    found = []
    for steps in (5, 3):
        builder = made(adam)
        drawn = itertools.count()
        tokens = [builder.layout.sample(seed) for seed in range(4)]

        def draw(drawn: Any = drawn, tokens: Any = tokens) -> Any:
            if (number := next(drawn)) > 3:
                raise error
            return tokens[number]

        child = builder(sampler=draw)
        x, y = ann_data(8 * steps)
        if steps == 5:
            x[24:] = ann_data(16, 9)[0]
            with pytest.raises(error):
                child.fit(x, y, batch_size=8, shuffle=False, verbose=0)
        else:
            child.fit(ann_data(40)[0][:24], ann_data(40)[1][:24], batch_size=8, shuffle=False, verbose=0)
        assert int(ops.convert_to_numpy(child.optimizer.iterations)) == 3
        found.append([*weights_of(builder), *slots_of(child, MOMENTUMS), *slots_of(child, VELOCITIES)])
    same(*found)


class Listener(keras.callbacks.Callback):
    """Looks at weights between epochs, and changes the learning rate."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[np.ndarray]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            self.model.optimizer.learning_rate = 0.0
        self._look()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._look()
        self.model.stop_training = epoch == 2

    def _look(self) -> None:
        self.seen.append([np.array(ops.convert_to_numpy(weight)) for weight in self.model.weights])


def test_callbacks_see_weights_between_epochs_and_are_heard(runs: list[Any]) -> None:
    builder = made(descent)
    child, listener = builder(sampler=in_turn(builder)), Listener()
    history = fitted(child, callbacks=[listener], epochs=9).history
    assert len(runs) == 1 and len(history["loss"]) == 3
    differs = [
        any((one != other).any() for one, other in zip(*pair, strict=True))
        for pair in itertools.pairwise(listener.seen)
    ]
    # Within an epoch weights move, between epochs and at a rate of 0 they do not.
    assert differs == [True, False, True, False, False]
    same(listener.seen[-1], weights_of(builder))


def test_every_example_is_trained_on_once_in_an_order_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    batch = module.DenseData.batch
    monkeypatch.setattr(module.DenseData, "batch", lambda data, rows: seen.append(np.array(rows)) or batch(data, rows))
    builder = made(descent)
    child = builder(sampler=in_turn(builder))
    for shuffle in (True, "batch"):
        seen.clear()
        fitted(child, shuffle=shuffle, epochs=2)
        batches = [rows for rows in seen if len(rows) > 1]
        assert [len(rows) for rows in batches] == [16, 16, 8] * 2
        epochs = [np.concatenate(batches[:3]), np.concatenate(batches[3:])]
        assert all(sorted(rows) == list(range(ROWS)) for rows in epochs) and (epochs[0] != epochs[1]).any()
    assert all(sorted(rows) == list(range(16 * k, 16 * k + len(rows))) for k, rows in enumerate(batches[:3]))


def test_blocks_may_come_apart_and_in_other_types(runs: list[Any]) -> None:
    found, (x, y) = [], ann_data(ROWS)
    for given in (x, [x[:, :2], x[:, 2:]], {"x0": x[:, :2].astype("float64"), "x1": x[:, 2:].astype("float64")}):
        builder = made(adam)
        builder(builder.layout.sample(3)).fit(given, y[:, 0].astype("float64"), shuffle=False, verbose=0)
        found.append(weights_of(builder))
    assert len(runs) == 3
    same(found[0], found[1])
    same(found[0], found[2])


class Watching(keras.callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Do nothing, but ask to be called."""


def dropping(builder: Any) -> Any:
    child = builder.build(builder.layout.sample(1), dropouts=[0.5] * 4)
    child.compile(adam(), "mse")
    return child


def frozen(builder: Any) -> Any:
    builder.supernet.kernels[0].trainable = False
    return builder(sampler="uniform")


def clipping(builder: Any) -> Any:
    child = builder(sampler="uniform")
    child.compile(keras.optimizers.Adam(clipnorm=1.0), "mse")
    return child


def unknown_loss(builder: Any) -> Any:
    child = builder(sampler="uniform")
    child.compile(adam(), "huber")
    return child


def unknown_metric(builder: Any) -> Any:
    child = builder(sampler="uniform")
    child.compile(adam(), "mse", metrics=[keras.metrics.RootMeanSquaredError()])
    return child


def plain(builder: Any) -> Any:
    return builder(sampler="uniform")


@pytest.mark.parametrize(
    ("make", "options", "by_numpy"),
    [
        (plain, {}, True),
        (plain, {"callbacks": [keras.callbacks.EarlyStopping("loss")]}, True),
        (plain, {"callbacks": [Watching()]}, False),
        (plain, {"verbose": 2}, False),
        (plain, {"steps_per_epoch": 2}, False),
        (lambda builder: by_keras(plain(builder)), {}, False),
        (dropping, {}, False),
        (frozen, {}, False),
        (clipping, {}, False),
        (unknown_loss, {}, False),
        (unknown_metric, {}, False),
    ],
)
def test_what_is_not_known_here_is_left_to_keras(
    make: Any, options: Any, by_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: list[bool] = []
    monkeypatch.setattr(module.DenseTraining, "run", lambda training: who.append(True))
    monkeypatch.setattr(BaseModel, "_fit_adapter", lambda *given: who.append(False))
    fitted(make(made(adam)), **options)
    assert who == [by_numpy]
    who.clear()
    fitted(make(made(adam, l1_reg=1e-3)), **options)
    assert who == [False]
