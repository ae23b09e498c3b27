"""Examples of chains, run as a user runs them, with fewer trials."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*command: object, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_digits(tmp_path: Path) -> None:
    shown = run(EXAMPLES / "digits.py", "--trials", 2, "--epochs", 2, "--final-epochs", 20, folder=tmp_path)
    found = re.fullmatch(r"test accuracy: (\S+), logistic regression: (\S+)", shown.splitlines()[-1])
    assert found
    network, simple = map(float, found.groups())
    assert simple == pytest.approx(0.967, abs=0.01)
    # A network of the best kind reaches 0.97 to 0.99; chance is 0.1.
    assert network > 0.85
    assert len(re.findall(r"^(conv2d|identity|maxpool2d|avgpool2d|flatten|global|dropout|dense)", shown, re.M)) == 6


@pytest.mark.slow
def test_recurrent_layers_on_splice(tmp_path: Path) -> None:
    amber = ("-c", "from amber.cli.main import main; main()")
    config = EXAMPLES / "splice_recurrent.yaml"
    shown = run(*amber, "search", config, "--trials", 2, "-d", "run", folder=tmp_path)
    assert "best network" in shown and "logistic regression" in shown
    tokens = run(*amber, "sample", config, "--tokens", "-n", 20, folder=tmp_path).split()
    assert len(tokens) == 20
    described = run(*amber, "describe", config, "0,0,3,0,0,0,0", folder=tmp_path)
    assert "bidirectional" in described and "self_attention" in described
    # What was found runs where AMBER is not installed.
    load = "import keras; print(keras.saving.load_model('run/best.keras').input_shape)"
    assert run("-c", f"import sys; sys.modules['amber'] = None; {load}", folder=tmp_path).strip() == "(None, 60, 4)"


@pytest.mark.slow
def test_zero_shot_on_simulated_motifs(tmp_path: Path) -> None:
    few = ("--episodes", 1, "--architectures", 1, "--records", 200, "--epochs", 1, "--proposals", 2)
    shown = run(EXAMPLES / "zero_shot_motifs.py", *few, folder=tmp_path)
    assert re.search(r"^trained 6 networks$", shown, re.M)
    rows = re.findall(r"^(one new motif|new distance) .*?((?: +0\.\d{4}){3})$", shown, re.M)
    assert len(rows) == 6 and all(0 <= float(score) <= 1 for _, scores in rows for score in scores.split())


@pytest.mark.slow
def test_zero_shot_on_promoters_in_the_folder_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for name, length in (("Ecoli", 30), ("Bsubtilis", 30), ("Arabidopsis_TATA", 40)):
        lines = ["seq,label,gsplit"]
        for label in (0, 1):  # sorted by class, as the published files are
            for row in range(60):
                letters = "".join(rng.choice(list("ACGT"), length))
                lines.append(f"{letters},{label},{('train', 'train', 'val', 'test')[row % 4]}")
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("AMBER_DATA_DIR", str(tmp_path))
    few = ("--episodes", 1, "--architectures", 1, "--records", 40, "--epochs", 1, "--proposals", 1)
    shown = run(EXAMPLES / "zero_shot_promoters.py", *few, folder=tmp_path)
    assert re.findall(r"^held out: (\w+)$", shown, re.M) == ["Ecoli", "Bsubtilis", "Arabidopsis_TATA"]
    assert len(re.findall(r"^\w+ +(?:proposed.*|random) +0\.\d{4}", shown, re.M)) == 9


def test_slurm_array_starts_each_task_on_the_same_study(tmp_path: Path) -> None:
    fake = tmp_path / "amber"
    fake.write_text('#!/bin/sh\necho "$OMP_NUM_THREADS $*"\n')
    fake.chmod(0o755)
    task = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_CPUS_PER_TASK": "2", "AMBER_STORAGE": "postgresql://db/x"}
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **task}
    script = ["bash", str(EXAMPLES / "slurm_array.sh")]
    done = subprocess.run([*script, "c.yaml"], env=environment, capture_output=True, text=True, check=True)
    expected = "2 search c.yaml --storage postgresql://db/x --run-directory runs/array-7 --resume --quiet\n"
    assert done.stdout == expected
    refused = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "usage: sbatch slurm_array.sh CONFIG.yaml" in refused.stderr


def test_the_yeast_of_the_demo_is_what_its_readme_says() -> None:
    from amber.data.genomics import Genome, read_intervals

    folder = EXAMPLES / "yeast"
    genome = Genome(folder / "yeast_chromosomes.fa.gz")
    assert sum(genome.lengths.values()) == 4_054_728 and list(genome.lengths) == ["VII", "XIII", "XV", "XVI"]
    assert len(read_intervals(folder / "reb1.bed")) == 423
    assert {path.name for path in folder.glob("*.fa.gz.*")} == {
        f"yeast_chromosomes.fa.gz.{end}" for end in ("fai", "gzi")
    }


@pytest.mark.slow
def test_the_search_of_the_demo_runs_and_its_network_predicts_the_peaks(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "yeast", tmp_path / "yeast")
    written = (EXAMPLES / "yeast.yaml").read_text()
    shorter = re.sub(r"epochs: \d+", "epochs: 2", written).replace("ensemble: 3", "ensemble: 1")
    assert shorter != written
    (tmp_path / "short.yaml").write_text(shorter)
    amber = ("-c", "from amber.cli.main import main; main()")
    shown = run(*amber, "search", "short.yaml", "--trials", 1, "-d", "run", folder=tmp_path)
    assert "Test of reb1 (308 examples" in shown and "logistic regression" in shown
    run(*amber, "predict", "run", "yeast/reb1.bed", "-o", "predictions.bed", folder=tmp_path)
    assert len((tmp_path / "predictions.bed").read_text().splitlines()) == 1 + 423
