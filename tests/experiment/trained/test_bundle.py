"""A network to pass on: written by the command, read by a new process, with and without AMBER."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import amber as package
from amber.errors import ConfigError, DataError
from amber.experiment.trained.model import TrainedModel

Amber = Callable[..., Any]
VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t101\t.\tA\tT\t.\t.\t.\n"


@pytest.fixture(scope="module")
def bundle(amber: Amber, finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "model"
    done = amber("export", finished_run, "-o", folder)
    assert done.exit_code == 0, done.stderr
    assert "Begin with README.md." in done.stdout and "Without" not in done.stdout
    return folder


@pytest.fixture(scope="module")
def model(bundle: Path) -> TrainedModel:
    return package.load(bundle)


def test_files(bundle: Path) -> None:
    names = ["README.md", "config.yaml", "examples.json", "model.keras", "model.onnx", "preprocessing.json"]
    assert sorted(path.name for path in bundle.iterdir()) == [*names, "scores.json"]
    card = (bundle / "README.md").read_text()
    for said in (
        "one of the classes: EI, IE, N",
        "2,230 train, 320 validation, 640 test",
        "| AUROC | ",
        "difference from logistic regression",
        "sequences of 60 letters (ACGT); an unknown letter is the mean of all",
        "The test split was used once",
        "Licence: not stated",
        "`amber explain`, which finds and names motifs, was not run",
    ):
        assert said in card, said


@pytest.mark.slow
def test_another_process_predicts_the_examples(bundle: Path) -> None:
    examples = json.loads((bundle / "examples.json").read_text())
    program = (
        "import json, sys, amber\n"
        "found = amber.load(sys.argv[1]).predict(json.load(open(sys.argv[1] + '/examples.json'))['inputs'])\n"
        "print(json.dumps(found.tolist()))"
    )
    without = (
        "import json, sys, numpy as np, keras\n"
        "texts = json.load(open(sys.argv[1] + '/examples.json'))['inputs']['input']\n"
        "x = np.array([[[float(letter == base) for base in 'ACGT'] for letter in text] for text in texts], 'float32')\n"
        "print(json.dumps(keras.saving.load_model(sys.argv[1] + '/model.keras').predict(x, verbose=0).tolist()))\n"
        "print('amber' in sys.modules, file=sys.stderr)"
    )
    for text in (program, without):
        done = subprocess.run([sys.executable, "-c", text, str(bundle)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        np.testing.assert_allclose(
            json.loads(done.stdout.splitlines()[-1]), examples["predictions"]["output"], atol=1e-5
        )
    assert "False" in done.stderr


@pytest.mark.slow
def test_run_and_bundle_predict_the_same(model: TrainedModel, bundle: Path, finished_run: Path) -> None:
    texts = json.loads((bundle / "examples.json").read_text())["inputs"]["input"]
    found = model.predict(texts)
    assert isinstance(found, np.ndarray) and found.shape == (5, 3) and model.outputs == {"output": ("EI", "IE", "N")}
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    for path in (finished_run, finished_run / "best.json", finished_run / "best.keras"):
        np.testing.assert_allclose(package.load(path).predict(texts), found, atol=1e-6)
    partners = str.maketrans("ACGT", "TGCA")
    other = model.predict([text.translate(partners)[::-1] for text in texts])
    np.testing.assert_allclose(model.predict(texts, both_strands=True), (found + other) / 2, atol=1e-6)


def test_explanations_are_of_the_output_that_is_named(model: TrainedModel, bundle: Path) -> None:
    texts = json.loads((bundle / "examples.json").read_text())["inputs"]["input"][:2]
    from amber.explain import saliency

    x = model.preprocessing.inputs(texts)["input"]
    for unit, name in enumerate(("EI", "IE", "N")):
        found = model.explain(texts, name, method="saliency")
        np.testing.assert_allclose(found, saliency(model.network, x, unit), atol=1e-6)
    contributions = model.explain(texts, "IE", shuffles=2)
    assert isinstance(contributions, np.ndarray) and contributions.shape == (2, 60, 4)
    with pytest.raises(ConfigError, match="`output` must be one of 'EI', 'IE', 'N'. Received: 'AG'"):
        model.explain(texts, "AG")
    with pytest.raises(ConfigError, match="`method` must be one of deep_lift, .*Received: 'shap'"):
        model.explain(texts, method="shap")


def test_the_page_runs_as_it_stands(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "using_a_model.md").read_text(encoding="utf-8")
    (tmp_path / "model").symlink_to(bundle)
    (tmp_path / "genome.fa").write_text(">chr1\n" + "ACGTTGCAAC" * 20 + "\n")
    (tmp_path / "calls.vcf").write_text(VCF)
    monkeypatch.chdir(tmp_path)
    exec(compile(page.split("```python\n")[1].split("```")[0], "page", "exec"), {})
    assert "('EI', 'IE', 'N')" in capsys.readouterr().out


def test_variants(model: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGTTGCAAC" * 20 + "\n")
    (tmp_path / "v.vcf").write_text(VCF)
    scored = model.variants(tmp_path / "v.vcf", tmp_path / "g.fa")
    assert [each.title for each in scored.units] == ["EI", "IE", "N"] and len(scored.table().splitlines()) == 4
    window = ("ACGTTGCAAC" * 20)[70:130]
    one, other = np.asarray(model.predict([window, window[:30] + "T" + window[31:]]))
    np.testing.assert_allclose(scored.effects.difference[0], other - one, atol=1e-6)


@pytest.mark.slow
def test_an_earlier_bundle_is_replaced_and_nothing_else(
    amber: Amber, bundle: Path, finished_run: Path, tmp_path: Path
) -> None:
    before = (bundle / "preprocessing.json").read_bytes()
    assert amber("export", finished_run, "-o", bundle).exit_code == 0
    assert (bundle / "preprocessing.json").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    done = amber("export", finished_run, "-o", tmp_path / "mine")
    assert done.exit_code == 2 and "expected a new or empty folder, or an earlier bundle" in done.stderr
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "all of it"


@pytest.mark.parametrize("path", [5, None, ""])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(ConfigError, match=f"path must be the path of a file or folder. Received: {path!r}"):
        package.load(path)


def test_keywords_have_an_effect_or_are_refused(model: TrainedModel) -> None:
    texts = ["ACGT" * 15]
    for given, said in (
        ({"batch_size": 0}, "batch_size must be a positive integer. Received: 0"),
        ({"both_strands": "yes"}, "both_strands must be True or False. Received: 'yes'"),
    ):
        with pytest.raises(ConfigError, match=said):
            model.predict(texts, **given)
    for method, given in (
        ("mutagenesis", {"references": "zeros"}),
        ("saliency", {"hypothetical": True}),
        ("gradient_times_input", {"shuffles": 3}),
        ("deep_lift", {"steps": 3}),
        ("deep_lift", {"references": "mean", "seed": 1}),
    ):
        with pytest.raises(ConfigError, match=f"{method}.*Received: {[*given][-1]}="):
            model.explain(texts, method=method, **given)
    with pytest.raises(ConfigError, match="genome must be the path of a file or folder. Received: 3"):
        model.variants("calls.vcf", 3)  # type: ignore[arg-type]


def test_a_model_alone_and_damaged_files_are_refused(bundle: Path, model: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes((bundle / "model.keras").read_bytes())
    with pytest.raises(ConfigError, match="Received: a model file alone; keras.saving.load_model loads it"):
        package.load(tmp_path / "m.keras")
    (tmp_path / "preprocessing.json").write_text('{"format_version": 9}')
    (tmp_path / "model.keras").write_bytes((bundle / "model.keras").read_bytes())
    with pytest.raises(ConfigError, match="preprocessing.json, key 'format_version': expected 1. Received: 9"):
        package.load(tmp_path)
    with pytest.raises(DataError, match="the network reads 60 letters. Received: 4"):
        model.predict(["ACGT"])


def test_a_bundle_that_fails_names_the_file_of_the_run_and_leaves_no_folder(
    amber: Amber, finished_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    (run / "best.keras").write_bytes((finished_run / "best.keras").read_bytes()[:-200])
    done = amber("export", run, "-o", tmp_path / "out" / "deep")
    assert done.exit_code == 2 and "run/best.keras: expected a model saved by Keras 3" in done.stderr.replace("\n", "")
    assert ".replacement" not in done.stderr and [each.name for each in tmp_path.iterdir()] == ["run"]


def test_what_a_killed_export_left_is_no_other_file(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / ".replacement").mkdir()
    (tmp_path / ".replacement" / "model.keras").write_bytes(b"half")
    done = amber("export", finished_run, "-o", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert "README.md" in (names := {each.name for each in tmp_path.iterdir()}) and ".replacement" not in names
