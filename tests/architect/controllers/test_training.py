"""What training does: gradients, the learning check, PPO, penalties, and when it stops."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.architect.controllers.policies import SMALL, describe, make

from amber.architect import Buffer, GeneralController, MultiIOController, ZeroShotController
from amber.architect.controllers.decoding import TeacherForced
from amber.architect.controllers.model import LossSpec, policy_losses
from amber.architect.controllers.policy_rollout import rollout
from amber.architect.controllers.spec import PolicySpec
from amber.errors import ConfigError

SGD = {"class_name": "SGD", "config": {"learning_rate": 1.0}}


def plain_loss(
    spec: PolicySpec, loss: LossSpec, weights: Mapping[str, np.ndarray], batch: dict[str, np.ndarray]
) -> float:
    """The loss in double precision, regularisation and all."""
    tokens = batch["tokens"]
    read = TeacherForced(tokens, tokens.astype("float64"))
    decisions = rollout(np, spec, weights, read, len(tokens), batch.get("description"))
    total = float(policy_losses(np, loss, decisions, batch))
    for name, value in weights.items():
        if name.startswith("description") and name.endswith("kernel"):
            total += loss.l1 * np.abs(value).sum() + loss.l2 * (value**2).sum()
    return total


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "use_ppo"),
    [
        pytest.param("unique skips", False, marks=pytest.mark.parity),
        ("unique skips", True),
        ("outputs", False),
        pytest.param("outputs", True, marks=pytest.mark.parity),
        pytest.param("described", False, marks=pytest.mark.parity),
        ("described", True),
    ],
)
def test_gradients_equal_finite_differences(kind: str, use_ppo: bool) -> None:
    controller = make(
        kind,
        spread=0.8,
        optim_algo=SGD,
        use_ppo_loss=use_ppo,
        skip_weight=0.7,
        skip_target=0.3,
        entropy_weight=0.2,
        lstm_size=3,
    )
    description = describe(controller, 4)
    arcs = controller.sample(4, description)
    advantages = np.array([1.0, -0.5, 2.0, 0.25])
    # Ratios of 0.9, 1.1, and two beyond the bounds, none of them at a corner of the clipped objective.
    old = controller.log_probabilities(arcs, description) - np.log([0.9, 1.1, 1.5, 0.5])
    before = dict(zip(controller.spec.weight_shapes(), controller.get_weights(), strict=True))
    value = controller.update(arcs, advantages, old, description)
    after = controller.get_weights()

    weights = {name: each.astype("float64") for name, each in before.items()}
    batch = {"tokens": arcs, "advantage": advantages, "old_log_prob": old, "weight": np.ones(4)}
    if description is not None:
        batch["description"] = description
    loss = controller.model.loss_spec
    assert value == pytest.approx(plain_loss(controller.spec, loss, weights, batch), rel=1e-5)
    step = 1e-5
    for (name, array), new in zip(weights.items(), after, strict=True):
        expected = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            sides = []
            for shift in (step, -step):
                moved = array.copy()
                moved[index] += shift
                sides.append(plain_loss(controller.spec, loss, {**weights, name: moved}, batch))
            expected[index] = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose(before[name] - new, expected, rtol=2e-3, atol=1e-5, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "use_ppo"),
    [pytest.param(0, False, marks=pytest.mark.parity), (0, True), (1, False), (1, True), (2, False), (2, True)],
)
def test_praised_architecture_becomes_more_probable_in_every_decision(seed: int, use_ppo: bool) -> None:
    controller = GeneralController([3, 3, 3], lstm_num_layers=1, use_ppo_loss=use_ppo, seed=seed)
    praised = np.array(controller.layout.sample(np.random.default_rng(seed)))
    arcs = np.stack([praised, (praised + 1) % controller.layout.sizes])  # they differ in every token
    probabilities, log_probs = _chosen(controller, arcs), controller.log_probabilities(arcs)
    losses = [controller.update(arcs, [1.0, -1.0]) for _ in range(100)]
    assert (_chosen(controller, arcs)[0] > probabilities[0]).all()
    up, down = controller.log_probabilities(arcs) - log_probs
    assert up > 0 > down
    if not use_ppo:
        assert losses[-1] < losses[0]


def _chosen(controller: GeneralController, arcs: np.ndarray) -> np.ndarray:
    """The probability of what was chosen in every token, (n, tokens)."""
    columns, position = [], 0
    for each in controller.probabilities(arcs):
        rows = each[:, None, :] if each.ndim == 2 else each
        tokens = arcs[:, position : position + rows.shape[1]]
        columns.append(np.take_along_axis(rows, tokens[:, :, None], axis=2)[:, :, 0])
        position += rows.shape[1]
    return np.concatenate(columns, axis=1)


def test_ppo_has_one_ratio_for_each_architecture() -> None:
    controller = make("skips", use_ppo_loss=True, optim_algo=SGD, learning_rate=1e-12)
    arcs = controller.sample(4)
    now = controller.log_probabilities(arcs)
    ratios, advantages = np.array([1.1, 2.0, 2.0, 0.5]), np.array([1.0, 1.0, -1.0, -1.0])
    loss = controller.update(arcs, advantages, now - np.log(ratios))
    assert loss == pytest.approx(-np.mean([1.1, 1.2, -2.0, -0.8]), rel=1e-4)


def test_reinforce_sums_over_the_batch_and_short_batches_are_the_same() -> None:
    controller = make("skips", optim_algo=SGD, learning_rate=1e-12, batch_size=7)
    arcs = controller.sample(3)
    advantages = np.array([1.0, -2.0, 0.5])
    expected = -(controller.log_probabilities(arcs) * advantages).sum()
    assert controller.update(arcs, advantages) == pytest.approx(expected, rel=1e-5)
    filled = controller._fit(arcs, advantages, 0.0, None, rows=7)
    assert filled == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("target", [0.2, 0.7])
def test_skip_penalty_pulls_the_rate_to_its_target(target: float) -> None:
    controller = GeneralController(
        [2] * 5, lstm_size=8, lstm_num_layers=1, skip_weight=1.0, skip_target=target, learning_rate=0.05, seed=0
    )
    for _ in range(60):
        controller.update(controller.sample(10), np.zeros(10))
    skips = [i for i, name in enumerate(controller.layout.names) if "skip" in name]
    assert controller.sample(1000)[:, skips].mean() == pytest.approx(target, abs=0.05)


def test_entropy_weight_keeps_the_policy_open() -> None:
    def entropy(weight: float) -> float:
        controller = make("operations", entropy_weight=weight, learning_rate=0.05)
        for _ in range(40):
            controller.update([[0, 1]], [1.0])
        return float(controller.entropies([[0, 1]])[0])

    closed, opened = entropy(0.0), entropy(2.0)
    assert closed < 0.3 < 1.0 < opened


def test_diversity_weight_drives_outputs_apart() -> None:
    controller = MultiIOController(
        [2, 2, 2],
        with_input_blocks=False,
        output_block_diversity_weight=3.0,
        skip_weight=1e-6,
        lstm_size=4,
        learning_rate=0.05,
        seed=0,
    )
    for _ in range(80):
        controller.update(controller.sample(5), np.zeros(5))
    outputs = [controller.layout.decode(arc).outputs for arc in controller.sample(50)]
    assert np.mean([first != second for first, second in outputs]) > 0.9


def test_keep_probability_drops_inputs_in_training_only() -> None:
    def losses(keep: float) -> list[float]:
        controller = make("operations", lstm_keep_prob=keep, optim_algo=SGD, learning_rate=1e-12, spread=1.0)
        arcs = [[0, 1], [1, 2]]
        assert controller.log_probabilities(arcs).tolist() == controller.log_probabilities(arcs).tolist()
        return [controller.update(arcs, [1.0, -0.5]) for _ in range(3)]

    assert len(set(losses(1.0))) == 1
    assert len(set(losses(0.5))) == 3
    assert losses(0.5) == losses(0.5)


@pytest.mark.parametrize(("threshold", "epochs"), [(None, 6), (1e-9, 2), (1e9, 6)])
def test_training_stops_on_divergence_after_the_first_pass(threshold: float | None, epochs: int) -> None:
    controller = make("skips", kl_threshold=threshold, train_pi_iter=6, batch_size=4, learning_rate=0.05)
    _store(controller, 10)
    controller.train()
    assert int(keras.ops.convert_to_numpy(controller.model.optimizer.iterations)) == epochs * 3


def _store(controller: GeneralController, count: int) -> None:
    for i in range(count):
        arc, probabilities = controller.get_action()
        controller.store(None, probabilities, arc, float(i % 3))


def test_divergence_is_the_mean_over_decisions() -> None:
    controller = make("skips", spread=1.0)
    arcs, old = controller.sample_with_probs(3)
    controller.set_weights([each * 1.5 for each in controller.get_weights()])
    new = controller.probabilities(arcs)
    each = [(a * np.log(a / b)).sum(axis=-1).ravel() for a, b in zip(old, new, strict=True)]
    from amber.architect.controllers.divergence import mean_divergence, stored_log_probs

    decisions = controller._read(arcs)
    assert mean_divergence(decisions, old) == pytest.approx(np.concatenate(each).mean())
    np.testing.assert_allclose(stored_log_probs(decisions, new), controller.log_probabilities(arcs))
    with pytest.raises(ConfigError, match="shapes"):
        mean_divergence(decisions, old[:-1])


def test_train_writes_a_record_learns_from_old_paths_and_needs_something_stored(tmp_path: Path) -> None:
    controller = make("skips")
    with pytest.raises(ConfigError, match="store"):
        controller.train()
    _store(controller, 4)
    assert np.isfinite(controller.train(3, tmp_path))
    assert "Episode: 3" in (tmp_path / "buffers.txt").read_text()
    assert np.isfinite(controller.train(4))  # nothing new: the path before
    controller.remove_files(["buffers.txt", "missing.txt"], tmp_path)
    assert not (tmp_path / "buffers.txt").exists()


@pytest.mark.parametrize("buffer_type", ["replay", lambda **settings: Buffer(clip_advantage=1.0, **settings)])
def test_other_buffers(buffer_type: Any) -> None:
    controller = make("skips", buffer_type=buffer_type)
    _store(controller, 4)
    assert np.isfinite(controller.train())


def test_without_a_buffer_only_update_trains() -> None:
    controller = make("skips", buffer_type=None)
    assert np.isfinite(controller.update(controller.sample(3), [1.0, 0.0, -1.0]))
    with pytest.raises(ConfigError, match="no buffer"):
        controller.train()


def test_learning_rate_and_optimizer_are_settable_and_not_shared() -> None:
    mine = keras.optimizers.SGD(learning_rate=0.5, momentum=0.25)
    first, second = (make("operations", optim_algo=mine) for _ in range(2))
    assert first.model.optimizer is not mine is not second.model.optimizer
    assert first.model.optimizer.momentum == 0.25 and first.learning_rate == 0.5
    first.learning_rate = 0.125
    assert (first.learning_rate, second.learning_rate, float(mine.learning_rate)) == (0.125, 0.5, 0.5)
    assert make("operations", learning_rate=0.25).learning_rate == 0.25


@pytest.mark.parametrize("kind", SMALL)
def test_every_kind_trains_from_its_buffer(kind: str) -> None:
    controller = make(kind, buffer_size=2, use_ppo_loss=True, train_pi_iter=2)
    before = controller.get_weights()
    names = list(controller.spec.weight_shapes())
    for episode in range(3):
        for i in range(4):
            arc, probabilities = controller.get_action(describe(controller))
            if isinstance(controller, ZeroShotController):
                controller.store(probabilities, arc, float(i), describe(controller), manager_index=i % 2)
            else:
                controller.store(None, probabilities, arc, float(i))
        assert np.isfinite(controller.train(episode))
    changed = {n for n, a, b in zip(names, before, controller.get_weights(), strict=True) if (a != b).any()}
    # The last operation leads nowhere where no step follows, and a single candidate is no choice.
    last = len(controller.spec.candidates) - 1
    assert set(names) - changed <= {f"embedding_{last}", f"softmax_{last}"}


@pytest.mark.slow
def test_zero_shot_prefers_other_architectures_for_other_descriptions() -> None:
    controller = ZeroShotController(
        [2, 2, 2],
        {"length": 2, "hidden_layer": {"units": 8, "activation": "relu"}},
        with_skip_connection=False,
        lstm_size=16,
        lstm_num_layers=1,
        buffer_size=1,
        batch_size=10,
        train_pi_iter=10,
        use_ppo_loss=True,
        learning_rate=0.02,
        seed=0,
    )
    descriptions = [np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]
    for episode in range(60):
        for i in range(20):
            data_set = i % 2
            arc, probabilities = controller.get_action(descriptions[data_set])
            reward = float((arc == data_set).mean())
            controller.store(probabilities, arc, reward, descriptions[data_set], data_set)
        controller.train(episode)
    for data_set, description in enumerate(descriptions):
        assert (controller.sample(200, description) == data_set).mean() > 0.9
