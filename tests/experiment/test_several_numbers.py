"""Several numbers, profiles and labels beside other outputs, named in a configuration."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import amber as amber_package
from amber.data.targets.target import Labels, Numbers
from amber.errors import ConfigError
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.data import load_data
from amber.experiment.experiment import resolve
from amber.experiment.options import RunOptions
from amber.experiment.task_spec import TaskSpec

Amber = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of sequences with two numbers, one of them with holes, a class and two labels; a genome with a signal."""
    import pybigtools

    rng = np.random.default_rng(0)
    letters = np.array(list("ACGT"))
    rows = []
    for k in range(90):
        text = "".join(letters[rng.integers(0, 4, 12)])
        hole = "" if k % 9 == 0 else text.count("G")
        rows.append(f"{text},{text.count('A') + k / 100},{hole},{'xy'[k % 2]},{k % 2},{int('AC' in text)}\n")
    (tmp_path / "t.csv").write_text("seq,u,v,kind,l_1,l_2\n" + "".join(rows))
    genome = "".join(letters[rng.integers(0, 4, 4000)])
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n")
    (tmp_path / "a.bed").write_text("".join(f"chr1\t{30 + 40 * k}\t{50 + 40 * k}\n" for k in range(90)))
    values = [("chr1", place, place + 1, float(genome[place] == "G")) for place in range(4000)]
    pybigtools.open(str(tmp_path / "s.bw"), "w").write({"chr1": 4000}, values)
    return tmp_path


PROFILE = "{source: {intervals: a.bed, genome: g.fa, window: 24, signals: {cov: s.bw}, profile: 6}, label: cov%s}"


def _loaded(folder: Path, tiny: str, data: str, more: str = "") -> Configuration:
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata: {data}\n{more}")
    return config_from_text(text, str(folder / "c.yaml"))


def test_a_list_of_columns_is_an_output_of_several_numbers(folder: Path, tiny: str) -> None:
    data = load_data(_loaded(folder, tiny, "{source: t.csv, label: [u, v]}"))
    task = TaskSpec.of(data)
    assert task.outputs == {"output": Numbers(("u", "v"), missing=True)}
    assert TaskSpec.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    (output,) = task.output_operations()
    assert output.Layer_attributes["units"] == 2 and output.Layer_attributes["activation"] == "linear"


def test_a_profile_is_as_many_numbers_as_it_has_bins(folder: Path, tiny: str) -> None:
    task = TaskSpec.of(load_data(_loaded(folder, tiny, PROFILE % "")))
    assert task.outputs == {"output": Numbers(("cov",), bins=4, bin_width=6, partners=(0,))}
    assert TaskSpec.from_dict(json.loads(json.dumps(task.to_dict()))) == task


OUTPUTS = "{source: t.csv, outputs: {kind: {column: kind}, both: {column: [u, v]}, marks: {labels: l_*}}}"


def test_outputs_of_every_kind_stand_beside_each_other(folder: Path, tiny: str) -> None:
    task = TaskSpec.of(load_data(_loaded(folder, tiny, OUTPUTS)))
    assert task.outputs == {
        "kind": ("x", "y"),
        "both": Numbers(("u", "v"), missing=True),
        "marks": Labels(("l_1", "l_2")),
    }


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ("{source: t.csv, label: [u, nope]}", "data.label", "'nope'"),
        ("{source: t.csv, label: [u, kind]}", "data.label", "line 2, column 'kind': expected a number"),
        ("{source: t.csv, label: [u, v], task: classification}", "data.label", "several numbers"),
        ("{source: t.csv, outputs: {a: {}}}", "data.outputs.a", "one of `column` and `labels`"),
        ("{source: t.csv, outputs: {a: {column: u, labels: l_*}}}", "data.outputs.a", "one of `column` and `labels`"),
        ("{source: t.csv, outputs: {a: {labels: u}}}", "data.outputs.a", "a label must be 0 or 1"),
        (PROFILE.replace("profile: 6", "profile: 5") % "", "data.source.profile", "divide the 24 bases"),
        (PROFILE % ", augmentation: {shift: 2}", "data.augmentation", "whole bins"),
    ],
)
def test_mistakes_name_key_and_line(folder: Path, tiny: str, data: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"line \d+, key {key}.*: .*{words}"):
        load_data(_loaded(folder, tiny, data))


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ("training: {loss: mae}\n", "training.loss", "the loss mse"),
        (
            "training: {metrics: [r2_score]}\n",
            "training.metrics",
            "leaves missing numbers out: one of mean_absolute_error",
        ),
    ],
)
def test_what_missing_numbers_cannot_have(folder: Path, tiny: str, more: str, key: str, words: str) -> None:
    section, _, value = more.strip().partition(": ")
    inner = value.strip("{}")
    text = tiny.replace("seed: 3\n", "seed: 3\ndata: {source: t.csv, label: [u, v]}\n")
    text = text.replace(f"{section}:\n", f"{section}:\n  {inner}\n", 1) if f"{section}:\n" in text else text + more
    with pytest.raises(ConfigError, match=rf"key {key}.*{words}"):
        resolve(config_from_text(text, str(folder / "c.yaml")), RunOptions(run_directory=folder / "run"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", ["{source: t.csv, label: [u, v]}", PROFILE % ", augmentation: {reverse_complement: true}"]
)
def test_a_search_scores_and_predicts_them(
    folder: Path, tiny: str, amber: Amber, write_config: Callable[..., Path], data: str
) -> None:
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata: {data}\n") + f"run_directory: {folder / 'run'}\n"
    (folder / "c.yaml").write_text(text)
    done = amber("search", folder / "c.yaml")
    assert done.exit_code == 0, done.stderr
    test = json.loads((folder / "run/test.json").read_text())
    names = ["u", "v"] if "t.csv" in data else ["cov"]
    assert list(test["model"]["per_number_r2"]) == names and list(test["ridge_regression"]["per_number_r2"]) == names
    assert list(test["evaluation"]["output"]["per_class"]) == names
    model = amber_package.load(folder / "run")
    sequences = ["ACGTTGCAACGT" * (1 if "t.csv" in data else 2)]
    predicted, both = model.predict(sequences), model.predict(sequences, both_strands=True)
    units = [each.title for each in model.preprocessing.units()]
    assert predicted.shape == both.shape == (1, len(units))
    assert units == (names if "t.csv" in data else ["cov_1", "cov_2", "cov_3", "cov_4"])
    other = model.predict(
        ["ACGTTGCAACGT"[::-1].translate(str.maketrans("ACGT", "TGCA")) * (1 if "t.csv" in data else 2)]
    )
    turned = other if "t.csv" in data else other[:, ::-1]
    np.testing.assert_allclose(both, (predicted + turned) / 2, rtol=1e-4, atol=1e-5)
    if "t.csv" not in data:
        _check_genomic_files(folder, amber, model)
    evaluated = amber("evaluate", folder / "run")
    assert evaluated.exit_code == 0, evaluated.stderr
    reported = amber("report", folder / "run", "-o", folder / "page.html")
    assert reported.exit_code == 0, reported.stderr


def _check_genomic_files(folder: Path, amber: Amber, model: amber_package.TrainedModel) -> None:
    """Profiles of intervals and around variants are those of their sequences, with the other strand turned round."""
    genome = (folder / "g.fa").read_text().split("\n")[1]
    done = amber("predict", folder / "run", folder / "a.bed", "--both-strands")
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    units = [each.title for each in model.preprocessing.units()]
    found = np.array([[float(row[unit]) for unit in units] for row in rows])
    windows = [genome[int(row["start"]) : int(row["end"])] for row in rows]
    np.testing.assert_allclose(found, model.predict(windows, both_strands=True), rtol=1e-4, atol=1e-5)
    other = "ACGT".replace(genome[99], "")[0]
    (folder / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=4000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t100\t.\t{genome[99]}\t{other}\t.\t.\t.\n"
    )
    scored = model.variants(folder / "v.vcf", folder / "g.fa", both_strands=True)
    expected = model.predict([genome[87:111]], both_strands=True)
    np.testing.assert_allclose(scored.effects.reference, expected, rtol=1e-4, atol=1e-5)
