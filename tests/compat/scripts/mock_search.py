"""A search without training: rewards are planted in a history, and the controller finds what they favour."""

import os
import sys

import numpy as np

from amber.architect import ControllerTrainEnvironment, GeneralController, ModelSpace, State
from amber.bootstrap import MockManager
from amber.plots import (
    plot_action_weights,
    plot_controller_performance,
    plot_environment_entropy,
    plot_stats2,
    plot_wiring_weights,
    sma,
)

WORKING_DIR = sys.argv[1]
space = ModelSpace()
for layer in range(3):
    space.add_layer(layer, [State("dense", units=units, activation="relu") for units in (1, 2, 3, 4)])

# Every architecture was measured: the loss falls with the number of layers whose last operation was taken.
path = os.path.join(WORKING_DIR, "recorded.csv")
with open(path, "w") as stream:
    for trial in range(64):
        tokens = [trial // 16, trial // 4 % 4, trial % 4]
        loss = 1.0 - sum(token == 3 for token in tokens) / 3.0
        stream.write('%d,"[0.5, 0.0, %f]",%f,%s\n' % (trial, loss, -loss, ",".join(map(str, tokens))))

controller = GeneralController(
    space,
    with_skip_connection=False,
    lstm_size=16,
    lstm_num_layers=1,
    buffer_size=5,
    batch_size=10,
    train_pi_iter=10,
    kl_threshold=0.1,
    lr_init=0.01,
    use_ppo_loss=False,
    seed=int(sys.argv[2]),
)
manager = MockManager(history_fn_list=[path], model_compile_dict={"loss": "mse"}, working_dir=WORKING_DIR)
env = ControllerTrainEnvironment(
    controller,
    manager,
    max_episode=40,
    max_step_per_ep=10,
    initial_buffering_queue=1,
    with_skip_connection=False,
    with_input_blocks=False,
    working_dir=WORKING_DIR,
    save_controller=False,
)
env.train()
history = os.path.join(WORKING_DIR, "train_history.csv")
with open(history) as stream:
    rewards = [float(line.split(']",')[1].split(",")[0]) for line in stream]
first, last = np.mean(rewards[:100]), np.mean(rewards[-100:])

plot_controller_performance(
    history, metrics_dict={"acc": 0, "loss": 2}, save_fn=os.path.join(WORKING_DIR, "nas.png"), N_sma=10
)
plot_environment_entropy(env.entropy_record, os.path.join(WORKING_DIR, "entropy2.png"))
plot_action_weights(WORKING_DIR)
plot_wiring_weights(WORKING_DIR, with_input_blocks=False, with_skip_connection=True)
plot_stats2(WORKING_DIR)
assert len(sma(rewards, 10)) == len(rewards)
for name in ("nas.png", "entropy2.png", "weight_at_layer_0.png", "nas_training_stats.png", "train_history.png"):
    assert os.path.getsize(os.path.join(WORKING_DIR, name)) > 5000, name
print("mean reward %.3f -> %.3f" % (first, last))
assert last > first + 0.15, (first, last)
assert env.entropy_record[-1] < env.entropy_record[0]
