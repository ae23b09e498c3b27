"""Every mistake in a configuration names file, line and key, and is the user's mistake (exit code 2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import ConfigError
from amber.experiment.configuration.document import parse_yaml
from amber.experiment.configuration.reading import config_from_text, load_config

# (text to replace, replacement, line, words that the message must hold)
MISTAKES = {
    "unknown section": ("search:", "serch:", 17, ["key serch", "Did you mean 'search'?"]),
    "key of another section": ("  trials: 2", "  epochs: 2", 19, ["key search.epochs", "'training.epochs'"]),
    "unknown key": ("  trials: 2", "  trails: 2", 19, ["key search.trails", "Did you mean 'trials'?"]),
    "unknown builder option": ("fc_units", "fc_unit", 12, ["key builder.fc_unit", "'fc_units'"]),
    "wrong type": ("trials: 2", "trials: many", 19, ["key search.trials", "integer", "'many'"]),
    "bool for a number": ("epochs: 1\n  batch", "epochs: true\n  batch", 15, ["key training.epochs", "True"]),
    "out of range": ("trials: 2", "trials: 0", 19, ["key search.trials", "greater than or equal to 1", "0 (int)"]),
    "unknown choice": ("sampler: random", "sampler: grid", 18, ["key search.sampler: Unknown sampler", "'grid'"]),
    "unknown option of a sampler": (
        "sampler: random",
        "sampler: evolution\n  sampler_options:\n    sample_size: 3\n    populaton_size: 3",
        21,
        ["key search.sampler_options.populaton_size", "Did you mean 'population_size'?"],
    ),
    "option of no sampler": (
        "sampler: random",
        "sampler_options: {x: 1}\n  sampler: random",
        18,
        ["search.sampler_options.x", "takes no options"],
    ),
    "unknown option of a controller": (
        "sampler: random",
        "sampler: controller\n  sampler_options: {lstm_sise: 3}",
        19,
        ["key search.sampler_options.lstm_sise", "Did you mean 'lstm_size'?"],
    ),
    "unknown reward": ("trials: 2", "reward: aurok", 19, ["key search.reward", "Did you mean 'auroc'?"]),
    "unknown knowledge": ("trials: 2", "knowledge: {function: tree}", 19, ["search.knowledge.function", "hierarchy"]),
    "budget of nothing": ("trials: 2", "budget: {flops: 0}", 19, ["key search.budget.flops", "0 (int)"]),
    "budget of another thing": ("trials: 2", "budget: {flop: 9}", 19, ["key search.budget.flop", "'flops'"]),
    "unknown builder": ("residual_cnn", "residual_cn", 11, ["key builder.type", "Did you mean 'residual_cnn'?"]),
    "no builder type": ("  type: residual_cnn\n", "", 10, ["key builder", "'type' is missing"]),
    "nothing left to stop on": (
        "final:\n  epochs: 1",
        "final:\n  data: train_and_validation",
        21,
        ["key final.data", "patience: null"],
    ),
    "section of another type": ("final:\n  epochs: 1", "final: 3", 20, ["key final", "epochs, patience"]),
    "repeated key": ("seed: 3", "name: again", 2, ["key name", "first on line 1"]),
    "repeated nested key": ("  trials: 2", "  trials: 2\n  trials: 3", 20, ["key search.trials", "line 19"]),
    "key that is not text": ("seed: 3", "3: 3", 2, ["a key must be text", "'3'"]),
    "no Layer_type": ("{Layer_type: identity,", "{Layer: identity,", 5, ["model_space[0][1]", "Layer_type"]),
    "empty layer": ("repeat: 1", "repeat: 1\n    candidates: []\n  - x: 1", 7, ["model_space[1].candidates"]),
    "group with another key": ("repeat: 1", "repeats: 1", 6, ["model_space[1].repeats"]),
    "repeat of zero": ("repeat: 1", "repeat: 0", 6, ["model_space[1].repeat", "Received: 0"]),
    "whole number with a point": ("seed: 3", "seed: 3.0", 2, ["key seed: expected an integer; write 3. Received: 3.0"]),
    "whole number in quotes": ("seed: 3", "seed: '3'", 2, ["key seed: expected an integer without quotes; write 3."]),
    "number that is not whole": ("seed: 3", "seed: 3.5", 2, ["key seed: expected an integer. Received: 3.5"]),
    "syntax": ("seed: 3", "seed: [3", 3, ["YAML"]),
    "tab": ("seed: 3", "\tseed: 3", 2, ["YAML"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_names_file_line_and_key(
    mistake: str, tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path]
) -> None:
    old, new, line, words = MISTAKES[mistake]
    assert old in tiny
    path = write_config(tiny.replace(old, new, 1))
    done = amber("search", path)
    assert done.exit_code == 2
    message = done.stderr
    assert f"{path}, line {line}" in message
    for word in words:
        assert word in message
    assert "Received: " in message
    assert "Traceback" not in message


# These need the data, the layers or Keras itself to be noticed.
LATER_MISTAKES = {
    "no such data": (
        "seed: 3",
        "data: {source: n.csv}",
        2,
        ["key data.source: ", "'mfeat', 'splice'", "n.csv"],
    ),
    "no such column": ("seed: 3", "data:\n  sequence: sec", 3, ["key data.sequence: ", "column 'sec'", "'seq'?"]),
    "no such label": ("seed: 3", "data:\n  split: gsplit\n  label: lab", 4, ["key data.label: ", "column 'lab'"]),
    "fractions of a column": ("seed: 3", "data:\n  fractions: [0.6, 0.2, 0.2]", 3, ["key data.fractions", "random"]),
    "label of no class": ("seed: 3", "data:\n  classes: [EI, N]", 2, ["key data: ", "splice.csv.gz, line", "'IE'"]),
    "unknown operation": (
        "Layer_type: maxpool1d",
        "Layer_type: maxpol1d",
        8,
        ["model_space[1].candidates[0]", "maxpol1d"],
    ),
    "attribute of no layer": ("kernel_size: 3,", "kernel_size: 3, foo: 1,", 4, ["model_space[0][0]", "foo"]),
    "no filters": ("{Layer_type: identity, filters: 4}", "{Layer_type: identity}", 5, ["model_space[0][1]", "filters"]),
    "filters that differ": ("identity, filters: 4", "identity, filters: 8", 4, ["model_space[0]", "[4, 8]"]),
    "unknown optimizer": ("  epochs: 1\n  batch", "  optimizer: adan\n  batch", 15, ["training.optimizer", "adan"]),
    "option of no optimizer": (
        "  epochs: 1\n  batch",
        "  optimizer_options: {wait_decay: 0.1}\n  batch",
        15,
        ["training.optimizer_options.wait_decay", "weight_decay"],
    ),
    "option out of range": (
        "  epochs: 1\n  batch",
        "  optimizer_options: {use_ema: true, ema_momentum: 2}\n  batch",
        15,
        ["training.optimizer_options", "ema_momentum"],
    ),
    "unknown loss": ("  epochs: 1\n  batch", "  loss: foo\n  batch", 15, ["training.loss", "foo"]),
    "unknown metric": ("  epochs: 1\n  batch", "  metrics: [foo]\n  batch", 15, ["training.metrics[0]", "foo"]),
    "metric not reported beside a reward": (
        "trials: 2",
        "reward: auroc\n  metric: val_auc",
        20,
        ["search.metric", "val_loss"],
    ),
    "knowledge of another block": (
        "trials: 2",
        "knowledge: {function: block_hierarchy, options: {groups: [[rna, dna]]}}",
        19,
        ["search.knowledge", "'rna'"],
    ),
    "metric not reported": ("trials: 2", "metric: val_auc", 19, ["search.metric", "val_accuracy", "val_auc"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", LATER_MISTAKES)
def test_mistake_in_the_network_names_its_line(
    mistake: str, tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    old, new, line, words = LATER_MISTAKES[mistake]
    assert old in tiny
    path = write_config(tiny.replace(old, new, 1))
    done = amber("search", path, "-d", tmp_path / "run")
    assert done.exit_code == 2, done.stderr
    assert f"{path}, line {line}" in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "run").exists()


def test_without_a_space_the_preset_that_suits_the_data_is_taken() -> None:
    assert config_from_text("name: tiny\n", "a.yaml").preset == "auto"
    with pytest.raises(ConfigError, match="a.yaml, line 1, key model_space: "):
        config_from_text("model_space:\n", "a.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- 1\n", "just text\n"])
def test_file_that_is_no_mapping(text: str) -> None:
    with pytest.raises(ConfigError, match="a.yaml, line 1: expected the sections name"):
        config_from_text(text, "a.yaml")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.csv", b"seq,label\nACGT,a\n"),
        ("a.fa", b">one\nACGT\n"),
        ("p.narrowPeak", b"chr1\t1\t5\n"),
        ("x.npz", b"PK\x03\x04\x00"),
    ],
)
def test_a_file_of_data_is_no_configuration(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=f"{name}.* Received: .*`amber init .*{name}` writes a configuration for it."):
        load_config(tmp_path / name)
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match="c.yaml.* Received: (?!.*amber init)"):
        load_config(tmp_path / "c.yaml")


def test_missing_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent.yaml: .*no such file"):
        load_config(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "latin.yaml")
    with pytest.raises(ConfigError, match="a folder"):
        load_config(tmp_path)


def test_anchor_that_holds_itself_and_one_that_explodes() -> None:
    with pytest.raises(ConfigError, match="anchor"):
        parse_yaml("a: &x\n  b: *x\n", "a.yaml")
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for previous, name in zip("abcdef", "bcdefg", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{previous}'] * 10)}]\n"
    with pytest.raises(ConfigError, match="at most"):
        parse_yaml(bomb, "a.yaml")


def test_yaml_tags_run_nothing() -> None:
    with pytest.raises(ConfigError, match="a.yaml, line 1"):
        parse_yaml("a: !!python/object/apply:os.system ['true']\n", "a.yaml")


def test_repeat_defaults_and_exponents(tiny: str) -> None:
    text = tiny.replace("repeat: 1", "repeat: 3").replace("  epochs: 1\n  batch", "  learning_rate: 2e-3\n  batch")
    loaded = config_from_text(text + "data:\n", "a.yaml")
    assert len(loaded.space) == 4
    assert loaded.space.layers[1] == loaded.space.layers[3]
    assert loaded.config.training.learning_rate == 0.002
    assert loaded.config.data.source == "splice"
    assert loaded.config.chosen_run_directory == "runs/tiny"
    assert loaded.config.search.chosen_direction == "maximize"
    assert loaded.config.search.model_copy(update={"metric": "val_loss"}).chosen_direction == "minimize"


def test_shipped_example_is_as_large_as_promised() -> None:
    example = Path(__file__).parents[3] / "examples" / "splice.yaml"
    loaded = load_config(example)
    assert len(loaded.space) >= 6
    assert min(len(candidates) for candidates in loaded.space.layers) >= 5
    assert loaded.config.search.trials >= 12
    assert loaded.config.data.split == "gsplit"


def test_cosine_schedule_ends_at_zero_and_survives_cloning(tiny: str) -> None:
    from amber.experiment.components import make_builder, training_steps
    from amber.experiment.task_spec import TaskSpec

    assert training_steps(65, 32, 2) == 6
    text = tiny.replace("  batch_size: 256", "  batch_size: 256\n  schedule: cosine\n  learning_rate: 0.01")
    problem = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
    builder = make_builder(config_from_text(text, "a.yaml"), problem, steps=6)
    schedules = [builder([0, 0, 0]).optimizer._learning_rate for _ in range(2)]
    for schedule in schedules:
        assert float(schedule(0)) == pytest.approx(0.01)
        assert float(schedule(6)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("schedule", "last"), [("cosine", 0.0), ("constant", 0.01)])
def test_the_learning_rate_rises_first(tiny: str, schedule: str, last: float) -> None:
    from amber.experiment.components import make_builder
    from amber.experiment.task_spec import TaskSpec

    keys = f"schedule: {schedule}\n  warm_up: 0.1\n  learning_rate: 0.01"
    text = tiny.replace("  batch_size: 256", f"  batch_size: 256\n  {keys}")
    problem = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
    rates = {}
    for steps in (40, 2, 1):
        model = make_builder(config_from_text(text, "a.yaml"), problem, steps=steps)([0, 0, 0])
        schedule_of = model.optimizer._learning_rate
        rates[steps] = [float(schedule_of(step)) for step in range(steps + 1)]
    assert rates[40][:5] == pytest.approx([0.0025, 0.004375, 0.00625, 0.008125, 0.01])
    assert rates[40][-1] == pytest.approx(last, abs=1e-9) and max(rates[40]) == pytest.approx(0.01)
    # Too few updates to rise.
    assert rates[2][0] == rates[1][0] == pytest.approx(0.01)


def test_options_reach_the_optimizer(tiny: str) -> None:
    from amber.experiment.components import make_builder
    from amber.experiment.task_spec import TaskSpec

    options = "optimizer: adamw\n  optimizer_options: {weight_decay: 0.25, beta_2: 0.99}"
    problem = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
    builder = make_builder(
        config_from_text(tiny.replace("  batch_size: 256", f"  batch_size: 256\n  {options}"), "a.yaml"), problem
    )
    settings = builder([0, 0, 0]).optimizer.get_config()
    assert (settings["weight_decay"], settings["beta_2"]) == (0.25, 0.99)


def test_shared_training_has_options_of_its_own(tiny: str) -> None:
    from amber.experiment.components import compile_arguments

    text = tiny.replace(
        "  batch_size: 256",
        "  batch_size: 256\n  optimizer: adamw\n  optimizer_options: {weight_decay: 0.25, beta_2: 0.99}",
    )
    one_shot = "search:\n  strategy: one_shot\n  one_shot: {optimizer_options: {weight_decay: 1.0}}\n"
    text = text.replace("search:\n  sampler: random\n  trials: 2\n", one_shot)
    found = [compile_arguments(config_from_text(text, "a.yaml"), shared=shared) for shared in (False, True)]
    settings = [each["optimizer"].get_config() for each in found]
    assert [(each["weight_decay"], each["beta_2"]) for each in settings] == [(0.25, 0.99), (1.0, 0.99)]
    wrong = config_from_text(text.replace("weight_decay: 1.0", "wait_decay: 1.0"), "a.yaml")
    with pytest.raises(ConfigError, match=r"a.yaml.*search.one_shot.optimizer_options.wait_decay"):
        compile_arguments(wrong, shared=True)
