"""Single-run AMBER: data are opened by the manager, and a drawing is kept of every child."""

import os
import sys

import h5py
import numpy as np

from amber import Amber
from amber.utils import BatchedHDF5Generator, Selector

WORKING_DIR = sys.argv[1]
path = os.path.join(WORKING_DIR, "data.h5")
rng = np.random.RandomState(0)
x = np.eye(4)[rng.randint(0, 4, (120, 30))].astype("float32")
y = (x[:, :, 2].sum(axis=1) > 7).astype("float32")[:, None]
with h5py.File(path, "w") as store:
    store["x"], store["y"] = x, y

data_kwargs = {"hdf5_fp": path, "x_selector": Selector("x"), "y_selector": Selector("y"), "batch_size": 30}
types = {
    "controller_type": "General",
    "modeler_type": "KerasModelBuilder",
    "knowledge_fn_type": "zero",
    "reward_fn_type": "LossAucReward",
    "manager_type": "Distributed",
    "env_type": "ControllerTrainEnv",
}
specs = {
    "model_space": {
        0: [{"Layer_type": "conv1d", "kernel_size": k, "filters": 4, "activation": "relu"} for k in (4, 8)],
        1: [{"Layer_type": "maxpool1d", "pool_size": 4}, {"Layer_type": "identity"}],
        2: [{"Layer_type": "globalmaxpool1d"}, {"Layer_type": "flatten"}],
    },
    "controller": {
        "with_skip_connection": False,
        "lstm_size": 8,
        "buffer_size": 1,
        "train_pi_iter": 3,
        "batch_size": 2,
    },
    "model_builder": {
        "inputs_op": [{"Layer_type": "input", "shape": (30, 4)}],
        "outputs_op": [{"Layer_type": "dense", "units": 1, "activation": "sigmoid"}],
        "model_compile_dict": {"loss": "binary_crossentropy", "optimizer": "adam", "metrics": ["acc"]},
    },
    "knowledge_fn": {"data": None, "params": {}},
    "reward_fn": {"method": "aupr"},
    "manager": {
        "data": {"train_data": BatchedHDF5Generator, "validation_data": BatchedHDF5Generator},
        "params": {
            "train_data_kwargs": {**data_kwargs, "shuffle": True},
            "validate_data_kwargs": {**data_kwargs, "shuffle": False},
            "devices": ["/device:GPU:0"],
            "epochs": 2,
            "fit_kwargs": {"earlystop_patience": 5},
            "store_fn": "model_plot",
            "working_dir": WORKING_DIR,
        },
    },
    "train_env": {
        "max_episode": 2,
        "max_step_per_ep": 2,
        "working_dir": WORKING_DIR,
        "with_input_blocks": False,
        "with_skip_connection": False,
    },
}
amb = Amber(types, specs)
amb.run()
kept = set(os.listdir(os.path.join(WORKING_DIR, "weights", "trial_0")))
assert kept == {"bestmodel.h5", "pred.txt", "model_arc.png", "training_history.png"}, kept

# A second search goes on where the first ended.
specs["train_env"].update(resume_prev_run=True, max_episode=3)
Amber(types, specs).run()
with open(os.path.join(WORKING_DIR, "train_history.csv")) as stream:
    assert [line.split(",")[0] for line in stream] == ["0", "1", "2", "3", "4", "5"]
print("best reward", amb.env.best_reward)
