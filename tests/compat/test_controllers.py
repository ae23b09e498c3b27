"""Controllers with the keywords of the first AMBER."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from amber import architect
from amber.architect import GeneralController, MultiInputController, MultiIOController, ZeroShotController, controllers
from amber.errors import ConfigError

DESCRIPTION = {"length": 2}


def test_a_session_is_ignored_with_one_warning() -> None:
    with pytest.warns(UserWarning, match="sessions") as caught:
        GeneralController([2], session=object())
    (said,) = [each for each in caught if "session" in str(each.message)]
    assert "GeneralController ignores session" in str(said.message)


def test_keywords_of_other_controllers_are_passed_over() -> None:
    controller = GeneralController([2, 2], session=None, num_input_blocks=1, verbose=0, lr_init=0.25)
    assert controller.learning_rate == pytest.approx(0.25)


def test_rewards_rescale_advantages_under_the_former_name() -> None:
    assert GeneralController([2], rescale_reward=True).get_config()["rescale_advantage_by_reward"] is True


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (GeneralController, {}),
        (MultiInputController, {"num_input_blocks": 2}),
        (MultiIOController, {"num_output_blocks": 2}),
        (ZeroShotController, {"data_description_config": DESCRIPTION}),
    ],
)
def test_every_controller_is_one_of_the_present_ones(kind: type, options: dict[str, object]) -> None:
    made = kind([2, 3], verbose=1, lr_init=0.5, seed=0, **options)
    assert isinstance(made, getattr(controllers, kind.__name__)) and isinstance(made, architect.GeneralController)
    assert made.learning_rate == pytest.approx(0.5)
    assert pickle.loads(pickle.dumps(kind)) is kind
    with pytest.raises(ConfigError, match="Did you mean 'batch_size'"):
        kind([2, 3], batchsize=3, **options)


def test_files_are_read_by_either_class(tmp_path: Path) -> None:
    made = GeneralController([2, 3], verbose=0, seed=0)
    made.save(tmp_path / "controller.h5")
    read = controllers.GeneralController.load(tmp_path / "controller.h5")
    assert (read.sample(3) == made.sample(3)).all()
    read.save(tmp_path / "again.h5")
    assert (GeneralController.load(tmp_path / "again.h5").sample(3) == read.sample(3)).all()
