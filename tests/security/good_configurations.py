"""Configurations that hold every section, to be changed at random."""

from __future__ import annotations

from tests.cli.conftest import TINY

SIM = """\
name: sim
seed: 1
data:
  source:
    simulated:
      records: 120
      length: 30
      background: 0.5
      motifs: {a: TGACTCA, b: [[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1]]}
      strength: 0.9
      tasks:
        t: {motifs: [a, b], spacing: [2, 5]}
      positives: 0.4
      decoys: 0.3
      noise: 0.02
      seed: 3
  fractions: [0.6, 0.2, 0.2]
model_space:
  - - &first {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu, padding: same}
    - {Layer_type: conv1d, filters: 8, kernel_size: 5, dilation_rate: 2}
    - {<<: *first, filters: 2}
  - - {Layer_type: maxpool1d, pool_size: 2, strides: 2}
    - {Layer_type: dropout, rate: 0.2}
  - - {Layer_type: flatten}
    - {Layer_type: globalavgpool1d}
  - - {Layer_type: dense, units: 8, activation: relu}
builder:
  type: sequential
  gpus: null
training:
  epochs: 2
  batch_size: 32
  optimizer: adam
  optimizer_options: {weight_decay: 0.01}
  learning_rate: 0.01
  schedule: cosine
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  patience: 2
  recalibrate: false
search:
  sampler: tpe
  sampler_options: {startup_trials: 3}
  trials: 3
  metric: val_loss
  direction: minimize
  knowledge: null
  budget: {parameters: 100000, flops: 1000000}
  executor: in_process
  pruner: median
  pruner_options: {n_startup_trials: 2}
final: {epochs: 2, patience: 1, batch_size: 32, ensemble: 1, data: train}
references: {other: 0.9}
run_directory: runs/x
"""
MULTI = """\
name: multi
data:
  source:
    simulated:
      records: 100
      length: 30
      motifs: {a: TGACTCA, b: CCWGG}
      tasks:
        s: {motifs: [a], spacing: [0, 3]}
        t: {motifs: [a, b], spacing: [2, 5]}
  outputs:
    one: {column: s, weight: 1.0, metrics: [accuracy]}
    two: {column: t, loss: sparse_categorical_crossentropy}
model_space:
  - repeat: 2
    candidates:
      - {Layer_type: conv1d, filters: 4, kernel_size: 3}
      - {Layer_type: maxpool1d, pool_size: 2}
  - - {Layer_type: flatten}
  - - {Layer_type: dense, units: 8, activation: relu}
    - {Layer_type: dense, units: 4, activation: tanh}
builder: {type: multi_io, with_input_blocks: true, with_output_blocks: false, dropout_rate: 0.1, wsf: 1.0}
search:
  strategy: trials
  sampler: evolution
  sampler_options: {population_size: 4, sample_size: 2}
  reward: auroc
  knowledge: {function: block_hierarchy, weight: 0.1, options: {groups: [[input]]}}
  executor: processes
  workers: 2
  time_limit: 60.0
  threads: 1
  memory_limit: 4000
final: {epochs: 1, patience: null, data: train_and_validation}
"""

DAG = (
    MULTI.split("  outputs:")[0].replace("        s: {motifs: [a], spacing: [0, 3]}\n", "")
    + "model_space:"
    + MULTI.split("model_space:")[1].replace(
        "{type: multi_io, with_input_blocks: true, with_output_blocks: false, dropout_rate: 0.1, wsf: 1.0}",
        "{type: dag, dag_func: DAG, with_input_blocks: true, with_skip_connection: true}",
    )
)
ONE_SHOT = TINY.replace(
    "  sampler: random\n  trials: 2\n",
    "  strategy: one_shot\n"
    "  one_shot: {start_steps: 3, warm_up_steps: 2, steps_per_episode: 1, episodes: 2, seconds: 60.0,\n"
    "    architectures: 2, uniform_share: 0.5, sample: 2, top_k: 1, finalist_steps: 2,\n"
    "    calibration_steps: 1, inherit_weights: false,\n"
    "    optimizer_options: {weight_decay: 0.1}}\n",
)
CONFIGURATIONS = (TINY, SIM, MULTI, DAG, ONE_SHOT)
