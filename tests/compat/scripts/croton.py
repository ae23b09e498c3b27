"""CROTON: three branches, a loss of one's own, data sets of batches, LossReward."""

import sys

import keras
import numpy as np
from keras import ops

from amber import Amber
from amber.architect import BranchedModelSpace, ModelSpace, Operation

WORKING_DIR = sys.argv[1]


def pearson_loss(y_true, y_pred):
    true, predicted = y_true - ops.mean(y_true, axis=0), y_pred - ops.mean(y_pred, axis=0)
    norm = ops.sqrt(ops.sum(true**2, axis=0) * ops.sum(predicted**2, axis=0)) + 1e-6
    return -ops.mean(ops.sum(true * predicted, axis=0) / norm)


class Batches(keras.utils.Sequence):
    def __init__(self, seed, batch_size=40, count=120):
        super().__init__()
        rng = np.random.RandomState(seed)
        self.x = [rng.rand(count, length, 4).astype("float32") for length in (30, 30, 80)]
        self.y = (self.x[0].mean(axis=(1, 2)) - self.x[2][:, :40].mean(axis=(1, 2)))[:, None]
        self.batch_size = batch_size

    def __len__(self):
        return len(self.y) // self.batch_size

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return tuple(each[rows] for each in self.x), self.y[rows]


def branch(name):
    def convolution(layer, **more):
        return [
            Operation(
                "conv1d",
                filters=4,
                activation=activation,
                name="%s_conv%d_%d%s" % (name, layer, k, activation),
                kernel_size=k,
            )
            for k in (12, 2)
            for activation in ("relu", "tanh")
        ]

    space = ModelSpace()
    space.add_layer(0, convolution(0))
    space.add_layer(1, [Operation("maxpool1d", pool_size=2, strides=2, name=name + "_pool"), Operation("identity")])
    space.add_layer(2, [Operation("dropout", rate=0.2, name=name + "_drop2"), Operation("identity", name=name + "_id")])
    space.add_layer(3, [Operation("flatten"), Operation("globalavgpool1d")])
    return space


stem = ModelSpace.from_dict(
    [
        [
            {"Layer_type": "dense", "units": 8, "activation": "relu"},
            {"Layer_type": "dense", "units": 16, "activation": "relu"},
        ],
        [{"Layer_type": "dense", "units": 1, "activation": act} for act in ("linear", "sigmoid", "tanh")],
    ]
)
space = BranchedModelSpace(subspaces=[[branch("left"), branch("right"), branch("edit")], stem])
types = {
    "controller_type": "General",
    "modeler_type": "KerasBranchModelBuilder",
    "knowledge_fn_type": "zero",
    "reward_fn_type": "LossReward",
    "manager_type": "General",
    "env_type": "ControllerTrainEnv",
}
specs = {
    "model_space": space,
    "controller": {
        "share_embedding": {4 * k + i: i for k in (1, 2) for i in range(4)},
        "with_skip_connection": False,
        "lstm_size": 16,
        "lstm_num_layers": 1,
        "temperature": 1.5,
        "tanh_constant": 2.0,
        "buffer_size": 1,
        "batch_size": 3,
        "train_pi_iter": 3,
    },
    "model_builder": {
        "inputs_op": [
            Operation("input", shape=(30, 4), name="left"),
            Operation("input", shape=(30, 4), name="right"),
            Operation("input", shape=(80, 4), name="edit"),
        ],
        "outputs_op": [Operation("identity", name="out")],
        "model_compile_dict": {"loss": pearson_loss, "optimizer": "adam", "metrics": ["mae"]},
    },
    "knowledge_fn": {"data": None, "params": {}},
    "reward_fn": {},
    "manager": {
        "data": {"train_data": Batches(0), "validation_data": Batches(1)},
        "params": {
            "epochs": 2,
            "fit_kwargs": {"earlystop_patience": 1, "steps_per_epoch": 2, "workers": 2, "max_queue_size": 10},
            "child_batchsize": 40,
            "store_fn": "minimal",
            "working_dir": WORKING_DIR,
            "verbose": 0,
        },
    },
    "train_env": {
        "max_episode": 2,
        "max_step_per_ep": 2,
        "working_dir": WORKING_DIR,
        "time_budget": "48:00:00",
        "with_input_blocks": False,
        "with_skip_connection": False,
    },
}
amb = Amber(types=types).from_dict(specs)
amb.run()
assert sorted(amb.manager.get_rewards(99, [0, 1, 1, 1] * 3 + [0, 0])[1]) == ["loss", "mae"]
print("best reward", amb.env.best_reward)
