"""Amber(types, specs): what it makes, and that everything that is wrong is named at once."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import amber
from amber.architect import GeneralController, ModelSpace, Operation
from amber.compat import SpecificationError
from amber.compat.history import read_rows
from amber.errors import ConfigError
from amber.getter import DataToParse, get_model_space
from amber.modeler import KerasModelBuilder, KerasResidualCnnBuilder

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
TYPES = {
    "controller_type": "General",
    "modeler_type": "KerasModelBuilder",
    "knowledge_fn_type": "zero",
    "reward_fn_type": "LossAucReward",
    "manager_type": "General",
    "env_type": "ControllerTrainEnv",
}


def specs(folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "model_space": [[{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (2, 4)]] * 2,
        "controller": {"with_skip_connection": False, "lstm_size": 8, "buffer_size": 1, "train_pi_iter": 2},
        "model_builder": {
            "inputs_op": [{"Layer_type": "input", "shape": (3,)}],
            "outputs_op": [{"Layer_type": "dense", "units": 1, "activation": "sigmoid"}],
            "model_compile_dict": {"loss": "binary_crossentropy", "optimizer": "adam"},
        },
        "knowledge_fn": {"data": None, "params": {}},
        "reward_fn": {"method": "auc"},
        "manager": {
            "data": {"train_data": (X, Y), "validation_data": (X, Y)},
            "params": {"epochs": 1, "store_fn": "minimal", "working_dir": str(folder), "child_batchsize": 20},
        },
        "train_env": {
            "max_episode": 1,
            "max_step_per_ep": 2,
            "working_dir": str(folder),
            "with_skip_connection": False,
            "should_plot": False,
        },
        **changes,
    }


def test_the_parts_and_the_run(tmp_path: Path) -> None:
    given = specs(tmp_path)
    before = copy.deepcopy(given)
    made = amber.Amber(types=TYPES).from_dict(given)
    assert isinstance(made.controller, GeneralController) and isinstance(made.model_fn, KerasModelBuilder)
    assert made.manager.model_fn is made.model_fn and made.env.manager is made.manager
    assert made.knowledge_fn is None and len(made.model_space) == 2
    assert len(made.run()) == 2
    assert (tmp_path / "controller_weights.h5").is_file() and len(read_rows(tmp_path / "train_history.csv")) == 2
    assert str(given) == str(before)


def test_run_needs_specifications() -> None:
    with pytest.raises(ConfigError, match="from_dict"):
        amber.Amber(TYPES).run()


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    types = {**TYPES, "reward_fn_type": "F1", "env_type": "Env", "knowledge_fn_type": "Motif", "modeller": "DAG"}
    wrong = specs(tmp_path, modelspace=[], train_env={"max_episodes": 3})
    wrong["controller"] = {"lstm_sise": 32}
    wrong["manager"]["params"]["epoch"] = 3
    wrong["manager"]["data"] = {"train_data": str(tmp_path / "none.h5"), "valid_data": (X, Y)}
    with pytest.raises(SpecificationError) as caught:
        amber.Amber(types, wrong)
    places = [place for place, _ in caught.value.problems]
    assert places == [
        "types['modeller']",
        "types['reward_fn_type']",
        "types['env_type']",
        "specs['modelspace']",
        "types['knowledge_fn_type']",
        "specs['controller']",
        "specs['manager']['data']['train_data']",
        "specs['manager']['data']['validation_data']",
        "specs['manager']['data']['valid_data']",
        "specs['manager']['params']['epoch']",
    ]
    text = str(caught.value)
    assert all(place in text for place in places)
    assert "Did you mean 'lstm_size'" in text and "LossAucReward" in text and "none.h5" in text


def test_data_are_read_only_where_nothing_is_wrong(tmp_path: Path) -> None:
    read = []
    wrong = specs(tmp_path, train_env={"max_episodes": 3})
    wrong["manager"]["data"]["train_data"] = DataToParse(lambda: read.append(1))
    with pytest.raises(SpecificationError, match=r"specs\['train_env'\]\['max_episodes'\]"):
        amber.Amber(TYPES, wrong)
    assert read == []


@pytest.mark.parametrize(
    ("section", "value", "words"),
    [
        ("model_space", "Default RNN", "Default ANN"),
        ("model_space", [[{"units": 3}]], "Layer_type"),
        ("model_builder", {"model_compile_dict": {}}, "inputs_op"),
        ("model_builder", {"inputs_op": [], "outputs_op": [], "wst": 3}, "Did you mean 'wsf'"),
        ("controller", 3, "dictionary"),
        ("manager", {"dat": {}}, "'data' and 'params'"),
    ],
)
def test_one_section_wrong(section: str, value: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match=words) as caught:
        amber.Amber(TYPES, specs(tmp_path, **{section: value}))
    assert caught.value.problems[0][0].startswith(f"specs['{section}']")


def test_missing_sections(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError) as caught:
        amber.Amber({"controller_type": "General"}, {"controller": {}})
    words = str(caught.value)
    assert all(f"needs '{name}'" in words for name in ("model_space", "manager", "model_builder", "env_type"))


def test_loss_rewards_take_no_knowledge(tmp_path: Path) -> None:
    given = specs(tmp_path, reward_fn={}, knowledge_fn={"data": [[0, 1], [1, 0]], "params": {}})
    with pytest.raises(SpecificationError, match="takes no knowledge"):
        amber.Amber({**TYPES, "reward_fn_type": "LossReward", "knowledge_fn_type": "ght"}, given)


def test_specifications_are_kept(tmp_path: Path) -> None:
    kept = amber.AmberSpecifications("one", TYPES, **specs(tmp_path))
    kept.save_pickle(tmp_path / "one.pkl")
    again = pickle.loads((tmp_path / "one.pkl").read_bytes())
    assert again.name == "one" and again.types == TYPES and again.controller == kept.controller
    assert again.from_dict({"reward_fn": {"method": "aupr"}}) is None
    assert amber.Amber(again.types, again).reward_fn.method == "aupr"
    with pytest.raises(ConfigError, match="train_envs"):
        again.from_dict({"train_envs": {}})
    with pytest.raises(ConfigError, match="pickled"):
        amber.AmberSpecifications("two", TYPES, reward_fn={"method": lambda y, p: 0}).save_pickle(tmp_path / "two.pkl")
    assert not (tmp_path / "two.pkl").exists()


def test_classes_in_place_of_names(tmp_path: Path) -> None:
    class Mine(KerasModelBuilder):
        pass

    made = amber.Amber({**TYPES, "modeler_type": Mine}, specs(tmp_path))
    assert type(made.model_fn) is Mine


def test_a_residual_builder_by_name(tmp_path: Path) -> None:
    given = specs(tmp_path, model_space="Default 1D-CNN")
    given["controller"]["with_skip_connection"] = True
    given["train_env"]["with_skip_connection"] = True
    given["model_builder"].update(
        inputs_op=[Operation("input", shape=(20, 4))], fc_units=4, flatten_mode="GAP", batch_size=3
    )
    with pytest.warns(UserWarning, match="batch_size"):
        made = amber.Amber({**TYPES, "modeler_type": "KerasResidualCnnBuilder"}, given)
    assert isinstance(made.model_fn, KerasResidualCnnBuilder) and len(made.controller.layout) == 10


def convolutions() -> list[list[dict[str, Any]]]:
    common = {"filters": 4, "activation": "relu"}
    layer = [{"Layer_type": "conv1d", "kernel_size": size, **common} for size in (8, 4)]
    return [[*layer, {"Layer_type": "maxpool1d", "pool_size": 4, "strides": 1, "filters": 4}]] * 2


def sequences(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.eye(4, dtype="float32")[np.random.default_rng(seed).integers(0, 4, (60, 20))]
    return x, (x[:, :, 0].sum(axis=1) > 5).astype("float32")[:, None]


def test_a_search_with_shared_weights(tmp_path: Path) -> None:
    types = {
        **TYPES,
        "modeler_type": "EnasCnnModelBuilder",
        "manager_type": "EnasManager",
        "env_type": "EnasTrainEnv",
    }
    given = specs(tmp_path, model_space=convolutions())
    given["controller"].update(share_embedding={1: 0}, with_skip_connection=True, skip_weight=1.0, skip_target=0.4)
    given["model_builder"].update(
        dag_func="EnasConv1dDAG",
        batch_size=20,
        inputs_op=[Operation("input", shape=(20, 4), name="input")],
        dag_kwargs={"stem_config": {"flatten_op": "flatten", "fc_units": 5}},
    )
    given["manager"]["data"] = {"train_data": sequences(0), "validation_data": sequences(1)}
    given["train_env"].update(with_skip_connection=True, child_train_steps=4, child_warm_up_epochs=1)
    made = amber.Amber(types, given)
    assert made.model_fn.controller is made.controller
    made.run()
    assert len(read_rows(tmp_path / "train_history.csv")) == 2


def test_zero_shot_with_shared_weights_and_a_builder_for_each_data_set(tmp_path: Path) -> None:
    types = {
        **TYPES,
        "controller_type": "ZeroShotController",
        "modeler_type": "EnasCnnModelBuilder",
        "manager_type": "EnasManager",
        "env_type": "ParallelMultiManagerEnv",
    }
    given = specs(tmp_path, model_space=convolutions())
    given["controller"]["data_description_config"] = {"length": 2, "hidden_layer": {"units": 4, "activation": "relu"}}
    described = np.eye(2)
    given["model_builder"] = [
        {
            **given["model_builder"],
            "dag_func": "EnasConv1DwDataDescrption",
            "batch_size": 20,
            "inputs_op": [Operation("input", shape=(20, 4))],
            "dag_kwargs": {
                "with_skip_connection": False,
                "stem_config": {"has_stem_conv": False, "flatten_op": "flatten", "fc_units": 5},
                "name": f"EnasDAG{place}",
                "data_description": described[[place]],
            },
        }
        for place in range(2)
    ]
    given["manager"] = [
        {
            "data": {"train_data": sequences(place), "validation_data": sequences(place + 2)},
            "params": {**given["manager"]["params"], "working_dir": str(tmp_path / f"manager{place}")},
        }
        for place in range(2)
    ]
    given["train_env"]["data_descriptive_features"] = described
    made = amber.Amber(types, given)
    made.run()
    assert made.env.is_enas and len(read_rows(tmp_path / "train_history.csv")) == 4
    del given["model_builder"][1]
    with pytest.raises(SpecificationError, match="one for each of 2"):
        amber.Amber(types, given)


def test_zero_shot_with_a_manager_for_each_data_set(tmp_path: Path) -> None:
    types = {**TYPES, "controller_type": "ZeroShot", "env_type": "MultiManagerEnv"}
    given = specs(tmp_path)
    given["controller"]["data_description_config"] = {"length": 2}
    given["manager"] = [copy.deepcopy(given["manager"]) for _ in range(2)]
    for place, each in enumerate(given["manager"]):
        each["params"]["working_dir"] = str(tmp_path / f"manager{place}")
    given["train_env"]["data_descriptive_features"] = np.eye(2)
    made = amber.Amber(types, given)
    made.run()
    assert [row.trial for row in read_rows(tmp_path / "train_history.csv")] == ["0-0", "0-1", "1-0", "1-1"]
    given["manager"][1]["params"]["epoch"] = 1
    with pytest.raises(SpecificationError, match=r"specs\['manager'\]\[1\]\['params'\]\['epoch'\]"):
        amber.Amber(types, given)


def test_a_mock_search_needs_no_builder_and_no_data(tmp_path: Path) -> None:
    history = tmp_path / "old.csv"
    history.write_text('0,"[0.9, 0.2, 0.1]",0,1,0\n1,"[0.8, 0.3, 0.4]",0,0,0\n')
    types = {**TYPES, "manager_type": "Mock", "reward_fn_type": "Mock_Reward"}
    given = specs(tmp_path, reward_fn={"train_history_list": [history], "metric": "acc", "Lambda": 0.0})
    del given["model_builder"]
    given["manager"] = {"params": {"history_fn_list": [history], "working_dir": str(tmp_path)}}
    amber.Amber(types, given).run()
    assert {row.reward for row in read_rows(tmp_path / "train_history.csv")} <= {0.9, 0.8}


def test_spaces_in_every_form() -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]])
    assert get_model_space(space) is space
    assert len(get_model_space({1: [{"Layer_type": "identity"}], 0: [Operation("dense", units=3)]})) == 2
    assert len(get_model_space("Default ANN")) == len(get_model_space("Default 1D-CNN")) == 4
