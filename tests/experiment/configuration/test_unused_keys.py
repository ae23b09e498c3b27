"""A key that would have no effect is refused, and the message says what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from amber.errors import ConfigError
from amber.experiment.builders import ResidualCnnOptions
from amber.experiment.configuration.ineffective import effective_options, ineffective_lines
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.experiment import resolve

DATA = "data:\n  source: d.csv\n  blocks: {a: a_*}\n"
OUTPUTS = "  outputs:\n    x: {column: x}\n    y: {column: y, type: number}\n"
SIMULATED = "data:\n  source: {simulated: }\n"
PRUNER = "  pruner_options: {upper: 1.0}\n"
ONE_SHOT = "search:\n  strategy: one_shot\n"
TRIALS = "search:\n  sampler: random\n  trials: 2\n"


def text(tiny: str, data: str = "", search: str = TRIALS, training: str = "") -> str:
    return (
        tiny.replace("seed: 3\n", f"seed: 3\n{data}")
        .replace(TRIALS, search)
        .replace("  batch_size: 256\n", f"  batch_size: 256\n{training}")
    )


UNUSED = {
    "sequence beside blocks": ({"data": DATA + "  sequence: seq\n"}, "data.sequence", r"dna: \{sequence: seq\}"),
    "alphabet of numbers": ({"data": DATA + "  alphabet: rna\n"}, "data.alphabet", "no block reads any"),
    "length of numbers": ({"data": DATA + "  length: 30\n"}, "data.length", "no block reads any"),
    "unknown letters of numbers": ({"data": DATA + "  unknown: zeros\n"}, "data.unknown", "no block reads any"),
    "an end of sequences that are not cut": (
        {"data": "data:\n  source: splice\n  align: left\n"},
        "data.align",
        "write length beside it",
    ),
    "devices of Dask workers": (
        {"search": TRIALS + "  executor: {dask: 'tcp://h:1'}\n  devices: ['0', '1']\n"},
        "search.devices",
        "CUDA_VISIBLE_DEVICES",
    ),
    "label beside outputs": ({"data": DATA + OUTPUTS + "  label: y\n"}, "data.label", "under an output"),
    "task beside outputs": ({"data": DATA + OUTPUTS + "  task: regression\n"}, "data.task", "under an output"),
    "classes beside outputs": ({"data": DATA + OUTPUTS + "  classes: [a, b]\n"}, "data.classes", "under an output"),
    "classes of a number": ({"data": DATA + "  task: regression\n  classes: [a, b]\n"}, "data.classes", "no classes"),
    "classes of one of several": (
        {"data": DATA + OUTPUTS.replace("number}", "number, classes: [a, b]}")},
        "data.outputs.y.classes",
        "no classes",
    ),
    "direction beside a reward": (
        {"search": TRIALS + "  reward: auroc\n  direction: maximize\n"},
        "search.direction",
        "a direction of its own",
    ),
    "limit of packaged data": ({"data": "data:\n  source: splice\n  size_limit: 9\n"}, "data.size_limit", "packaged"),
    "nothing to scale": (
        {"data": "data:\n  source: splice\n  task: classification\n  standardize: true\n"},
        "data.standardize",
        "there are none",
    ),
    "weight of the only output": (
        {"data": DATA + "  outputs:\n    x: {column: x, weight: 2.0}\n"},
        "data.outputs.x.weight",
        "no other",
    ),
    "loss beside outputs": ({"data": DATA + OUTPUTS, "training": "  loss: mse\n"}, "training.loss", "data.outputs"),
    "metrics beside outputs": (
        {"data": DATA + OUTPUTS, "training": "  metrics: [mae]\n"},
        "training.metrics",
        "data.outputs",
    ),
    "loss beside tasks": (
        {
            "data": "data:\n  source: {simulated: {tasks: {a: {motifs: [ap1]}, b: {motifs: [gata]}}}}\n",
            "training": "  loss: mse\n",
        },
        "training.loss",
        "each output",
    ),
    "sampler of one-shot": ({"search": ONE_SHOT + "  sampler: tpe\n"}, "search.sampler", "no sampler"),
    "options of a sampler": ({"search": ONE_SHOT + "  sampler_options: {}\n"}, "search.sampler_options", "no sampler"),
    "trials of one-shot": ({"search": ONE_SHOT + "  trials: 9\n"}, "search.trials", "search.one_shot"),
    "one-shot settings of trials": ({"search": TRIALS + "  one_shot: {top_k: 2}\n"}, "search.one_shot", "strategy"),
    "options of no pruner": ({"search": TRIALS + PRUNER}, "search.pruner_options", "pruner"),
    "the worst loss": ({"search": TRIALS + "  metric: val_loss\n  direction: maximize\n"}, "search.direction", "worst"),
    "the worst error": ({"search": TRIALS + "  metric: val_mae\n  direction: maximize\n"}, "search.direction", "worst"),
    "the worst accuracy": ({"search": TRIALS + "  direction: minimize\n"}, "search.direction", "accuracy maximized"),
    "the worst AUC": ({"search": TRIALS + "  metric: val_auc\n  direction: minimize\n"}, "search.direction", "worst"),
    "blocks of simulated data": ({"data": SIMULATED + "  blocks: {a: b}\n"}, "data.blocks", "beside this source"),
    "task of simulated data": ({"data": SIMULATED + "  task: regression\n"}, "data.task", "beside this source"),
}


@pytest.mark.parametrize("case", UNUSED)
def test_a_key_without_effect(tiny: str, case: str) -> None:
    parts, key, words = UNUSED[case]
    written = text(tiny, **parts)
    with pytest.raises(ConfigError, match=rf"x.yaml, line \d+, key {key}: .*{words}.*Received: ") as raised:
        config_from_text(written, "x.yaml")
    line = int(str(raised.value).split("line ")[1].split(",")[0])
    assert key.rsplit(".", 1)[1] in written.splitlines()[line - 1]


@pytest.mark.parametrize("case", UNUSED)
def test_a_run_that_began_when_they_were_accepted(tiny: str, case: str) -> None:
    if "simulated" not in case:
        config_from_text(text(tiny, **UNUSED[case][0]), "run", recorded=True)


def test_an_option_without_effect(tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path]) -> None:
    done = amber("search", write_config(text(tiny, search=ONE_SHOT)), "--trials", 3)
    assert done.exit_code == 2 and "--trials: it has no effect" in done.stderr and "search.one_shot" in done.stderr


def test_keys_that_have_an_effect(tiny: str) -> None:
    config_from_text(tiny, "x.yaml")
    config_from_text(text(tiny, DATA + OUTPUTS), "x.yaml")
    config_from_text(text(tiny, search=ONE_SHOT + "  one_shot: {top_k: 2}\n"), "x.yaml")
    config_from_text(text(tiny, "data: {label: y, task: regression, standardize: false}\n"), "x.yaml")
    # What is null is not given.
    config_from_text(text(tiny, DATA + "  classes: null\n" + OUTPUTS), "x.yaml")


@pytest.mark.parametrize(
    ("written", "classes"),
    [("[0, 1]", ["0", "1"]), ("[1.5, 2]", ["1.5", "2"]), ('["no", "yes"]', ["no", "yes"]), ("[a, b]", ["a", "b"])],
)
def test_classes_as_yaml_reads_them(tiny: str, written: str, classes: list[str]) -> None:
    loaded = config_from_text(text(tiny, f"data: {{classes: {written}}}\n"), "x.yaml")
    assert loaded.config.data.classes == classes


@pytest.mark.parametrize("written", ["[no, yes]", "[on, off]", "[true, false]", "[a, null]", "[a, ~]"])
def test_classes_that_yaml_reads_as_something_else(tiny: str, written: str) -> None:
    with pytest.raises(ConfigError, match=r"line 3, key data.classes\[\d\]: .*quote it.*Received: (True|False|None)"):
        config_from_text(text(tiny, f"data: {{classes: {written}}}\n"), "x.yaml")


def test_words_for_tasks(tiny: str) -> None:
    for word, kind in (("classification", "classes"), ("regression", "number"), ("number", "number")):
        loaded = config_from_text(text(tiny, f"data: {{task: {word}}}\n"), "x.yaml")
        assert loaded.config.data.task == kind
        both = text(tiny, DATA + "  outputs:\n    x: {column: x, " + f"task: {word}" + "}\n")
        outputs = config_from_text(both, "x.yaml").config.data.outputs or {}
        assert outputs["x"].type == kind
    with pytest.raises(ConfigError, match="key data.task: .*'classes' or 'number'.*Received: 'ranking'"):
        config_from_text(text(tiny, "data: {task: ranking}\n"), "x.yaml")


def test_option_of_a_builder_that_changes_nothing_is_named_before_the_search() -> None:
    sections: dict[str, Any] = {
        "model_space": [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}]] * 2,
        "builder": {"type": "residual_cnn", "flatten_mode": "GAP", "reduction_factor": 2},
    }
    loaded = config_from_text(yaml.safe_dump(sections), "c.yaml")
    (line,) = ineffective_lines(loaded, 1)
    assert "reduction_factor has no effect on the builder residual_cnn here" in line
    assert "same number of filters" in line
    options = effective_options(loaded, 1)
    assert isinstance(options, ResidualCnnOptions) and options.reduction_factor == 4
    assert isinstance(loaded.builder_options, ResidualCnnOptions) and loaded.builder_options.reduction_factor == 2
    del sections["builder"]["reduction_factor"]
    assert ineffective_lines(config_from_text(yaml.safe_dump(sections), "c.yaml"), 1) == []


def test_what_was_guessed_is_not_called_without_effect_and_what_is_given_is(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "reduction_factor" not in tiny  # guessed, and all filters are equal
    given = tiny.replace("sampler: random", "sampler: tpe")
    said = "\n".join(resolve(config_from_text(given, str(tmp_path / "x.yaml"))).warnings)
    assert "reduction_factor" not in said
    assert "search.sampler has no effect here, as tpe draws its first 10 proposals at random, and 2 are wanted" in said
