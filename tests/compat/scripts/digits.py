"""The digits quickstart: single images, GeneralController, KerasModelBuilder, accuracy as reward."""

import os
import pickle
import sys

import numpy as np
from sklearn.datasets import load_digits

from amber import Amber, AmberSpecifications
from amber.architect import Operation
from amber.getter import DataToParse
from amber.utils.io import read_history

WORKING_DIR = sys.argv[1]


def data(part):
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).reshape(-1, 8, 8, 1)
    y = np.eye(10)[y]
    return (x[:300], y[:300]) if part == "train" else (x[300:500], y[300:500])


def accuracy(y_true, y_score):
    return np.mean(np.argmax(y_true, axis=1) == np.argmax(y_score, axis=1))


def convolutions(filters):
    return [
        {"Layer_type": "conv2d", "filters": filters, "kernel_size": kernel_size, "activation": activation}
        for kernel_size in ((1, 1), (3, 3))
        for activation in ("relu", "tanh")
    ] + [{"Layer_type": "identity"}]


model_space = [
    convolutions(4),
    convolutions(8),
    [
        {"Layer_type": "maxpool2d", "pool_size": (2, 2)},
        {"Layer_type": "avgpool2d", "pool_size": (2, 2)},
        {"Layer_type": "identity"},
    ],
    [{"Layer_type": "flatten"}, {"Layer_type": "globalmaxpool2d"}, {"Layer_type": "globalavgpool2d"}],
    [{"Layer_type": "dropout", "rate": 0.5}, {"Layer_type": "dropout", "rate": 0.1}, {"Layer_type": "identity"}],
    [
        {"Layer_type": "dense", "units": 32, "activation": "relu"},
        {"Layer_type": "dense", "units": 16, "activation": "relu"},
        {"Layer_type": "identity"},
    ],
]
types = {
    "controller_type": "GeneralController",
    "modeler_type": "KerasModelBuilder",
    "knowledge_fn_type": "zero",
    "reward_fn_type": "SparseCategoricalReward",
    "manager_type": "GeneralManager",
    "env_type": "ControllerTrainEnv",
}
specs = {
    "model_space": model_space,
    "controller": {
        "share_embedding": {1: 0},
        "with_skip_connection": False,
        "num_input_blocks": 1,
        "lstm_size": 32,
        "lstm_num_layers": 1,
        "kl_threshold": 0.01,
        "train_pi_iter": 10,
        "optim_algo": "adam",
        "temperature": 2.0,
        "lr_init": 0.001,
        "tanh_constant": 1.5,
        "buffer_size": 2,
        "batch_size": 5,
    },
    "model_builder": {
        "batch_size": 128,
        "inputs_op": [Operation("input", shape=(8, 8, 1))],
        "outputs_op": [Operation("dense", units=10, activation="softmax")],
        "model_compile_dict": {"loss": "categorical_crossentropy", "optimizer": "adam"},
    },
    "knowledge_fn": {"data": None, "params": {}},
    "reward_fn": {"method": accuracy},
    "manager": {
        "data": {
            "train_data": DataToParse(data, kws={"part": "train"}),
            "validation_data": DataToParse(data, kws={"part": "validation"}),
        },
        "params": {
            "epochs": 3,
            "child_batchsize": 128,
            "store_fn": "minimal",
            "working_dir": WORKING_DIR,
            "verbose": 0,
        },
    },
    "train_env": {
        "max_episode": 3,
        "max_step_per_ep": 2,
        "working_dir": WORKING_DIR,
        "time_budget": "00:10:00",
        "with_input_blocks": False,
        "with_skip_connection": False,
    },
}
before = repr(specs)
specifications = AmberSpecifications(name="digits", types=types, **specs)
specifications.save_pickle(os.path.join(WORKING_DIR, "specifications.pkl"))
amb = Amber(types=types, specs=specs)
amb.run()
assert repr(specs) == before, "the specifications were changed"

with open(os.path.join(WORKING_DIR, "specifications.pkl"), "rb") as stream:
    again = pickle.load(stream)
assert again.types == types and sorted(again.to_dict()) == sorted(specs)

# The best of the last rows, loaded again, and its test against what the search saw.
history = read_history([os.path.join(WORKING_DIR, "train_history.csv")], {"zero": 0, "accuracy": 1})
assert len(history) == 6, history
best = history.tail(30).sort_values("accuracy", ascending=False).head(1).iloc[0]
arc = [best["L%d" % i] for i in range(1, 7)]
model = amb.model_fn(arc)
model.load_weights(os.path.join(WORKING_DIR, "weights", "trial_%d" % best["ID"], "bestmodel.h5"))
x, y = data("validation")
assert abs(accuracy(y, model.predict(x)) - best["accuracy"]) < 1e-6
model.fit(*data("train"), epochs=1, verbose=0)
print("best accuracy", best["accuracy"])
