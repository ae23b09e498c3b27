"""Blocks, several outputs and branches, from configuration to predictions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.new_process import run_code

from amber.errors import ConfigError
from amber.experiment.configuration.reading import config_from_text

Amber = Callable[..., Any]

DATA = """\
name: cells
seed: 1
data:
  source: {source}
  split: random
  blocks:
    rna: rna_1..rna_3
    protein: [protein_a, protein_b]
"""
ONE = "  label: grade\n"
TWO = """\
  outputs:
    grade: {column: grade}
    dose: {column: dose, type: number, weight: 0.5}
"""
SPACE = """\
model_space:
  - repeat: 2
    candidates:
      - {Layer_type: dense, units: 4, activation: relu}
      - {Layer_type: identity}
"""
MULTI_IO = "builder:\n  type: multi_io\n  with_output_blocks: false\n"
REST = """\
training: {epochs: 1, batch_size: 16}
search: {sampler: random, trials: 3, metric: val_loss}
final: {epochs: 2, ensemble: 2}
references: {Somebody 2020: 0.9}
"""
DAG = "builder:\n  type: dag\n  dag_func: InputBlockDAG\n"
BRANCHES = """\
model_space:
  branches:
    dna:
      - - {Layer_type: conv1d, filters: 3, kernel_size: 3, activation: relu}
      - - {Layer_type: globalmaxpool1d}
        - {Layer_type: flatten}
    rna:
      - - {Layer_type: dense, units: 4, activation: relu}
  stem:
    - - {Layer_type: dense, units: 3, activation: relu}
builder: {type: branch, with_bn: true}
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    lines = ["rna_1,rna_2,rna_3,protein_a,protein_b,seq,grade,dose"]
    for _ in range(80):
        values = rng.normal(size=5)
        letters = "".join(rng.choice(list("ACGT"), 8))
        grade = "hi" if values[0] > 0 else "lo"
        lines.append(",".join([*(f"{value:.3f}" for value in values), letters, grade, f"{10 + 3 * values[3]:.3f}"]))
    path = tmp_path_factory.mktemp("blocks") / "cells.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def config_text(table: Path, outputs: str = ONE, rest: str = SPACE + MULTI_IO + REST) -> str:
    return DATA.replace("{source}", str(table)) + outputs + rest


@pytest.fixture(scope="module")
def runs(table: Path, tmp_path_factory: pytest.TempPathFactory, amber: Amber) -> dict[str, Path]:
    """Run directories of finished searches: one output, two outputs, branches, a DAG with intermediate outputs."""
    folder = tmp_path_factory.mktemp("runs")
    branch_data = config_text(table, rest=BRANCHES + REST).replace(
        "    protein: [protein_a, protein_b]\n", "    dna: {sequence: seq}\n"
    )
    texts = {"one": config_text(table), "two": config_text(table, TWO), "branch": branch_data}
    texts["dag"] = config_text(table, rest=SPACE + DAG + REST.replace(", ensemble: 2", ""))
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
        done = amber("search", folder / f"{name}.yaml", "-d", folder / name)
        assert done.exit_code == 0, done.output + done.stderr
        (folder / f"{name}.out").write_text(done.stdout)
    return {name: folder / name for name in texts}


@pytest.mark.slow
def test_summary_says_which_blocks_are_used(runs: dict[str, Path]) -> None:
    for shown in (runs["one"].with_suffix(".out").read_text(), (runs["one"] / "results.txt").read_text()):
        assert "Blocks that the best networks use" in shown
        assert "protein" in shown and "of 3" in shown
    drawn = (runs["one"] / "best.svg").read_text()
    assert "protein" in drawn and "rna" in drawn


@pytest.mark.slow
def test_the_best_model_loads_where_amber_is_not_installed(runs: dict[str, Path]) -> None:
    """Also that of a space whose children have intermediate outputs: what is kept is the network of the final one."""
    code = (
        "import sys; sys.modules['amber'] = None\n"
        "import keras\n"
        "for path in sys.argv[1:]:\n"
        "    model = keras.saving.load_model(path)\n"
        "    print(model.compiled, *model.output_names)\n"
    )
    files = [str(runs[name] / "best.keras") for name in ("one", "two", "branch", "dag")]
    done = run_code(code, *files)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True output", "True grade dose", "True output", "True output"]


@pytest.mark.slow
def test_a_run_can_be_evaluated(runs: dict[str, Path], amber: Amber) -> None:
    for name in runs:
        test = json.loads((runs[name] / "test.json").read_text())
        done = amber("evaluate", runs[name], "--json", "--split", "test")
        assert done.exit_code == 0, done.stderr
        found = json.loads(done.stdout)
        assert found.pop("split") == "test" and found.pop("test_looks") >= 1
        assert all(each["text"].endswith(".") for each in found.pop("warnings"))
        mine, recorded = (each if name == "two" else {"": each} for each in (found, test["model"]))
        assert set(mine) == set(recorded)
        for output, score in mine.items():
            measure = "r2" if output == "dose" else "accuracy"
            assert score[measure] == pytest.approx(recorded[output][measure])
    shown = amber("evaluate", runs["two"]).stdout
    assert "output grade" in shown and "output dose" in shown and "R2" in shown


def test_two_outputs_are_scored_beside_linear_models(runs: dict[str, Path]) -> None:
    test = json.loads((runs["two"] / "test.json").read_text())
    assert set(test["model"]["grade"]["per_class_accuracy"]) == {"hi", "lo"}
    assert test["model"]["dose"]["records"] == 16
    # The dose is a linear function of a feature, in its own unit again.
    assert test["linear_models"]["dose"]["r2"] > 0.99
    assert test["linear_models"]["dose"]["mae"] < 0.3
    trial = json.loads((runs["two"] / "trials.jsonl").read_text().splitlines()[0])
    assert {"val_grade_accuracy", "val_dose_mae", "val_dose_loss"} <= set(trial["metrics"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("one", ["line", "hi", "lo", "predicted"]),
        ("two", ["line", "grade_hi", "grade_lo", "grade_predicted", "dose"]),
        ("branch", ["line", "hi", "lo", "predicted"]),
        ("dag", ["line", "hi", "lo", "predicted"]),
    ],
)
def test_predictions_of_new_records(
    name: str, columns: list[str], runs: dict[str, Path], table: Path, amber: Amber
) -> None:
    done = amber("predict", runs[name], table)
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == columns
    assert [row["line"] for row in rows] == [str(line) for line in range(2, 82)]
    if name == "two":
        assert 0 < np.mean([float(row["dose"]) for row in rows]) < 20


def test_predictions_need_every_block(runs: dict[str, Path], table: Path, amber: Amber, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("rna_1,rna_2,rna_3\n1,2,3\n")
    done = amber("predict", runs["one"], short)
    assert done.exit_code == 2
    assert "Block 'protein'" in done.stderr and "protein_a" in done.stderr


def test_other_commands_take_blocks(runs: dict[str, Path], amber: Amber, tmp_path: Path) -> None:
    for name, folder in runs.items():
        config = folder.parent / f"{name}.yaml"
        (line,) = amber("sample", config, "--tokens", "--seed", 4).stdout.split()
        listed = json.loads(amber("sample", config, "--seed", 4, "--json").stdout)
        assert ",".join(map(str, listed[0]["tokens"])) == line
        assert amber("describe", folder).exit_code == 0
        drawn = tmp_path / f"{name}.svg"
        assert amber("draw", folder, "-o", drawn).exit_code == 0
        assert "rna" in drawn.read_text()
        assert amber("build", folder, "-o", tmp_path / f"{name}.keras").exit_code == 0


@pytest.mark.slow
def test_compare_over_seeds(table: Path, amber: Amber, tmp_path: Path) -> None:
    config = tmp_path / "cells.yaml"
    config.write_text(config_text(table).replace("sampler: random", "sampler: tpe"))
    done = amber("compare", config, "--seeds", "0,1", "--trials", 2, "-d", tmp_path / "all", "--quiet")
    assert done.exit_code == 0, done.stderr
    (found,) = json.loads((tmp_path / "all" / "compare.json").read_text())
    assert found["seeds"] == [0, 1]
    assert found["references"] == {"Somebody 2020": 0.9}
    assert list(found["scores"]) == [
        "search (tpe)", "best of as many random architectures", "logistic regression on all features"
    ]  # fmt: skip
    for seed in (0, 1):
        test = json.loads((tmp_path / "all" / f"seed{seed}-tpe" / "test.json").read_text())
        assert found["scores"]["search (tpe)"][seed] == test["model"]["accuracy"]
    again = amber("compare", config, "--seeds", "0,1", "--trials", 2, "-d", tmp_path / "all")
    assert again.exit_code == 0
    assert "Somebody 2020" in again.stdout and "Search of" not in again.stdout
    assert amber("compare", config, "--seeds", "0,x").exit_code == 2
    # What is in the folder is of another search then, and does not stand for this one.
    config.write_text(config.read_text().replace("batch_size: 16", "batch_size: 17"))
    other = amber("compare", config, "--seeds", "0", "--trials", 2, "-d", tmp_path / "all")
    assert other.exit_code == 2 and "batch_size" in other.stderr


def test_compare_of_a_one_shot_search_has_no_random_counterpart(amber: Amber, write_config: Any, tiny: str) -> None:
    config = write_config(tiny.replace("  sampler: random\n  trials: 2\n", "  strategy: one_shot\n"))
    done = amber("compare", config)
    assert done.exit_code == 2
    assert "search.strategy" in done.stderr and "--no-random" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("rna: rna_1..rna_3", "rna: 3"), r"data.blocks.rna: Block 'rna' must be columns.*Received: 3"),
        (
            ("type: multi_io\n  with_output_blocks: false", "type: branch"),
            "model_space: the builder branch takes a mapping",
        ),
        (("type: multi_io\n  with_output_blocks: false", "type: multi_io\n  wfs: 2"), "'wsf'"),
        (("references:", "referenses:"), "Did you mean 'references'"),
    ],
)
def test_mistakes_in_a_configuration_are_named(table: Path, change: tuple[str, str], message: str) -> None:
    text = config_text(table)
    assert change[0] in text
    with pytest.raises(ConfigError, match=message):
        config_from_text(text.replace(*change), "a.yaml")


def test_branches_are_those_of_the_blocks(table: Path) -> None:
    with pytest.raises(ConfigError, match="model_space.branches: expected one branch for each input: rna, protein"):
        config_from_text(config_text(table, rest=BRANCHES + REST), "a.yaml")
    with pytest.raises(ConfigError, match="multi_io takes a list of layers. Received: a mapping"):
        text = BRANCHES.replace("{type: branch, with_bn: true}", "{type: multi_io}")
        config_from_text(config_text(table, rest=text + REST), "a.yaml")


@pytest.mark.parametrize(
    ("outputs", "metric", "message"),
    [
        (TWO, "val_accuracy", "val_grade_accuracy, val_dose_loss, val_dose_mae"),
        (TWO.replace("column: dose", "column: doze"), "val_loss", "Did you mean 'dose'"),
        (TWO.replace("weight: 0.5", "loss: mze"), "val_loss", "data.outputs.dose.loss: expected the name of a Keras"),
    ],
)
def test_mistakes_in_outputs_are_named(
    table: Path, tmp_path: Path, amber: Amber, outputs: str, metric: str, message: str
) -> None:
    config = tmp_path / "cells.yaml"
    config.write_text(config_text(table, outputs).replace("metric: val_loss", f"metric: {metric}"))
    done = amber("search", config, "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 2
    assert message in done.stderr


def test_builders_of_one_input_say_so(table: Path, tmp_path: Path, amber: Amber) -> None:
    config = tmp_path / "cells.yaml"
    config.write_text(config_text(table).replace(MULTI_IO, "builder: {type: residual_cnn}\n"))
    done = amber("search", config, "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 2
    assert (
        "residual_cnn: expected one input of sequences or tracks; further ones may be numbers. Received: rna, protein"
        in done.stderr
    )


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("config", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_gives_networks(config: Path, amber: Amber) -> None:
    for tokens in amber("sample", config, "--tokens", "-n", 5).stdout.split():
        done = amber("describe", config, tokens, "--json")
        # Not every list of tokens is a network of several outputs; what is none says so.
        assert done.exit_code == 0 or "Output '" in done.stderr, done.stderr
        if done.exit_code == 0:
            assert json.loads(done.stdout)["parameters"] > 0
