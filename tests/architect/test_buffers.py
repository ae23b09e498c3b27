"""Replay buffers: paths, baselines, advantages, batches, and the readable record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.architect import Buffer, ModelSpace, MultiManagerBuffer, ReplayBuffer, TokenLayout, get_buffer
from amber.architect.buffers.records import describe_action
from amber.errors import ConfigError, StorageError


def probabilities(value: float = 0.5) -> list[np.ndarray]:
    return [np.full((1, 3), value), np.full((1, 1, 2), value)]


def store(buffer: Any, *rewards: float) -> None:
    for i, reward in enumerate(rewards):
        buffer.store(np.full((1, 2), i), probabilities(i / 10), np.array([i, 0, 1]), reward)


@pytest.mark.parametrize(("factor", "expected"), [(0.1, [1.23, 2.3, 3.0]), (0.9, [5.23, 4.7, 3.0]), (0.0, [1, 2, 3])])
def test_rewards_are_discounted_from_the_end(factor: float, expected: list[float]) -> None:
    buffer = Buffer(3, discount_factor=factor)
    store(buffer, 1, 2, 3)
    np.testing.assert_allclose(buffer.discount_rewards(), expected)


def test_baseline_is_the_first_mean_and_then_follows_one_path_late() -> None:
    buffer = Buffer(4)  # beta is 3/4
    for rewards, expected in [((1.0, 3.0), 2.0), ((6.0,), 2.0), ((0.0,), 0.75 * 2 + 0.25 * 6)]:
        store(buffer, *rewards)
        buffer.finish_path()
        assert buffer.r_bias == pytest.approx(expected)
    np.testing.assert_allclose(buffer.lt_adbuffer[0], [-1, 1])
    np.testing.assert_allclose(buffer.lt_adbuffer[1], [4])  # of its own time: not recomputed


def test_advantages_are_rescaled_and_clipped() -> None:
    buffer = Buffer(4, rescale_advantage_by_reward=True, clip_advantage=0.4)
    store(buffer, -2, -4, -3)
    buffer.finish_path()
    np.testing.assert_allclose(buffer.lt_adbuffer[0], [1 / 3, -1 / 3, 0])
    store(buffer, 5.0)
    buffer.finish_path()
    np.testing.assert_allclose(buffer.lt_adbuffer[1], [0.4])


def test_replay_buffer_recomputes_all_advantages() -> None:
    plain, replay = Buffer(2, ewa_beta=0.5), ReplayBuffer(2, ewa_beta=0.5)
    for buffer in (plain, replay):
        for rewards in [(1.0, 3.0), (6.0,), (2.0,)]:
            store(buffer, *rewards)
            buffer.finish_path()
        assert buffer.r_bias == pytest.approx(0.5 * 2 + 0.5 * 6)
    np.testing.assert_allclose(np.concatenate(plain.lt_adbuffer), [4, -2])
    np.testing.assert_allclose(np.concatenate(replay.lt_adbuffer), [2, -2])
    rescaled = ReplayBuffer(2, rescale_advantage_by_reward=True)
    store(rescaled, 1.0, -4.0)
    rescaled.finish_path()
    np.testing.assert_allclose(rescaled.lt_adbuffer[0], [2.5, -2.5 / 4])


def test_oldest_paths_are_dropped_whole() -> None:
    buffer = Buffer(2)
    for count in (3, 1, 2):
        store(buffer, *range(count))
        buffer.finish_path()
    assert [len(path) for path in buffer.lt_abuffer] == [1, 2]
    assert len(buffer) == 3
    buffer.finish_path()  # nothing new: nothing happens
    assert [len(path) for path in buffer.lt_abuffer] == [1, 2]


def test_batches_hold_every_entry_once_and_keep_rows_together() -> None:
    buffer = Buffer(3, seed=0)
    for _ in range(2):
        store(buffer, 0, 10, 20, 30)
        buffer.finish_path()
    batches = list(buffer.get_data(3))
    assert [len(actions) for _, _, actions, _, _ in batches] == [3, 3, 2]
    assert len(list(buffer.get_data(2))) == 4
    seen = []
    for states, probs, actions, advantages, rewards in batches:
        assert advantages.shape == rewards.shape == (len(actions), 1)
        assert states.shape == (len(actions), 1, 2)
        assert [each.shape[1:] for each in probs] == [(3,), (1, 2)]
        np.testing.assert_allclose(rewards[:, 0], actions[:, 0] * 10)
        np.testing.assert_allclose(advantages, np.clip(rewards - 15, -10, 10))
        np.testing.assert_allclose(probs[0][:, 0], actions[:, 0] / 10)
        np.testing.assert_allclose(states[:, 0, 0], actions[:, 0])
        seen += rewards[:, 0].tolist()
    assert sorted(seen) == sorted([0, 10, 20, 30] * 2)
    assert seen != [0, 10, 20, 30] * 2
    ordered = np.concatenate([rewards for *_, rewards in buffer.get_data(3, shuffle=False)])
    assert ordered[:, 0].tolist() == [0, 10, 20, 30] * 2


def test_shuffling_follows_the_seed_and_leaves_the_global_generator_alone() -> None:
    orders = []
    for seed in (1, 1, 2):
        buffer = Buffer(1, seed=seed)
        store(buffer, *range(20))
        buffer.finish_path()
        before = np.random.get_state()[1].tobytes()  # noqa: NPY002
        orders.append(next(iter(buffer.get_data(20)))[4].tolist())
        assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    assert orders[0] == orders[1] != orders[2]


def test_states_keep_their_axes_where_nothing_is_said() -> None:
    buffer = Buffer(1)
    store(buffer, 1.0, 2.0)
    buffer.finish_path()
    assert next(iter(buffer.get_data(2)))[0].shape == (2, 1, 2)


def test_squeezed_states_lose_axes_of_length_one() -> None:
    buffer = Buffer(1, is_squeeze_dim=True)
    store(buffer, 1.0, 2.0)
    buffer.finish_path()
    assert next(iter(buffer.get_data(2)))[0].shape == (2, 2)


def test_multi_manager_has_a_baseline_for_each_data_set() -> None:
    buffer = MultiManagerBuffer(3, ewa_beta=0.5, seed=0)

    def path(*pairs: tuple[int, float]) -> None:
        for manager, reward in pairs:
            buffer.store(probabilities(), [manager, 0, 1], reward, np.full((1, 2), manager), manager)
        buffer.finish_path()

    path((0, 1.0), (0, 3.0), (1, 10.0))
    assert buffer.r_bias == {0: 2.0, 1: 10.0}
    np.testing.assert_allclose(buffer.lt_adbuffer[0], [-1, 1, 0])
    path((0, 8.0))
    assert buffer.r_bias == {0: 2.0, 1: 10.0}
    np.testing.assert_allclose(buffer.lt_adbuffer[1], [3])  # 6, clipped
    path((1, 12.0))
    assert buffer.r_bias == {0: 5.0, 1: 10.0}
    for batch in buffer.get_data(2):
        assert set(batch) == {"prob", "action", "advantage", "reward", "description"}
        np.testing.assert_allclose(batch["description"][:, 0], batch["action"][:, 0])
        assert batch["advantage"].shape == batch["reward"].shape == (len(batch["action"]), 1)
    assert [len(batch["action"]) for batch in buffer.get_data(2)] == [2, 2, 1]


def test_multi_manager_rescales_by_baseline_and_spread() -> None:
    buffer = MultiManagerBuffer(1, rescale_advantage_by_reward=True, clip_advantage=100)
    for reward in (1.0, 3.0):
        buffer.store(probabilities(), [0, 0, 1], reward, np.zeros((1, 2)), 4)
    buffer.finish_path()
    np.testing.assert_allclose(buffer.lt_adbuffer[0], [-1 / 2 / 1.01, 1 / 2 / 1.01])


@pytest.mark.parametrize("description", [np.zeros(3), np.zeros((2, 3)), np.zeros((1, 2, 3))])
def test_multi_manager_wants_one_row_of_description(description: np.ndarray) -> None:
    with pytest.raises(ConfigError, match=r"\(1, d\)"):
        MultiManagerBuffer(1).store(probabilities(), [0, 0, 1], 1.0, description, 0)


def test_get_buffer() -> None:
    assert get_buffer(None) is None
    assert get_buffer("Ordinal") is Buffer
    assert get_buffer("REPLAY") is ReplayBuffer
    assert get_buffer("multiManager") is MultiManagerBuffer
    assert get_buffer(Buffer) is Buffer
    with pytest.raises(ConfigError, match="multimanager, ordinal, replay"):
        get_buffer("replai")
    with pytest.raises(ConfigError, match="Received: 3"):
        get_buffer(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", [{"max_size": 0}, {"max_size": True}, {"ewa_beta": 1.5}, {"clip_advantage": 0}])
def test_settings_out_of_range(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Received"):
        Buffer(**{"max_size": 2, **setting})


def test_reward_must_be_finite() -> None:
    with pytest.raises(ConfigError, match="nan"):
        store(Buffer(1), float("nan"))


def test_memory_makes_a_round_trip_through_arrays() -> None:
    buffer = MultiManagerBuffer(3, seed=0)
    for manager, reward in [(0, 1.0), (7, 2.0)]:
        buffer.store(probabilities(), [manager, 0, 1], reward, np.full((1, 2), manager), manager)
    buffer.finish_path()
    buffer.store(probabilities(0.25), [1, 1, 1], 5.0, np.ones((1, 2)), 7)
    other = MultiManagerBuffer(3, seed=0)
    other.restore(buffer.to_arrays())
    for each in (buffer, other):
        each.finish_path()
    assert other.r_bias == buffer.r_bias
    for mine, theirs in zip(buffer.batches(2), other.batches(2), strict=True):
        for name in ("actions", "rewards", "advantages", "descriptions", "managers"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
        for a, b in zip(mine.probabilities, theirs.probabilities, strict=True):
            np.testing.assert_array_equal(a, b)


def test_record_names_operations_and_connections_of_every_layer(tmp_path: Path) -> None:
    layer = [{"Layer_type": "conv1d", "filters": 2, "kernel_size": 3}, {"Layer_type": "identity", "filters": 2}]
    space = ModelSpace.from_dict([layer] * 3)
    layout = TokenLayout(space)
    buffer = Buffer(2)
    buffer.store(None, probabilities(), layout.validate([0, 1, 1, 1, 0, 1]), 0.5)
    buffer.finish_path(space, 4, tmp_path / "run", layout=layout)
    buffer.store(None, probabilities(), layout.validate([1, 0, 0, 1, 1, 0]), 0.75)
    buffer.finish_path(space, 5, tmp_path / "run", layout=layout)
    text = (tmp_path / "run" / "buffers.txt").read_text()
    assert "Episode: 4\tR_bias: 0.5" in text and "Episode: 5\tR_bias: 0.5" in text
    assert "Reward: 0.75\tAdvantage: 0.25" in text
    words = describe_action(np.array([0, 1, 1, 1, 0, 1]), space, layout)
    assert words == [str(space[0][0]), str(space[1][1]), "L1.skip.0", str(space[2][1]), "L2.skip.1"]
    assert str(words) in text
    assert describe_action(np.array([0, 1, 0]), space, None) == [str(space[i][k]) for i, k in enumerate((0, 1, 0))]
    assert describe_action(np.array([0, 1, 0]), None, None) == ["0", "1", "0"]


def test_record_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    buffer = Buffer(2)
    store(buffer, 1.0)
    with pytest.raises(StorageError, match="buffers.txt"):
        buffer.finish_path(None, 0, tmp_path / "file")


def test_baselines_come_in_the_order_of_the_managers() -> None:
    buffer = MultiManagerBuffer(4)
    for manager in (7, 2, 5):
        buffer.store(probabilities(), [0, 0, 1], float(manager), np.zeros((1, 2)), manager)
        buffer.finish_path()
    assert list(buffer.r_bias.items()) == [(2, 2.0), (5, 5.0), (7, 7.0)]
