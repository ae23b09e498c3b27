"""Controllers made of settings, and the same controllers made of the first AMBER's keywords."""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.architect.controllers.policies import SMALL

from amber import architect
from amber.architect import MultiManagerBuffer, controllers
from amber.architect.controllers import (
    ControllerSettings,
    GeneralController,
    MultiInputController,
    MultiInputSettings,
    MultiIOController,
    MultiIOSettings,
    ZeroShotController,
    ZeroShotSettings,
)
from amber.errors import ConfigError

KINDS = {
    "GeneralController": ControllerSettings,
    "MultiInputController": MultiInputSettings,
    "MultiIOController": MultiIOSettings,
    "ZeroShotController": ZeroShotSettings,
}
DESCRIPTION = {"length": 2}


def make(name: str, settings: Any = None, **more: Any) -> Any:
    kind = getattr(controllers, name)
    return kind([2, 2], *([DESCRIPTION] if name == "ZeroShotController" else []), settings, **more)


@pytest.mark.parametrize("kind", SMALL)
def test_settings_make_what_the_keywords_make(kind: str, tmp_path: Path) -> None:
    former, candidates, keywords = SMALL[kind]
    name, given = former.__name__, {"lstm_size": 4, **keywords}
    by_keywords = former(candidates, seed=3, **given)
    description = [given.pop("data_description_config")] if name == "ZeroShotController" else []
    by_settings = getattr(controllers, name)(candidates, *description, KINDS[name](**given), seed=3)
    assert by_settings.spec == by_keywords.spec and by_settings.model.loss_spec == by_keywords.model.loss_spec
    assert by_settings.training == by_keywords.training and by_settings.settings == by_keywords.settings
    kept = [{**each.get_config(), "optim_algo": None} for each in (by_settings, by_keywords)]
    assert kept[0] == kept[1]
    np.testing.assert_array_equal(by_settings.sample(5), by_keywords.sample(5))
    by_settings.save(tmp_path / "settings.h5")
    by_keywords.save(tmp_path / "keywords.h5")
    read = [cls.load(tmp_path / file) for cls in (type(by_settings), former) for file in ("settings.h5", "keywords.h5")]
    (first, *others) = [each.sample(5) for each in read]
    assert all((each == first).all() for each in others)


@pytest.mark.parametrize("name", KINDS)
def test_signatures_of_the_first_amber_are_those_of_the_settings(name: str) -> None:
    parameters: dict[str, Any] = {}
    for each in reversed(getattr(architect, name).__mro__):
        if each.__module__ == "amber.compat.controllers":
            parameters |= inspect.signature(each.__init__).parameters
    known = {each.name: each.default for each in dataclasses.fields(KINDS[name])}
    assert {each: parameters[each].default for each in known} == known
    assert list(inspect.signature(architect.GeneralController).parameters)[:9] == [
        "model_space",
        *[each.name for each in dataclasses.fields(ControllerSettings)][:8],
    ]


@pytest.mark.parametrize("name", KINDS)
def test_what_belongs_in_the_settings_is_sent_there(name: str) -> None:
    for setting in dataclasses.fields(KINDS[name]):
        with pytest.raises(ConfigError, match=rf"settings={KINDS[name].__name__}\({setting.name}=\.\.\.\)"):
            make(name, **{setting.name: 3})
    with pytest.raises(ConfigError, match=f"{name} has no argument of that name. Did you mean 'lstm_size'"):
        make(name, lstm_sise=3)


@pytest.mark.parametrize(("name", "other"), [(a, b) for a in KINDS for b in KINDS if a != b])
def test_settings_of_another_controller_are_refused(name: str, other: str) -> None:
    with pytest.raises(ConfigError, match=rf"settings of {name} are {KINDS[name].__name__}\(.*Received: "):
        make(name, KINDS[other]())


@pytest.mark.parametrize("given", ["ordinal", {"lstm_size": 4}, 3])
def test_what_are_no_settings_is_refused(given: object) -> None:
    with pytest.raises(ConfigError, match=r"settings of GeneralController are ControllerSettings\(\.\.\.\), or None"):
        GeneralController([2], given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ControllerSettings, {"lstm_size": 0}),
        (ControllerSettings, {"lstm_num_layers": 1.5}),
        (ControllerSettings, {"batch_size": -1}),
        (ControllerSettings, {"train_pi_iter": "3"}),
        (ControllerSettings, {"temperature": 0.0}),
        (ControllerSettings, {"tanh_constant": -1.0}),
        (ControllerSettings, {"skip_target": 1.0}),
        (ControllerSettings, {"lstm_keep_prob": 1.5}),
        (ControllerSettings, {"skip_weight": 1.0, "with_skip_connection": False}),
        (MultiInputSettings, {"num_input_blocks": 0}),
        (MultiIOSettings, {"num_output_blocks": 0}),
        (MultiIOSettings, {"output_block_diversity_weight": 1.0, "skip_weight": None}),
        (MultiIOSettings, {"output_block_diversity_weight": 1.0, "with_skip_connection": False}),
        (ZeroShotSettings, {"lstm_size": True}),
    ],
)
def test_values_out_of_range_are_named_where_they_are_given(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        kind(**values)


def test_blocks_that_are_not_chosen_are_not_looked_at() -> None:
    assert MultiInputSettings(with_skip_connection=False).skip_weight is None
    assert MultiInputSettings().skip_weight == 0.5
    settings = MultiIOSettings(
        with_input_blocks=False, num_input_blocks=0, with_output_blocks=False, output_block_diversity_weight=1.0
    )
    made = MultiIOController([2, 2], settings, seed=0)
    assert (made.num_input_blocks, made.num_output_blocks, made.model.loss_spec.diversity_weight) == (0, 0, None)


def test_settings_are_frozen_and_kept() -> None:
    settings = MultiInputSettings(num_input_blocks=3)
    made = MultiInputController([2, 2], settings)
    assert made.settings is settings and made.num_input_blocks == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.num_input_blocks = 4  # type: ignore[misc]


def test_a_configuration_is_flat_and_makes_the_same_controller() -> None:
    optimizer = keras.optimizers.SGD()
    settings = ZeroShotSettings(lstm_size=4, learning_rate=0.25, share_embedding={1: 0}, optim_algo=optimizer)
    made = ZeroShotController([2, 2], DESCRIPTION, settings, seed=1)
    config = json.loads(json.dumps(made.get_config()))
    flat = {each.name for each in dataclasses.fields(ZeroShotSettings)} - {"learning_rate"}  # the optimizer has it
    assert set(config) == flat | {"model_space", "data_description_config", "seed"}
    again = ZeroShotController.from_config(config)
    assert again.get_config() == made.get_config() and again.learning_rate == pytest.approx(0.25)
    assert (again.sample(4) == made.sample(4)).all()


class Named(architect.MultiIOController):
    """A user's controller: former keywords, and an argument of its own."""

    def __init__(self, model_space: Any, label: str = "mine", **keywords: Any) -> None:
        super().__init__(model_space, num_output_blocks=3, lr_init=0.5, verbose=0, **keywords)
        self.label = label


class Kept(architect.ZeroShotController):
    """A user's controller that keeps what it stores."""

    def __init__(self, model_space: Any) -> None:
        super().__init__(model_space, DESCRIPTION, buffer_size=7, rescale_reward=True, seed=2)


class Ordered(architect.GeneralController):
    """A user's controller that gives arguments by position."""

    def __init__(self, model_space: Any) -> None:
        super().__init__(model_space, "replay", False, None, True, None, False, 9, 3, lstm_size=4)


def test_subclasses_of_the_first_ambers_classes_give_former_keywords() -> None:
    named = Named([2, 2], seed=0, num_input_blocks=2, lstm_size=4)
    assert (named.label, named.num_output_blocks, named.num_input_blocks) == ("mine", 3, 2)
    assert named.learning_rate == pytest.approx(0.5) and named.settings == MultiIOSettings(
        num_output_blocks=3, learning_rate=0.5, lstm_size=4
    )
    kept = Kept([2, 2])
    assert kept.settings == ZeroShotSettings(buffer_size=7, rescale_advantage_by_reward=True)
    assert isinstance(kept.buffer, MultiManagerBuffer)
    ordered = Ordered([2, 2])
    assert ordered.settings == ControllerSettings("replay", False, None, True, None, False, 9, 3, lstm_size=4)


def test_a_file_of_a_users_subclass_is_read_through_its_constructor(tmp_path: Path) -> None:
    class Own(architect.MultiInputController):
        """Takes keywords alone."""

        def __init__(self, model_space: Any, **keywords: Any) -> None:
            super().__init__(model_space, **keywords)
            self.own = True

    made = Own([2, 2], seed=0, lstm_size=4)
    made.save(tmp_path / "own.h5")
    read = Own.load(tmp_path / "own.h5")
    assert read.own and (read.sample(4) == made.sample(4)).all()
