"""Feed-forward networks that choose input blocks, with a function of one's own as store, and knowledge."""

import os
import sys

import numpy as np

from amber.architect import (
    ControllerTrainEnvironment,
    EnasManager,
    EnasTrainEnv,
    GeneralManager,
    ModelSpace,
    MultiInputController,
    MultiIOController,
    State,
)
from amber.architect.reward import KnowledgeReward, LossReward
from amber.modeler import DAGModelBuilder
from amber.modeler.enasModeler import EnasAnnModelBuilder
from amber.objective import GraphHierarchyTree

WORKING_DIR = sys.argv[1]
rng = np.random.RandomState(0)
x = rng.poisson(1.0, (200, 4)).astype("float32")
y = (3 * x[:, 0] * x[:, 1] - 2 * x[:, 2] * x[:, 3] + rng.randn(200))[:, None].astype("float32")
blocks = [x[:, [i]] for i in range(4)]

space = ModelSpace()
for layer in range(4):
    space.add_layer(layer, [State("Dense", units=3, activation="relu"), State("Dense", units=10, activation="relu")])
inputs_op = [State("input", shape=(1,), name="X_%d" % i) for i in range(4)]
output_op = State("Dense", units=1, activation="linear", name="output")
compile_dict = {"loss": "mse", "optimizer": "adam", "metrics": ["mae"]}

# Each child by itself.
controller = MultiInputController(
    model_space=space,
    num_input_blocks=4,
    with_skip_connection=True,
    lstm_size=8,
    buffer_size=1,
    batch_size=2,
    train_pi_iter=2,
)
stored = []


def my_store(trial, model, hist, data, pred, loss_and_metrics, working_dir, save_full_model, knowledge_func):
    stored.append((trial, sorted(loss_and_metrics), pred.shape))


ght = GraphHierarchyTree()
ght.knowledge_encoder({(0, 1): 1, (1, 0): 1, (2, 3): 1, (3, 2): 1})
manager = GeneralManager(
    train_data=(blocks, y),
    validation_data=(blocks, y),
    epochs=2,
    child_batchsize=50,
    reward_fn=KnowledgeReward(ght, Lambda=1.0),
    model_fn=DAGModelBuilder(
        inputs_op=inputs_op,
        output_op=output_op,
        num_layers=4,
        model_space=space,
        model_compile_dict=compile_dict,
        with_skip_connection=True,
        with_input_blocks=True,
        dag_func="InputBlockDAG",
    ),
    store_fn=my_store,
    working_dir=os.path.join(WORKING_DIR, "dag"),
)
env = ControllerTrainEnvironment(
    controller,
    manager,
    max_episode=2,
    max_step_per_ep=1,
    with_input_blocks=True,
    with_skip_connection=True,
    working_dir=os.path.join(WORKING_DIR, "dag"),
)
env.train()
assert [each[0] for each in stored] == [0, 1] and "knowledge" in stored[0][1], stored

# With shared weights.
controller = MultiIOController(
    model_space=space,
    num_input_blocks=4,
    num_output_blocks=1,
    with_output_blocks=True,
    with_skip_connection=True,
    input_block_unique_connection=True,
    lstm_size=8,
    buffer_size=1,
    batch_size=2,
    train_pi_iter=2,
)
builder = EnasAnnModelBuilder(
    inputs_op=inputs_op,
    output_op=[output_op],
    model_space=space,
    model_compile_dict={"loss": "mse", "optimizer": "adam"},
    controller=controller,
    l1_reg=1e-8,
    l2_reg=5e-7,
    with_output_blocks=True,
    use_node_dag=False,
)
manager = EnasManager(
    train_data=(x, y),
    validation_data=(x, y),
    epochs=1,
    child_batchsize=50,
    reward_fn=LossReward(),
    model_fn=builder,
    store_fn="minimal",
    working_dir=os.path.join(WORKING_DIR, "enas"),
)
env = EnasTrainEnv(
    controller,
    manager,
    max_episode=3,
    max_step_per_ep=2,
    with_input_blocks=True,
    with_skip_connection=True,
    working_dir=os.path.join(WORKING_DIR, "enas"),
    child_warm_up_epochs=2,
)
env.train()
print("best reward", env.best_reward)
