"""Managers: what they train, what they return, what they keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import DistributedGeneralManager, EnasManager, GeneralManager, ModelSpace, Operation
from amber.architect.manager import MockManager
from amber.architect.reward import LossAucReward, LossReward, MockReward
from amber.architect.store import get_store_fn, store_minimal
from amber.errors import ConfigError, DataError, InvalidArchitectureError
from amber.modeler import EnasAnnModelBuilder, KerasModelBuilder
from amber.utils import DataToParse, batchify, unpack_data

SPACE = ModelSpace.from_dict(
    [[{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (2, 4)], [{"Layer_type": "identity"}]]
)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
COMPILE = {"loss": "binary_crossentropy", "optimizer": "adam", "metrics": ["acc"]}


def builder() -> KerasModelBuilder:
    return KerasModelBuilder(
        Operation("input", shape=(3,)), Operation("dense", units=1, activation="sigmoid"), COMPILE, SPACE
    )


def manager(folder: Path, kind: type = GeneralManager, **options: Any) -> Any:
    arguments = {
        "train_data": (X, Y),
        "validation_data": (X, Y),
        "model_fn": builder(),
        "reward_fn": LossReward(),
        "store_fn": "minimal",
        "working_dir": folder,
        "epochs": 3,
        "child_batchsize": 20,
    }
    return kind(**{**arguments, **options})


@pytest.mark.slow
def test_a_child_is_trained_rewarded_and_kept(tmp_path: Path) -> None:
    found = manager(tmp_path / "run", store_fn="general", save_full_model=True)
    reward, metrics = found.get_rewards(7, [1, 0])
    assert reward == -metrics["loss"] and sorted(metrics) == ["acc", "loss"]
    folder = tmp_path / "run" / "weights" / "trial_7"
    assert {path.name for path in folder.iterdir()} == {
        "bestmodel.h5",
        "full_bestmodel.h5",
        "pred.txt",
        "training_history.png",
    }
    lines = (folder / "pred.txt").read_text().splitlines()
    assert "pred\tobs\tmetadata" in lines and len(lines) == 60 + 3 and lines[-1].split("\t")[1] in ("0", "1")
    again = builder()([1, 0])
    again.load_weights(folder / "bestmodel.h5")
    assert again.evaluate(X, Y, verbose=0)[0] == pytest.approx(metrics["loss"], abs=1e-5)
    assert keras.models.load_model(folder / "full_bestmodel.h5").count_params() == again.count_params()


def test_patience_counts_and_the_best_weights_are_put_back(tmp_path: Path) -> None:
    given = {"earlystop_patience": 0, "callbacks": [keras.callbacks.TerminateOnNaN()], "verbose": 0}
    epochs = []

    class Watching(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            epochs.append(logs["val_loss"])

    compile_dict = {"loss": "mse", "optimizer": keras.optimizers.SGD(50.0)}
    rising = KerasModelBuilder(Operation("input", shape=(3,)), Operation("dense", units=1), compile_dict, SPACE)
    kept = dict(given)
    found = manager(tmp_path, model_fn=rising, fit_kwargs={**given, "callbacks": [Watching()]}, epochs=30)
    reward, metrics = found.get_rewards(0, [0, 0])
    assert len(epochs) < 30 and -reward == pytest.approx(np.nanmin(epochs), rel=1e-4) and metrics == {"loss": -reward}
    assert given == kept


def test_operations_and_functions_of_ones_own(tmp_path: Path) -> None:
    calls: list[Any] = []

    def reward_fn(model: Any, data: Any, session: Any = None, graph: Any = None) -> Any:
        return 3, [0.25, 0.5, 0.75], {"knowledge": 1}

    def keep(**given: Any) -> None:
        calls.append(given)

    found = manager(tmp_path, reward_fn=reward_fn, store_fn=keep, epochs=1)
    reward, metrics = found.get_rewards(trial=1, model_arc=[SPACE[0][1], SPACE[1][0]])
    assert reward == 3.0
    assert metrics == {"loss": 0.25, "acc": 0.5, "metric_2": 0.75, "knowledge": 1.0}
    assert calls[0]["trial"] == 1 and calls[0]["pred"].shape == (60, 1) and calls[0]["loss_and_metrics"] == metrics


def test_a_model_that_is_none_has_the_lowest_reward(tmp_path: Path) -> None:
    found = manager(tmp_path, model_fn=lambda arc: None, reward_fn=LossAucReward("auc"))
    reward, metrics = found.get_rewards(0, [0, 0])
    assert 0 <= reward <= 1 and metrics["loss"] == reward
    with pytest.raises(InvalidArchitectureError, match="min"):
        manager(tmp_path, model_fn=lambda arc: None).get_rewards(0, [0, 0])


def test_generators_and_callables(tmp_path: Path) -> None:
    def endless() -> Any:
        while True:
            yield X[:20], Y[:20]

    found = manager(
        tmp_path,
        train_data=endless,
        validation_data=lambda: (X, Y),
        fit_kwargs={"steps_per_epoch": 2},
        store_fn=None,
    )
    assert found.get_rewards(0, [0, 0])[0] < 0
    assert list(tmp_path.iterdir()) == []


def test_old_arguments_of_fit_are_ignored_with_one_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="max_queue_size, workers") as caught:
        found = manager(tmp_path, fit_kwargs={"workers": 3, "max_queue_size": 50}, epochs=1)
    # Keras on torch may warn of NumPy's conversions at the same time.
    assert sum("max_queue_size" in str(each.message) for each in caught) == 1
    assert found.get_rewards(0, [0, 0])[0] < 0


def test_distributed_manager_opens_once_remembers_and_closes(tmp_path: Path) -> None:
    opened = []

    class Source:
        def __init__(self, rows: int) -> None:
            opened.append(rows)
            self.closed = False

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Any:
            return X, Y

        def close(self) -> None:
            self.closed = True

    class Sequence(Source, keras.utils.PyDataset):
        def __init__(self, rows: int) -> None:
            keras.utils.PyDataset.__init__(self)
            Source.__init__(self, rows)

    found = manager(
        tmp_path,
        DistributedGeneralManager,
        train_data=Sequence,
        validation_data=Sequence,
        train_data_kwargs={"rows": 1},
        validate_data_kwargs={"rows": 2},
        do_resample=True,
    )
    assert opened == []
    first = found.get_rewards(0, [0, 0])
    assert opened == [1, 2] and found.get_rewards(1, [0, 0]) == first and opened == [1, 2]
    assert not (tmp_path / "weights" / "trial_1").exists()
    data = found.train_data
    found.close_handler()
    assert data.closed and found.train_data is Sequence


def test_enas_manager_trains_shared_weights_and_scores(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    dense = [Operation("dense", units=units, activation="relu") for units in (2, 4)]
    space = ModelSpace.from_dict([[op.to_dict() for op in dense]] * 2)
    shared = EnasAnnModelBuilder(
        inputs_op=[Operation("input", shape=(3,), name="x")],
        output_op=[Operation("dense", units=1, activation="sigmoid", name="y")],
        model_space=space,
        model_compile_dict={"loss": "binary_crossentropy", "optimizer": keras.optimizers.Adam(0.02)},
        controller="uniform",
        with_input_blocks=False,
    )
    with pytest.warns(UserWarning, match="session"):
        found = manager(tmp_path, EnasManager, model_fn=shared, reward_fn=LossAucReward(), session=object())
    arc = [1, 1, 1]
    before, _ = found.get_rewards(0, arc)
    assert found.get_rewards("shared", None) == (None, None)
    assert found.get_rewards("shared", None, nsteps=300) == (None, None)
    after, metrics = found.get_rewards(0, arc)
    assert after > before and after > 0.8 and sorted(metrics) == ["knowledge", "loss"]
    assert {path.name for path in (tmp_path / "weights").iterdir()} == {"trial_shared"}
    random = manager(tmp_path, EnasManager, model_fn=shared, disable_controller=True)
    values = {random.get_rewards(0, arc)[0] for _ in range(5)}
    assert len(values) == 5 and all(0 <= value <= 1 for value in values)


def test_mock_manager_and_reward_look_rewards_up(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text('0,"[0.9, 0.2, 0.1]",0,1,0\n1,"[0.8, 0.3, 0.4]",0,0,0\n')
    found = MockManager([file], {"loss": "mse"}, Lambda=2.0, model_space=SPACE)
    reward, metrics = found.get_rewards(0, [1, 0])
    assert reward == pytest.approx(-(0.1 + 2 * 0.2)) and metrics == {"acc": 0.9, "knowledge": 0.2, "loss": 0.1}
    assert found.get_rewards(0, [SPACE[0][1], SPACE[1][0]])[0] == reward
    assert found.get_rewards(0, [5, 5])[1]["loss"] == 0.4
    mock = MockReward(
        [file], metric="acc", stringify_states=True, metric_name_dict={"acc": 0, "knowledge": 1}, Lambda=0
    )
    assert mock([0, 0]) == (pytest.approx(0.8), [0.8], {"knowledge": 0.3})
    words = tmp_path / "words.csv"
    words.write_text(f'0,"[0.9, 0.2, 0.1]",0,"{SPACE[0][0]}","{SPACE[1][0]}"\n')
    named = MockManager([words], model_space=SPACE)
    assert named.get_rewards(0, [0, 0]) == named.get_rewards(0, [SPACE[0][0], SPACE[1][0]])
    with pytest.raises(DataError, match="metric"):
        MockManager([file], metric_name_dict={"loss": 7})


def test_stores_and_data_by_name(tmp_path: Path) -> None:
    assert get_store_fn("store_minimal") is get_store_fn("MINIMAL") is store_minimal
    assert get_store_fn(None) is None and get_store_fn(print) is print
    with pytest.raises(ConfigError, match="general"):
        get_store_fn("hessian")
    np.save(tmp_path / "x.npy", X)
    assert np.array_equal(DataToParse(tmp_path / "x.npy").unpack(), X)
    assert DataToParse(lambda n: n + 1, kws={"n": 2}).unpack() == 3
    assert DataToParse(tmp_path / "x.npy", method=lambda path, k: k, kws={"k": 5}).unpack() == 5
    for wrong in (tmp_path / "none.npy", 3, tmp_path):
        with pytest.raises(DataError, match="expected"):
            DataToParse(wrong).unpack()  # type: ignore[arg-type]
    with pytest.raises(DataError, match="pair"):
        unpack_data((X, Y, Y))
    batches = list(batchify(X, Y, batch_size=25, shuffle=False))
    assert len(batches) == 2 and np.array_equal(batches[1][0][0], X[25:50])
    assert sum(len(batch[0]) for batch in batchify([X], batch_size=25, drop_remainder=False, rng=0)) == 60
