"""Environments: their loops, their files, what they go on from, and what they refuse."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.interrupting import heed_signals

from amber.architect import (
    ControllerTrainEnvironment,
    EnasTrainEnv,
    GeneralController,
    ModelSpace,
    MultiInputController,
    MultiManagerEnvironment,
    OperationController,
    ZeroShotController,
)
from amber.architect.trainEnv import ParallelMultiManagerEnvironment
from amber.compat.environments import seconds_of
from amber.compat.history import read_rows
from amber.errors import ConfigError, InvalidArchitectureError, StorageError

SPACE = ModelSpace.from_dict(
    [[{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (1, 2, 3)]] * 2
)


class Manager:
    """Rewards the number of layers that take the last operation; notes what it was given."""

    def __init__(self, fails: Any = ()) -> None:
        self.given: list[tuple[Any, Any]] = []
        self.fails = dict(fails)

    def get_rewards(self, trial: Any, model_arc: Any = None, **options: Any) -> Any:
        self.given.append((trial, model_arc))
        if model_arc is None:
            return None, None
        if len(self.given) in self.fails:
            raise self.fails[len(self.given)]
        tokens = [arc if isinstance(arc, (int, np.integer)) else arc.Layer_attributes["units"] - 1 for arc in model_arc]
        reward = float(np.mean([token == 2 for token in tokens]))
        return reward, {"loss": -reward, "knowledge": 0.0}


def controller(kind: Any = GeneralController, **options: Any) -> Any:
    arguments = {"lstm_size": 8, "lstm_num_layers": 1, "buffer_size": 3, "train_pi_iter": 2, "seed": 0}
    return kind(SPACE, **{**arguments, "with_skip_connection": False, **options})


def environment(folder: Path, manager: Any, kind: Any = ControllerTrainEnvironment, **options: Any) -> Any:
    arguments = {"max_episode": 3, "max_step_per_ep": 2, "working_dir": folder, "with_skip_connection": False}
    made = options.pop("controller", None) or controller()
    return kind(controller=made, manager=manager, **{**arguments, "should_plot": False, **options})


def test_a_search_and_its_files(tmp_path: Path) -> None:
    manager = Manager()
    env = environment(tmp_path, manager, should_plot=True)
    found = env.train()
    assert len(found) == 2 and all(0 <= each < 3 for each in found)
    rows = read_rows(tmp_path / "train_history.csv")
    assert [row.trial for row in rows] == [str(n) for n in range(6)] and rows[0].metrics == [0.0, -rows[0].reward]
    assert all(type(each).__name__ == "Operation" for _, arc in manager.given for each in arc)
    assert env.best_reward == max(row.reward for row in rows) and len(env.best_arc) == 2
    names = {"weights", "train_history.csv", "controller_weights.h5", "buffers.txt", "train_history.png"}
    assert names | {"entropy.png", "weight_data.json", "nas_training_stats.json"} == {
        p.name for p in tmp_path.iterdir()
    }
    weights = json.loads((tmp_path / "weight_data.json").read_text())
    assert len(weights["L1"]["operation"]["dense_u3_relu"][0]) == 6


def test_the_controller_learns_only_after_the_queue(tmp_path: Path) -> None:
    learnt: list[int] = []

    class Watched(GeneralController):
        def train(self, episode: int = 0, working_dir: Any = None) -> float:
            learnt.append(episode)
            return super().train(episode, working_dir)

    environment(tmp_path, Manager(), controller=controller(Watched), max_episode=4).train()
    assert learnt == [2, 3]
    learnt.clear()
    environment(tmp_path, Manager(), controller=controller(Watched), initial_buffering_queue=1).train()
    assert learnt == [0, 1, 2]


def test_earlier_files_move_aside_and_a_search_goes_on(tmp_path: Path) -> None:
    environment(tmp_path, Manager()).train()
    environment(tmp_path, Manager(), max_episode=1).train()
    (backup,) = tmp_path.glob("weights_bak_*")
    assert len(read_rows(backup / "train_history.csv")) == 6 and len(read_rows(tmp_path / "train_history.csv")) == 2
    before = controller()
    before.load_weights(tmp_path / "controller_weights.h5")
    again = environment(tmp_path, Manager(), resume_prev_run=True, max_episode=4)
    again._begin()
    for mine, saved in zip(again.controller.get_weights(), before.get_weights(), strict=True):
        assert np.array_equal(mine, saved)
    again.train()
    assert [row.trial for row in read_rows(tmp_path / "train_history.csv")] == [str(n) for n in range(8)]
    assert len(list(tmp_path.glob("weights_bak_*"))) == 1
    with pytest.raises(StorageError, match="resume_prev_run"):
        environment(tmp_path / "none", Manager(), resume_prev_run=True).train()


def test_one_bad_architecture_does_not_end_a_search(tmp_path: Path, caplog: Any) -> None:
    fails = {2: ValueError("no memory"), 3: InvalidArchitectureError("not a network")}
    environment(tmp_path, Manager(fails)).train()
    rows = read_rows(tmp_path / "train_history.csv")
    assert len(rows) == 6 and rows[1].reward == rows[0].reward and "no memory" in caplog.text
    with pytest.raises(ValueError, match="no memory"):
        environment(tmp_path, Manager({1: ValueError("no memory")})).train()
    with pytest.raises(ConfigError):
        environment(tmp_path, Manager({4: ConfigError("wrong")})).train()


def test_an_interrupt_ends_with_what_is_there(tmp_path: Path) -> None:
    environment(tmp_path, Manager({4: KeyboardInterrupt()})).train()
    assert len(read_rows(tmp_path / "train_history.csv")) == 3
    assert (tmp_path / "nas_training_stats.json").is_file()


ENDLESS = """
import sys, time
from amber.architect import ControllerTrainEnvironment, GeneralController
class Manager:
    def get_rewards(self, trial, model_arc):
        time.sleep(0.02)
        return float(sum(model_arc)), {"loss": 0.0}
controller = GeneralController([3, 3], with_skip_connection=False, lstm_size=8, buffer_size=1, train_pi_iter=1)
env = ControllerTrainEnvironment(controller, Manager(), 10**6, 5, working_dir=sys.argv[1], with_skip_connection=False)
env.train()
print("ended")
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_search_in_a_process_of_its_own(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, text=True, preexec_fn=heed_signals
    )
    history = tmp_path / "train_history.csv"
    try:
        while running.poll() is None and not (history.is_file() and history.read_text().count("\n") >= 12):
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0 and said.strip() == "ended"
    assert len(read_rows(history)) >= 12 and history.read_text().endswith("\n")
    assert (tmp_path / "nas_training_stats.json").is_file() and (tmp_path / "train_history.png").is_file()


def test_time_is_kept(tmp_path: Path) -> None:
    class Slow(Manager):
        def get_rewards(self, trial: Any, model_arc: Any = None, **options: Any) -> Any:
            time.sleep(0.6)
            return super().get_rewards(trial, model_arc)

    environment(tmp_path, Slow(), time_budget="00:00:01").train()
    assert len(read_rows(tmp_path / "train_history.csv")) == 2
    assert seconds_of("01:02:03") == 3723 and seconds_of(None) is None
    for wrong in (60, "10", "a:b:c", "1:2"):
        with pytest.raises(ConfigError, match="HH:MM:SS"):
            seconds_of(wrong)


def test_tokens_go_to_managers_where_there_are_connections(tmp_path: Path) -> None:
    manager = Manager()
    made = controller(MultiInputController, with_skip_connection=True, num_input_blocks=2)
    environment(tmp_path, manager, controller=made, with_input_blocks=True, with_skip_connection=True).train()
    assert all(len(arc) == 2 + 4 + 1 for _, arc in manager.given)
    assert len(read_rows(tmp_path / "train_history.csv")[0].tokens) == 7
    with pytest.raises(ConfigError, match="with_skip_connection"):
        environment(tmp_path, manager, controller=made)


def test_one_hot_actions(tmp_path: Path) -> None:
    made = OperationController(SPACE, controller_units=8, train_pi_iter=2, buffer_size=2, seed=0)
    action, probabilities = made.get_action(np.zeros((1, 1, 3)))
    assert [each.shape for each in action] == [(1, 3), (1, 3)] and probabilities[0].shape == (1, 3)
    manager = Manager()
    environment(tmp_path, manager, controller=made, squeezed_action=False, initial_buffering_queue=1).train()
    assert len(read_rows(tmp_path / "train_history.csv")) == 6
    with pytest.raises(ConfigError, match="optimizer"):
        OperationController(SPACE, optimizer="lion")


def test_shared_weights_and_controller_take_turns(tmp_path: Path) -> None:
    manager = Manager()
    env = environment(tmp_path, manager, EnasTrainEnv, child_warm_up_epochs=2, child_train_steps=3, max_episode=2)
    env.train()
    assert [arc is None for _, arc in manager.given] == [True, True, True, False, False, True, False, False]
    assert env.seconds == 72 * 3600


def test_several_data_sets(tmp_path: Path) -> None:
    made = controller(ZeroShotController, data_description_config={"length": 2}, buffer_size=1)
    managers = [Manager(), Manager()]
    described: dict[str, Any] = {"data_descriptive_features": np.eye(2), "controller": made}
    environment(tmp_path, managers, MultiManagerEnvironment, **described).train()
    trials = [row.trial for row in read_rows(tmp_path / "train_history.csv")]
    assert trials == ["0-0", "0-1", "1-0", "1-1", "0-2", "0-3", "1-2", "1-3", "0-4", "0-5", "1-4", "1-5"]
    assert len(managers[0].given) == len(managers[1].given) == 6
    with pytest.warns(UserWarning, match="processes") as caught:
        environment(tmp_path, managers, ParallelMultiManagerEnvironment, processes=4, **described)
    assert len([each for each in caught if each.category is UserWarning]) == 1
    with pytest.raises(ConfigError, match="a list of managers"):
        environment(tmp_path, Manager(), MultiManagerEnvironment, **described)
    with pytest.raises(ConfigError, match="a row for each of the 1"):
        environment(tmp_path, [Manager()], MultiManagerEnvironment, **described)


@pytest.mark.parametrize("wrong", [{"max_episode": 0}, {"max_step_per_ep": "3"}, {"manager": object()}])
def test_mistakes_are_named_before_the_search(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        environment(tmp_path, wrong.pop("manager", Manager()), **wrong)
