"""AMBIENT: one controller for several data sets, weight-sharing managers, then architectures for a new data set."""

import os
import sys

import h5py
import numpy as np

from amber.architect import (
    DistributedGeneralManager,
    EnasManager,
    ModelSpace,
    MultiManagerEnvironment,
    Operation,
    ParallelMultiManagerEnvironment,
    ZeroShotController,
)
from amber.architect.reward import LossAucReward
from amber.modeler import EnasCnnModelBuilder, KerasModelBuilder
from amber.utils import BatchedHDF5Generator, Selector

WORKING_DIR = sys.argv[1]
descriptors = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.4]])
rng = np.random.RandomState(0)
data = []
for task in range(2):
    x = np.eye(4)[rng.randint(0, 4, (120, 40))].astype("float32")
    y = (x[:, :, task].sum(axis=1) > 10).astype("float32")[:, None]
    data.append((x, y))
    with h5py.File(os.path.join(WORKING_DIR, "task%d.h5" % task), "w") as store:
        for part, rows in (("train", slice(0, 80)), ("valid", slice(80, 120))):
            store[part + "/x"] = x[rows]
            store[part + "/y"] = np.concatenate([1 - y[rows], y[rows]], axis=1)


def controller_for(model_space, buffer_size):
    return ZeroShotController(
        data_description_config={
            "length": 3,
            "hidden_layer": {"units": 8, "activation": "relu"},
            "regularizer": {"l1": 1e-8, "l2": 0.0},
        },
        share_embedding=None,
        model_space=model_space,
        with_skip_connection=False,
        buffer_type="MultiManager",
        buffer_size=buffer_size,
        batch_size=4,
        lstm_size=16,
        lstm_num_layers=1,
        kl_threshold=0.1,
        train_pi_iter=5,
        temperature=1.0,
        tanh_constant=1.5,
        use_ppo_loss=True,
        rescale_advantage_by_reward=True,
    )


# With shared weights.
conv_space = ModelSpace.from_dict(
    [
        [{"Layer_type": "conv1d", "kernel_size": k, "filters": 8, "activation": "relu"} for k in (8, 14, 20)],
        [
            {"Layer_type": "maxpool1d", "pool_size": 4, "strides": 4, "filters": 8},
            {"Layer_type": "avgpool1d", "pool_size": 4, "strides": 4, "filters": 8},
        ],
    ]
)
controller = controller_for(conv_space, 2)
managers = []
for task in range(2):
    builder = EnasCnnModelBuilder(
        dag_func="EnasConv1DwDataDescrption",
        batch_size=40,
        controller=controller,
        inputs_op=[Operation("input", shape=(40, 4))],
        output_op=Operation("dense", units=1, activation="sigmoid"),
        model_space=conv_space,
        model_compile_dict={"loss": "binary_crossentropy", "optimizer": "adam"},
        dag_kwargs={
            "with_skip_connection": False,
            "stem_config": {"has_stem_conv": False, "flatten_op": "flatten", "fc_units": 8},
            "name": "EnasDAG%d" % task,
            "data_description": descriptors[[task]],
        },
    )
    x, y = data[task]
    managers.append(
        EnasManager(
            train_data=(x[:80], y[:80]),
            validation_data=(x[80:], y[80:]),
            epochs=1,
            child_batchsize=40,
            reward_fn=LossAucReward(method="auc"),
            model_fn=builder,
            store_fn="minimal",
            working_dir=os.path.join(WORKING_DIR, "enas", "manager%d" % task),
        )
    )
env = MultiManagerEnvironment(
    data_descriptive_features=descriptors,
    controller=controller,
    manager=managers,
    max_episode=2,
    max_step_per_ep=2,
    child_train_steps=3,
    working_dir=os.path.join(WORKING_DIR, "enas"),
    with_input_blocks=False,
    with_skip_connection=False,
    time_budget="96:00:00",
)
env.train()
assert env.is_enas
arc, probs = controller.get_action(np.array([[0.5, 0.5, 0.3]]))
assert len(arc) == 2 and probs[0].shape == (1, 3)
assert managers[0].get_rewards(0, arc)[0] >= 0

# Every child by itself, from batches in files.
keras_space = ModelSpace.from_dict(
    [
        [{"Layer_type": "conv1d", "kernel_size": k, "filters": 4, "activation": "relu"} for k in (8, 14)]
        + [{"Layer_type": "conv1d", "kernel_size": 8, "filters": 4, "activation": "relu", "dilation_rate": 2}],
        [{"Layer_type": "maxpool1d", "pool_size": 4}, {"Layer_type": "avgpool1d", "pool_size": 4}],
        [{"Layer_type": "flatten"}, {"Layer_type": "globalmaxpool1d"}],
    ]
)
managers = []
for task in range(2):
    selectors = {
        part: {"x_selector": Selector(part + "/x"), "y_selector": Selector(part + "/y", index=[1])}
        for part in ("train", "valid")
    }
    common = {"hdf5_fp": os.path.join(WORKING_DIR, "task%d.h5" % task), "batch_size": 20}
    managers.append(
        DistributedGeneralManager(
            devices=["/device:GPU:0"],
            train_data=BatchedHDF5Generator,
            train_data_kwargs={**common, **selectors["train"], "shuffle": True},
            validation_data=BatchedHDF5Generator,
            validate_data_kwargs={**common, **selectors["valid"], "shuffle": False},
            do_resample=True,
            epochs=2,
            reward_fn=LossAucReward(method="auc"),
            model_fn=KerasModelBuilder(
                inputs_op=Operation("input", shape=(40, 4)),
                output_op=Operation("dense", units=1, activation="sigmoid"),
                model_space=keras_space,
                model_compile_dict={"loss": "binary_crossentropy", "optimizer": "adam"},
            ),
            fit_kwargs={"steps_per_epoch": 4, "workers": 3, "max_queue_size": 50, "earlystop_patience": 10},
            store_fn="minimal",
            working_dir=os.path.join(WORKING_DIR, "trained", "manager%d" % task),
        )
    )
env = ParallelMultiManagerEnvironment(
    processes=2,
    enable_manager_sampling=True,
    data_descriptive_features=descriptors,
    controller=controller_for(keras_space, 1),
    manager=managers,
    max_episode=2,
    max_step_per_ep=2,
    working_dir=os.path.join(WORKING_DIR, "trained"),
    with_input_blocks=False,
    with_skip_connection=False,
)
env.train()
for manager in managers:
    manager.close_handler()
with open(os.path.join(WORKING_DIR, "trained", "train_history.csv")) as stream:
    trials = [line.split(",")[0] for line in stream]
assert trials == ["0-0", "0-1", "1-0", "1-1", "0-2", "0-3", "1-2", "1-3"], trials
print("best reward", env.best_reward)
