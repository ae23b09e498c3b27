"""What can be known without Keras is refused before it is loaded, by every command: little work and memory."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import pytest
import yaml
from tests.cli.conftest import TINY
from tests.cli.refusing import refused

from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading
from amber.files.supernet_file import FORMAT

_CONV: dict[str, Any] = {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}
_IMAGE = {"Layer_type": "conv2d", "kernel_size": 9}
_FLAT: dict[str, Any] = {"Layer_type": "flatten"}


def _chain(*layers: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    return {("model_space",): [[each] for each in [*layers, _FLAT]], ("builder",): {"type": "sequential"}}


def _layer(**attributes: Any) -> tuple[tuple[Any, ...], Any]:
    return ("model_space",), [[{**_CONV, **attributes}], [_FLAT]]


# Changes of a configuration by key, and the key that the refusal names.
_CHANGES: dict[str, tuple[dict[tuple[Any, ...], Any], str]] = {
    "metric": ({("training", "metrics"): ["accuracy", "acuracy"]}, "training.metrics[1]"),
    "searched metric": ({("search", "metric"): "val_auc"}, "search.metric"),
    "loss": ({("training", "loss"): "mse"}, "training.loss"),
    "optimizer": ({("training", "optimizer"): "adamm"}, "training.optimizer"),
    "optimizer option": ({("training", "optimizer_options"): {"beta_1": 5}}, "training.optimizer_options.beta_1"),
    "operation": ({("model_space", 0, 0, "Layer_type"): "conv1dd"}, "model_space[0][0].Layer_type"),
    "attribute": ({("model_space", 0, 0, "filter"): 3}, "model_space[0][0].filter"),
    "width": ({("model_space", 0, 0, "filters"): 10**9}, "model_space[0][0].filters"),
    "negative size": ({("model_space", 0, 0, "kernel_size"): -3}, "model_space[0][0].kernel_size"),
    "initializer": ({("model_space", 0, 0, "kernel_initializer"): "he"}, "model_space[0][0].kernel_initializer"),
    "activation": ({("model_space", 0, 0, "activation"): "gelu"}, "model_space[0][0].activation"),
    "widths of a layer": ({("model_space", 0, 1, "filters"): 8}, "model_space[0]"),
    "metric twice": ({("training", "metrics"): ["accuracy", "acc"]}, "training.metrics[1]"),
    "reward": ({("search", "reward"): "auroc2"}, "search.reward"),
    "pruner": ({("search", "pruner"): "medain"}, "search.pruner"),
    "pruner without options": ({("search", "pruner"): "percentile"}, "search.pruner"),
    "pruner option": (
        {("search", "pruner"): "median", ("search", "pruner_options"): {"startup": 5}},
        "search.pruner_options.startup",
    ),
    "pruner and sampler": ({("search", "pruner"): "median", ("search", "sampler"): "nsga2"}, "search.pruner"),
    "sampler option": (
        {("search", "sampler"): "controller", ("search", "sampler_options"): {"lstm_size": 0}},
        "search.sampler_options.lstm_size",
    ),
    "knowledge": ({("search", "knowledge"): {"function": "none"}}, "search.knowledge.function"),
    "groups": (
        {("search", "knowledge"): {"function": "block_hierarchy", "options": {"groups": [["a", "b"]]}}},
        "search.knowledge.options.groups[0][0]",
    ),
    "budget": ({("search", "budget"): {"parameters": 3}}, "search.budget.parameters"),
    "strategy": (
        {
            ("builder",): {"type": "sequential", "flatten": True},
            ("search",): {"strategy": "one_shot"},
        },
        "search.strategy",
    ),
    "candidate of a supernet": (
        {("model_space", 0, 0, "strides"): 2, ("search",): {"strategy": "one_shot"}},
        "model_space[0][0].strides",
    ),
    "attribute that a supernet would ignore": (
        {("model_space", 0, 0, "use_bias"): True, ("search",): {"strategy": "one_shot"}},
        "model_space[0][0].use_bias",
    ),
    "pools of a supernet": (
        {("model_space", 1, "candidates", 0, "strides"): 2, ("search",): {"strategy": "one_shot"}},
        "model_space[1].candidates",
    ),
    "too long a kernel": (dict([_layer(kernel_size=70), (("builder",), {"type": "sequential"})]), "model_space[0][0]"),
    "too long a pool": (
        {
            ("model_space",): [[{"Layer_type": "maxpool1d", "pool_size": 70}], [_FLAT]],
            ("builder",): {"type": "sequential"},
        },
        "model_space[0][0]",
    ),
    "attention without a sequence": (
        _chain({"Layer_type": "globalmaxpool1d"}, {"Layer_type": "self_attention", "num_heads": 2}),
        "model_space[1][0]",
    ),
    "after attention": (
        _chain({"Layer_type": "self_attention", "num_heads": 2}, {**_CONV, "kernel_size": 70}),
        "model_space[1][0]",
    ),
    "image layers": (
        _chain(
            {"Layer_type": "reshape", "target_shape": [10, 6, 4]}, {**_CONV, "Layer_type": "conv2d", "kernel_size": 9}
        ),
        "model_space[1][0]",
    ),
    "no layer that reads numbers": (
        {
            ("data",): {"source": "mfeat", "blocks": {"x": "fou_*"}, "label": "digit"},
            ("model_space",): [[_CONV]] * 2,
            ("builder",): {"type": "multi_io"},
        },
        "model_space[0][0]",
    ),
    "groups of filters": (_chain({**_CONV, "groups": 3}), "model_space[0][0]"),
    "merge in a chain": (_chain({"Layer_type": "add"}), "model_space[0][0]"),
    "not flattened": ({("model_space",): [[_CONV]], ("builder",): {"type": "sequential"}}, "model_space"),
}

# Words of a command, and words of its refusal. `C` is a configuration, `RUN` a folder that looks like a finished run.
_COMMANDS: dict[str, tuple[list[str], str]] = {
    "build: no file": (["build", "none.yaml", "0"], "none.yaml: expected a configuration"),
    "build: no run": (["build", "folder"], "folder without best.json"),
    "build: damaged record": (["build", "damaged"], "best.json, line 1"),
    "build: too few tokens": (["build", "C", "0"], "TOKENS: An architecture of this layout has 3 tokens"),
    "build: suffix": (["build", "C", "0,0,0", "-o", "x.h5"], "ending in .keras"),
    "describe: no file": (["describe", "none.yaml"], "none.yaml: expected"),
    "describe: tokens": (["describe", "C", "9,0,0"], "Token 0"),
    "describe: no network": (["describe", "LONG", "0,0"], "model_space[0][0]"),
    "draw: tokens": (["draw", "C", "x"], "Token 0"),
    "draw: suffix": (["draw", "C", "0,0,0", "-o", "x.pdf"], ".svg or .png"),
    "sample: a folder": (["sample", "folder"], "Received: a folder"),
    "sample: no network": (["sample", "LONG"], "model_space[0][0]"),
    "evaluate: no model": (["evaluate", "none.keras"], "none.keras: expected a model file"),
    "evaluate: text": (["evaluate", "text.keras", "C"], "text.keras: expected a model saved by Keras 3"),
    "evaluate: not finished": (["evaluate", "folder"], "folder without best.json"),
    "predict: no model": (["predict", "none.keras", "records.csv"], "none.keras: expected a model file"),
    "predict: no records": (["predict", "archive.keras", "none.csv"], "none.csv: expected a CSV file"),
    "predict: letters": (["predict", "archive.keras", "records.csv"], "records.csv, line 2, position 5"),
    "predict: column": (["predict", "archive.keras", "records.csv", "--sequence", "dna"], "expected a column 'dna'"),
    "predict: length": (["predict", "model.keras", "other.csv"], "takes examples of shape (40, 4)"),
    "predict: output": (["predict", "model.keras", "other.csv", "-o", "/proc/x.csv"], "--output: expected a file that"),
    "predict: archive": (["predict", "void.keras", "other.csv"], "an archive without config.json"),
    "evaluate: archive": (["evaluate", "void.keras", "C"], "an archive without config.json"),
    "explain: no run": (["explain", "model.keras"], "expected a run directory"),
    "explain: not finished": (["explain", "folder"], "folder without best.json"),
    "scan: no motifs": (["scan", "none.meme", "x.fa"], "none.meme: expected motifs in MEME format"),
    "scan: text": (["scan", "records.csv", "records.csv"], "records.csv, line 1: expected 'MEME version 4'"),
    "scan: threshold": (["scan", "records.csv", "records.csv", "--threshold", "3"], "--threshold: expected a p-value"),
    "build: seed of a trained model": (
        ["build", "folder", "--trained", "--seed", "1"],
        "--seed: it sets initial weights",
    ),
    "extract: no file": (["extract", "none.h5", "0"], "none.h5: expected a supernet"),
    "extract: text": (["extract", "text.keras", "0"], "text.keras: expected a supernet"),
    "extract: HDF5 of something else": (["extract", "other.h5", "0"], "other.h5 is not a supernet file"),
    "extract: description": (["extract", "described.h5", "0"], "expected the description of a supernet"),
    "extract: tokens": (["extract", "supernet.h5", "0,0"], "TOKENS: An architecture of this layout has 1 tokens"),
    "report: no run": (["report", "folder"], "not a run directory"),
    "export: no run": (["export", "folder"], "not a run directory"),
    "export: suffix": (["export", "folder", "-o", "x.xlsx"], ".csv or .json"),
    "export: onto a folder": (["export", "folder", "-o", "folder.csv"], "folder.csv, which is a folder"),
    "compare: seeds": (["compare", "C", "--seeds", "a"], "--seeds: expected integers"),
    "compare: no file": (["compare", "none.yaml"], "none.yaml: expected a configuration"),
    "search: option": (["search", "C", "--trails", "3"], "--trials"),
    "search: run directory": (["search", "C", "-d", "records.csv"], "must be a folder"),
    "search: below /proc": (["search", "C", "-d", "/proc/run"], "/proc takes no new files"),
    "compare: below /proc": (["compare", "C", "-d", "/proc/run"], "/proc takes no new files"),
    "search: the column to predict": (["search", "LABEL", "-d", "run"], "must not hold the column 'label'"),
    "search: links in a circle": (["search", "C", "-d", "circle"], "a link that leads to itself"),
    "compare: a run": (["compare", "C", "-d", "finished"], "finished is the run directory of a search"),
    "search: in a file": (["search", "C", "-d", "records.csv/run"], "records.csv is not a folder"),
    "repair: no run": (["repair", "folder"], "not a run directory"),
    "design: no model": (["design", "none.keras"], "none.keras: expected a model file"),
    "design: not finished": (["design", "folder"], "folder without best.json"),
    "design: model alone": (["design", "model.keras"], "expected a run directory or a bundle"),
    "design: class": (["design", "bundle", "--for", "both"], "--for must be one of 'bound'"),
    "design: ranges": (["design", "bundle", "--fixed", "9-2"], "--fixed: expected ranges"),
    "design: positions": (["design", "bundle", "--fixed", "1-41"], "--fixed: expected positions from 1 to 40"),
    "design: content": (["design", "bundle", "--gc", "0.8", "0.2"], "`gc` must be a least and a most share"),
    "design: site": (["design", "bundle", "--forbidden", "GAXTC"], "`forbidden` sites are written in the letters"),
    "design: no start": (["design", "bundle", "--start", "none.fa"], "none.fa"),
    "design: length of a start": (["design", "bundle", "--start", "start.fa"], "expected 40 letters of A, C, G and T"),
    "design: folder": (["design", "bundle", "-o", "page.html"], "--output: expected the name of a folder"),
    "design: below /proc": (["design", "bundle", "-o", "/proc/designs"], "--output: expected a folder to write files"),
}


def _changed(changes: Mapping[tuple[Any, ...], Any]) -> str:
    config = copy.deepcopy(yaml.safe_load(TINY))
    for keys, value in changes.items():
        place = config
        for key in keys[:-1]:
            place = place[key] if isinstance(place, list) else place.setdefault(key, {})
        place[keys[-1]] = value
    return str(yaml.safe_dump(config))


def _write_model(path: Path, description: object) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(description))


def _write_bundle(path: Path) -> None:
    path.mkdir()
    reads = {"class_name": "InputLayer", "name": "input", "config": {"batch_shape": [None, 40, 4]}}
    _write_model(path / "model.keras", {"config": {"layers": [reads], "input_layers": ["input", 0, 0]}})
    task = TaskSpec({"input": (40, 4)}, {"output": ("free", "bound")})
    known = Preprocessing(task, {"input": SequenceReading("ACGT", 40, None, "mean")}, {}, {})
    (path / "preprocessing.json").write_text(json.dumps(known.to_dict()))


def _write_supernet(path: Path, what: str | None, description: object) -> None:
    with h5py.File(path, "w") as file:
        if what is not None:
            file.attrs["format"] = what
        file["supernet"] = json.dumps(description)
        file.create_group("weights")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files of many kinds."""
    path = tmp_path_factory.mktemp("files")
    (path / "C").write_text(TINY)
    (path / "LONG").write_text(_changed(dict([_layer(kernel_size=70), (("builder",), {"type": "sequential"})])))
    (path / "folder").mkdir()
    (path / "damaged").mkdir()
    (path / "folder.csv").mkdir()
    (path / "damaged" / "best.json").write_text('{"tokens": [')
    (path / "text.keras").write_text("text")
    (path / "void.keras").write_bytes(b"PK\5\6" + bytes(18))
    _write_model(path / "archive.keras", {})
    reads = {"class_name": "InputLayer", "name": "input", "config": {"batch_shape": [None, 40, 4]}}
    _write_model(path / "model.keras", {"config": {"layers": [reads], "input_layers": ["input", 0, 0]}})
    (path / "other.csv").write_text("seq\nACGT\n")
    (path / "labels.csv").write_text("seq,label\n" + "ACGT,A\nACGT,C\n" * 20)
    (path / "LABEL").write_text(_changed({("data",): {"source": "labels.csv", "sequence": "label", "label": "label"}}))
    for name in ("circle", "finished"):
        (path / name).mkdir()
        (path / name / "trials.jsonl").write_text("")
    (path / "circle" / "loop").symlink_to("loop")
    space = [[{"Layer_type": "identity", "filters": 4}]]
    _write_supernet(path / "other.h5", None, {})
    _write_supernet(path / "described.h5", FORMAT, {"registered_name": "amber>Dense", "config": {}})
    config = {"model_space": space, "with_skip_connection": True}
    _write_supernet(path / "supernet.h5", FORMAT, {"registered_name": "amber>ConvSupernet", "config": config})
    (path / "records.csv").write_text("seq,label\nACGTX,a\n")
    _write_bundle(path / "bundle")
    (path / "start.fa").write_text(">short\nACGT\n")
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="measures processes in KiB")
@pytest.mark.parametrize("name", _CHANGES)
def test_mistake_is_refused_before_keras_is_loaded(tmp_path: Path, name: str) -> None:
    changes, expected = _CHANGES[name]
    (tmp_path / "c.yaml").write_text(_changed(changes))
    assert f"key {expected}:" in refused(["search", "c.yaml", "-d", "run"], tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures processes in KiB")
@pytest.mark.parametrize("name", _COMMANDS)
def test_bad_input_is_refused_before_keras_is_loaded(folder: Path, name: str) -> None:
    words, expected = _COMMANDS[name]
    assert expected in refused(words, folder)


def test_backend_that_cannot_be_had_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(TINY)
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    words = [sys.executable, "-m", "amber", "search", str(path), "-d", str(tmp_path / "run")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "KERAS_BACKEND" in done.stderr and "c.yaml" not in done.stderr
