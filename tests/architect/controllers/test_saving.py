"""Controllers in files: they continue where they were, in this process and in another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from tests.architect.controllers.policies import SMALL, describe, make
from tests.new_process import run_code

from amber.architect import GeneralController, ModelSpace, MultiIOController, ZeroShotController
from amber.architect.controllers import PolicyModel
from amber.errors import ConfigError, StorageError


def go_on(controller: GeneralController, episodes: int = 2) -> list[float]:
    """Samples, stores and trains; everything that came of it as numbers."""
    seen: list[float] = []
    for episode in range(episodes):
        for i in range(4):
            arc, probabilities = controller.get_action(describe(controller))
            reward = float(np.sum(arc) + i % 2)
            if isinstance(controller, ZeroShotController):
                controller.store(probabilities, arc, reward, describe(controller), i % 2)
            else:
                controller.store(None, probabilities, arc, reward)
            seen += arc.tolist()
        seen.append(controller.train(episode))
    return seen + np.concatenate([each.ravel() for each in controller.get_weights()]).tolist()


def assert_same(first: list[float], second: list[float]) -> None:
    if keras.config.backend() == "torch":
        assert first == second
    else:
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.parity] * (kind in ("outputs", "described"))) for kind in SMALL]
)
def test_saved_and_loaded_it_continues_bit_for_bit(kind: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"buffer_size": 2, "train_pi_iter": 2, "lstm_keep_prob": 0.8, "learning_rate": 0.02}
    if kind != "described":
        settings["buffer_type"] = "replay"
    controller = make(kind, use_ppo_loss=True, **settings)
    go_on(controller)
    arc, probabilities = controller.get_action(describe(controller))
    if isinstance(controller, ZeroShotController):
        controller.store(probabilities, arc, 1.0, describe(controller), 0)  # a path that is not finished
    else:
        controller.store(None, probabilities, arc, 1.0)
    controller.learning_rate = 0.01
    controller.save(tmp_path / "new" / "controller.h5")
    loaded = type(controller).load(tmp_path / "new" / "controller.h5")
    assert loaded.learning_rate == controller.learning_rate
    assert loaded.get_config() == controller.get_config()
    assert_same(go_on(loaded), go_on(controller))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["controller.h5"]


PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from amber.architect import MultiIOController
from tests.architect.controllers.test_saving import go_on
print(json.dumps(go_on(MultiIOController.load(sys.argv[2]))))
"""


@pytest.mark.slow
def test_continues_in_another_process(tmp_path: Path) -> None:
    layer = [{"Layer_type": "dense", "units": 3}, {"Layer_type": "identity"}]
    controller = MultiIOController(ModelSpace.from_dict([layer] * 3), lstm_size=4, train_pi_iter=2, seed=0)
    go_on(controller)
    controller.save(tmp_path / "controller.h5")
    root = str(Path(__file__).parents[3])
    done = run_code(PROBE, root, tmp_path / "controller.h5")
    assert done.returncode == 0, done.stderr
    assert_same(json.loads(done.stdout.splitlines()[-1]), go_on(controller))
    loaded = MultiIOController.load(tmp_path / "controller.h5")
    assert loaded.model_space == controller.model_space


def test_space_that_json_cannot_say_is_kept_as_numbers_of_candidates(tmp_path: Path) -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3, "activation": len}, {"Layer_type": "identity"}]])
    GeneralController(space, seed=0).save(tmp_path / "c.h5")
    assert GeneralController.load(tmp_path / "c.h5").model_space == [2]


def test_weights_alone(tmp_path: Path) -> None:
    first, second = make("outputs", seed=1), make("outputs", seed=2)
    first.save_weights(tmp_path / "weights.h5")
    with h5py.File(tmp_path / "weights.h5") as file:
        assert {name: file[name].shape for name in file} == first.spec.weight_shapes()
    second.load_weights(tmp_path / "weights.h5")
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    first.save(tmp_path / "whole.h5")
    third = make("outputs", seed=3)
    third.load_weights(tmp_path / "whole.h5")  # a whole controller will do
    np.testing.assert_array_equal(third.get_weights()[0], first.get_weights()[0])
    third.get_weights()[0][:] = 0  # a copy
    np.testing.assert_array_equal(third.get_weights()[0], first.get_weights()[0])


def test_policy_model_makes_a_keras_round_trip(tmp_path: Path) -> None:
    model = make("described").model
    model.save(tmp_path / "policy.keras")
    loaded = keras.saving.load_model(tmp_path / "policy.keras")
    assert isinstance(loaded, PolicyModel) and loaded.spec == model.spec and loaded.loss_spec == model.loss_spec
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_files_that_are_none(tmp_path: Path) -> None:
    controller = make("skips")
    controller.save_weights(tmp_path / "weights.h5")
    (tmp_path / "text.h5").write_text("no")
    controller.save(tmp_path / "whole.h5")
    with pytest.raises(StorageError, match="HDF5"):
        GeneralController.load(tmp_path / "missing.h5")
    with pytest.raises(StorageError, match="HDF5"):
        GeneralController.load(tmp_path / "text.h5")
    with pytest.raises(StorageError, match="load_weights"):
        GeneralController.load(tmp_path / "weights.h5")
    with pytest.raises(StorageError, match="holds a GeneralController"):
        MultiIOController.load(tmp_path / "whole.h5")
    with pytest.raises(StorageError, match="lacks weights"):
        make("outputs").load_weights(tmp_path / "weights.h5")
    with pytest.raises(ConfigError, match="shapes"):
        make("skips", lstm_size=5).load_weights(tmp_path / "weights.h5")
    with pytest.raises(StorageError, match="cannot be written"):
        controller.save(tmp_path / "text.h5" / "below.h5")
    with h5py.File(tmp_path / "whole.h5", "a") as file:
        file.attrs["version"] = 99
    with pytest.raises(StorageError, match="version 99"):
        GeneralController.load(tmp_path / "whole.h5")


def test_buffer_of_ones_own_making_cannot_be_saved_whole(tmp_path: Path) -> None:
    from amber.architect import Buffer

    with pytest.raises(ConfigError, match="save its weights"):
        make("skips", buffer_type=lambda **settings: Buffer(**settings)).save(tmp_path / "c.h5")
