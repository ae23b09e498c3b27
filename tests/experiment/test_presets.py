"""Configurations that name a preset: refused early, written out, searched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from amber import Experiment, run
from amber.data import load_simulated
from amber.errors import ConfigError
from amber.experiment import load_config
from amber.experiment.configuration.document import parse_yaml
from amber.presets import PRESETS

SIMULATED = {"simulated": {"records": 300, "length": 60, "seed": 1}}
SHORT = {
    "training": {"epochs": 1, "batch_size": 64},
    "search": {"sampler": "random", "trials": 2},
    "final": {"epochs": 1, "ensemble": 1},
}
OF_SEQUENCES = sorted(set(PRESETS.names()) - {"feature_groups"})


def sections(preset: str | None, **more: Any) -> dict[str, Any]:
    space = {} if preset is None else {"model_space": {"preset": preset}}
    return {"data": {"source": SIMULATED}, **space, **SHORT, **more}


@pytest.mark.slow
@pytest.mark.parametrize("preset", OF_SEQUENCES)
def test_every_preset_of_sequences_is_searched(preset: str, tmp_path: Path) -> None:
    result = run(Experiment.from_dict(sections(preset), run_directory=tmp_path / "run"))
    assert result.search is not None
    assert result.best_model.is_file()
    assert [trial.status for trial in result.search.trials].count("complete") == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["groups", "mixed"])
def test_feature_groups_are_searched(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["seq,a1,a2,b1,b2,b3,label"]
    for _ in range(200):
        numbers = rng.normal(size=5)
        letters = "".join(rng.choice(list("ACGT"), size=30))
        rows.append(",".join([letters, *(f"{each:.3f}" for each in numbers), "yes" if numbers[0] > 0 else "no"]))
    table = tmp_path / "table.csv"
    table.write_text("\n".join(rows) + "\n")
    blocks: dict[str, Any] = {"a": "a1..a2", "b": "b1..b3"}
    if kind == "mixed":
        blocks["dna"] = {"sequence": "seq"}
    data = {"source": str(table), "blocks": blocks, "label": "label", "split": "random"}
    experiment = Experiment.from_dict({"data": data, **SHORT}, run_directory=tmp_path / "run")
    assert experiment.configuration.builder_type == ("dag" if kind == "groups" else "branch")
    assert "feature_groups (chosen by the data)" in "\n".join(experiment.summary)
    result = run(experiment)
    assert result.search is not None
    assert result.best_model.is_file()


@pytest.mark.slow
def test_a_run_directory_records_the_space_and_its_text_keeps_its_lines(tmp_path: Path) -> None:
    written = tmp_path / "mine.yaml"
    text = (
        "# Mine.\ndata:\n  source: {simulated: {records: 300, length: 60}}\nmodel_space:  # to begin with\n"
        "  preset: motif_cnn\n# What follows stays.\ntraining: {epochs: 1, batch_size: 64}\n"
        "search: {sampler: random, trials: 1}\nfinal: {epochs: 1, ensemble: 1}\n"
    )
    written.write_text(text)
    experiment = Experiment.from_yaml(written, run_directory=tmp_path / "run")
    run(experiment)
    recorded = (tmp_path / "run" / "config.yaml").read_text()
    assert yaml.safe_load(recorded)["model_space"][1] == [{"Layer_type": "batch_normalization"}]
    assert yaml.safe_load(recorded)["builder"] == {"type": "sequential"}
    assert "preset motif_cnn for 210 training examples of 60 x 4, written out" in recorded
    assert recorded.splitlines()[6] == text.splitlines()[6]
    record = json.loads((tmp_path / "run" / "best.json").read_text())
    assert "preset:" not in record["config"]
    again = Experiment.from_yaml(written, run_directory=tmp_path / "run", resume=True)
    assert again.configuration.space.to_dict() == experiment.configuration.space.to_dict()


def test_a_flow_document_and_given_builder_options_are_kept() -> None:
    given = sections("dilated_cnn", builder={"type": "residual_cnn", "fc_units": 7})
    experiment = Experiment.from_dict(given, run_directory="unused")
    assert experiment.configuration.builder_options.fc_units == 7
    assert experiment.configuration.builder_options.dropout_rate == 0.1
    document = parse_yaml(json.dumps(given), "flow.yaml")
    from amber.data import Simulation
    from amber.experiment.configuration.reading import check_config
    from amber.experiment.presets import with_preset

    loaded = check_config(document)
    expanded = with_preset(loaded, load_simulated(Simulation(records=300, length=60, seed=1)))
    assert len(expanded.space) > 3
    assert expanded.document.data["training"] == SHORT["training"]


@pytest.mark.slow
def test_one_shot_search_takes_a_residual_preset(tmp_path: Path) -> None:
    short = {
        "start_steps": 1,
        "warm_up_steps": 1,
        "steps_per_episode": 1,
        "episodes": 1,
        "architectures": 2,
        "sample": 2,
        "top_k": 1,
        "finalist_steps": 1,
    }
    search = {"strategy": "one_shot", "one_shot": short}
    given = sections(None, search=search, training={"epochs": 1, "batch_size": 64})
    experiment = Experiment.from_dict(given, run_directory=tmp_path / "run")
    assert "preset deep_residual_cnn" in "\n".join(experiment.summary)
    assert run(experiment).best_model.is_file()
    with pytest.raises(ConfigError, match="expected deep_residual_cnn or dilated_cnn"):
        Experiment.from_dict({**given, "model_space": {"preset": "motif_cnn"}}, run_directory=tmp_path / "other")


def test_data_as_objects_take_a_preset_by_name(tmp_path: Path) -> None:
    from amber.data import Simulation

    dataset = load_simulated(Simulation(records=300, length=60))
    experiment = Experiment.from_objects(dataset, "cnn_attention", run_directory=tmp_path / "run", sections=SHORT)
    assert experiment.dataset is dataset
    assert experiment.configuration.builder_type == "sequential"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{preset: motif_cn}", r"line 1, key model_space\.preset: .*auto, or one of cnn_attention.*'motif_cnn'\?"),
        ("{preset: motif_cnn, size: 3}", r"key model_space\.size: "),
        ("{preset: 3}", "Received: 3"),
    ],
)
def test_a_misspelt_preset_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"model_space: {text}\n")
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_a_misspelt_preset_is_refused_before_keras_loads(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("model_space: {preset: motif_cn}\n")
    code = (
        "import sys\nfrom amber.errors import ConfigError\nfrom amber import Experiment\n"
        f"try:\n    Experiment.from_yaml({str(path)!r})\n"
        "except ConfigError:\n    sys.exit(3 + ('keras' in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3


def test_another_builder_than_that_of_the_preset_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"key builder.type: the preset motif_cnn is built by sequential"):
        Experiment.from_dict(sections("motif_cnn", builder={"type": "dag"}), run_directory="unused")


@pytest.mark.parametrize(("preset", "data"), [("feature_groups", SIMULATED), ("motif_cnn", "mfeat")])
def test_a_preset_of_other_data_is_refused(preset: str, data: Any) -> None:
    given = sections(preset)
    given["data"] = {"source": data}
    if data == "mfeat":
        given["data"] |= {"blocks": {"fou": "fou_1..fou_76"}, "label": "digit", "split": "random"}
    with pytest.raises(ConfigError, match="key model_space.preset: The preset"):
        Experiment.from_dict(given, run_directory="unused")


@pytest.mark.parametrize("text", ["model_space: {preset: dilated_cnn}\n", ""])
def test_describe_prints_the_space_of_a_preset(text: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from amber.cli.main import app

    path = tmp_path / "c.yaml"
    path.write_text(f"data: {{source: splice}}\n{text}")
    done = CliRunner().invoke(app, ["describe", str(path), "--space"])
    assert done.exit_code == 0, done.output
    printed = yaml.safe_load(done.stdout)
    assert printed["builder"]["type"] == ("residual_cnn" if text else "sequential")
    assert len(printed["model_space"]) >= 4
    given = CliRunner().invoke(app, ["describe", str(path), "0,1", "--space"])
    assert given.exit_code == 2


def test_sample_draws_of_a_preset(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from amber.cli.main import app

    path = tmp_path / "c.yaml"
    path.write_text("data: {source: splice}\n")
    done = CliRunner().invoke(app, ["sample", str(path), "--tokens", "-n", "2"])
    assert done.exit_code == 0, done.output
    tokens = done.stdout.split()[0]
    described = CliRunner().invoke(app, ["describe", str(path), tokens, "--json"])
    assert described.exit_code == 0, described.output
    assert json.loads(described.stdout)["parameters"] > 0
