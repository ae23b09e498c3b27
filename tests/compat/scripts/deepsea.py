"""DeepSEA: a weight-sharing residual CNN, EnasManager and EnasTrainEnv, and the final training of the best."""

import os
import sys

import numpy as np

from amber.architect import EnasManager, EnasTrainEnv, GeneralController, ModelSpace, State
from amber.architect.reward import LossAucReward
from amber.modeler import EnasCnnModelBuilder, KerasResidualCnnBuilder
from amber.utils.io import read_history

WORKING_DIR = sys.argv[1]
session = object()  # was: tf.Session()

model_space = ModelSpace()
num_layers, out_filters = 4, 4
for layer in range(num_layers):
    if layer == 2:
        out_filters *= 2
    conv = {"filters": out_filters, "activation": "relu", "padding": "same"}
    model_space.add_layer(
        layer,
        [
            State("conv1d", kernel_size=8, **conv),
            State("conv1d", kernel_size=4, **conv),
            State("conv1d", kernel_size=8, dilation=10, **conv),
            State("conv1d", kernel_size=4, dilation=10, **conv),
            State("maxpool1d", filters=out_filters, pool_size=4, strides=1, padding="same"),
            State("avgpool1d", filters=out_filters, pool_size=4, strides=1, padding="same"),
            State("identity", filters=out_filters),
        ],
    )

generator = np.random.RandomState(0)
x = np.eye(4)[generator.randint(0, 4, (300, 100))].astype("float32")
first = x[:, :, 0].sum(axis=1)
y = np.stack([first > np.median(first), x[:, :50, 1].sum(axis=1) > 12], axis=1).astype("float32")
train, valid = (x[:200], y[:200]), (x[200:], y[200:])

controller = GeneralController(
    model_space=model_space,
    share_embedding={i: 0 for i in range(1, num_layers)},
    with_skip_connection=True,
    skip_weight=1.0,
    skip_target=0.4,
    lstm_size=16,
    lstm_num_layers=1,
    kl_threshold=0.01,
    train_pi_iter=10,
    temperature=2.0,
    tanh_constant=1.5,
    buffer_size=1,
    batch_size=20,
    session=session,
)
input_op = [State("input", shape=(100, 4), name="input")]
output_op = State("dense", units=2, activation="sigmoid")
model_compile_dict = {"loss": "binary_crossentropy", "optimizer": "adam"}
model_fn = EnasCnnModelBuilder(
    dag_func="EnasConv1dDAG",
    batch_size=50,
    session=session,
    controller=controller,
    inputs_op=input_op,
    output_op=output_op,
    model_space=model_space,
    model_compile_dict=model_compile_dict,
    dag_kwargs={"stem_config": {"flatten_op": "flatten", "fc_units": 16}},
)
manager = EnasManager(
    session=session,
    train_data=train,
    validation_data=valid,
    epochs=1,
    child_batchsize=50,
    reward_fn=LossAucReward(method="auc"),
    model_fn=model_fn,
    store_fn="minimal",
    model_compile_dict=model_compile_dict,
    working_dir=WORKING_DIR,
    verbose=0,
)
env = EnasTrainEnv(
    controller=controller,
    manager=manager,
    max_episode=3,
    max_step_per_ep=3,
    child_train_steps=5,
    child_warm_up_epochs=1,
    logger=None,
    resume_prev_run=False,
    should_plot=True,
    working_dir=WORKING_DIR,
    squeezed_action=True,
    with_input_blocks=False,
    with_skip_connection=True,
    time_budget="24:00:00",
)
env.train()

history = read_history([os.path.join(WORKING_DIR, "train_history.csv")], metric_name_dict={"zero": 0, "auc": 1})
history = history.tail(100).sort_values(by="auc", ascending=False)
best = history.iloc[0]
arc_seq = [best["L%d" % i] for i in range(1, num_layers * (num_layers + 1) // 2 + 1)]
final = KerasResidualCnnBuilder(
    inputs_op=input_op,
    output_op=output_op,
    fc_units=16,
    flatten_mode="Flatten",
    model_compile_dict=model_compile_dict,
    model_space=model_space,
    dropout_rate=0.1,
    wsf=2,
)
model = final(arc_seq)
fitted = model.fit(*train, epochs=2, batch_size=50, verbose=0, validation_data=valid)
assert len(fitted.history["val_loss"]) == 2
print("best auc", best["auc"])
