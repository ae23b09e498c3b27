"""What is known of the work of an experiment before it begins: its epochs, those of the last training among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import TINY

from amber import Experiment
from amber.experiment.planned_work import after_shared, planned_work
from amber.search.one_shot import OneShotSettings
from amber.search.pace import PlannedWork


def work_of(folder: Path, **sections: dict[str, Any]) -> PlannedWork:
    """Return the work of a small configuration with some keys replaced."""
    given = yaml.safe_load(TINY)
    given |= {name: {**given.get(name, {}), **section} for name, section in sections.items()}
    return planned_work(Experiment.from_dict(given, run_directory=folder / "run"))


def test_epochs_of_trials_and_of_the_last_training(tmp_path: Path) -> None:
    training = {"epochs": 6, "patience": None}
    final = {"epochs": 9, "ensemble": 2, "patience": 3, "data": "train"}
    work = work_of(tmp_path, training=training, final=final)
    assert work.epochs == (6,) and work.after_rung == (0.0,) and not work.may_stop
    assert work.final_epochs == 18 and work.final_trainings == 2 and work.final_may_stop
    assert work.flops > 0
    three = work_of(tmp_path, training=training, final={**final, "candidates": 3})
    assert three.final_epochs == 36 and three.final_trainings == 4  # the first network of one is kept
    # It trains on the validation data too; and a training cannot stop before an epoch that it does not have.
    more = work_of(
        tmp_path,
        training={"epochs": 6, "patience": 9},
        final={**final, "patience": None, "data": "train_and_validation"},
    )
    assert 18 < more.final_epochs < 36 and not more.may_stop


def test_epochs_of_rungs_to_come(tmp_path: Path) -> None:
    halving = {"rungs": 3, "factor": 3}
    work = work_of(tmp_path, training={"epochs": 9}, search={"trials": 9, "halving": halving})
    # 9 networks to epoch 1, 3 of them to 3, one of them to 9.
    assert work.epochs == (1, 2, 6) and work.after_rung == (3 * 2 + 6, 6, 0)
    assert work.trainings_after_rung == (4, 1, 0)


@pytest.mark.parametrize(("pruner", "may_stop"), [(None, False), ("median", True)])
def test_a_pruner_stops_trainings(pruner: str | None, may_stop: bool, tmp_path: Path) -> None:
    work = work_of(tmp_path, training={"epochs": 4, "patience": None}, search={"pruner": pruner})
    assert work.may_stop is may_stop


def test_what_follows_the_shared_training_of_a_one_shot_search(tmp_path: Path) -> None:
    given = yaml.safe_load(TINY)
    one_shot = {"start_steps": 0, "warm_up_steps": 60, "episodes": 10, "steps_per_episode": 3, "finalist_steps": 10}
    given["search"] = {"strategy": "one_shot", "metric": "val_loss", "one_shot": {**one_shot, "top_k": 2}}
    given["training"] = {**given["training"], "epochs": 3, "batch_size": 32}
    given["final"] = {"epochs": 4, "ensemble": 2, "patience": None, "data": "train"}
    experiment = Experiment.from_dict(given, run_directory=tmp_path / "run")
    batches = -(-len(experiment.dataset.train) // 32)
    settings = OneShotSettings(
        **experiment.configuration.config.search.one_shot.model_dump(exclude={"optimizer_options"})
    )
    assert after_shared(experiment, settings) == pytest.approx(batches * (2 * 2 * 3 + 2 * 4) / 100)
    # In rungs, 4 networks are trained to epoch 2, 2 of them to epoch 3.
    given["search"]["halving"] = {"rungs": 2, "factor": 2}
    in_rungs = Experiment.from_dict(given, run_directory=tmp_path / "other")
    assert after_shared(in_rungs, settings) == pytest.approx(batches * (4 * 2 + 2 * 1 + 2 * 4) / 100)
