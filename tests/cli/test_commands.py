"""The commands, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.new_process import warm

COMMANDS = (
    "search", "compare", "build", "describe", "draw", "sample", "evaluate", "explain", "scan", "predict", "extract",
    "report", "export", "dashboard",
)  # fmt: skip
Amber = Callable[..., Any]


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "amber", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_of_all(amber: Amber) -> None:
    done = amber("--help")
    assert done.exit_code == 0
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_no_keras(command: str) -> None:
    probe = (
        "import sys\nfrom amber.cli.main import main\n"
        f"sys.argv = ['amber', '{command}', '--help']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    code = stop.code\n"
        "sys.stderr.write(repr((code, [m for m in ('keras', 'torch', 'optuna') if m in sys.modules])))"
    )
    done = warm("amber.cli.main").run(probe, ["-c"])
    assert done.stderr == "(0, [])"
    assert "Usage:" in done.stdout


def test_version_and_unknown_option(amber: Amber) -> None:
    from amber import __version__

    assert amber("--version").stdout == f"amber {__version__}\n"
    assert amber("search", "x.yaml", "--foo").exit_code == 2
    assert amber("serch").exit_code == 2


@pytest.mark.slow
def test_search_writes_every_file(finished_run: Path) -> None:
    names = {path.name for path in finished_run.iterdir()}
    assert names == {
        ".lock", "best.json", "best.keras", "best.png", "best.svg", "config.yaml", "ranking.csv", "ranking.txt",
        "results.txt", "search.json", "search.log", "test.json", "trials.jsonl",
    }  # fmt: skip
    record = json.loads((finished_run / "best.json").read_text())
    assert {"space", "tokens", "architecture", "scores", "seed", "versions"} <= set(record)
    assert record["inputs"] == {"input": [60, 4]}
    assert record["outputs"] == {"output": ["EI", "IE", "N"]}
    test = json.loads((finished_run / "test.json").read_text())
    estimate = test["evaluation"]["output"]["scores"]["accuracy"]
    assert estimate["low"] <= estimate["value"] == test["model"]["accuracy"] <= estimate["high"]
    assert "In brackets: 95 % intervals" in (finished_run / "results.txt").read_text()
    assert set(test["model"]["per_class_accuracy"]) == {"EI", "IE", "N"}
    assert test["model"]["records"] == test["logistic_regression"]["records"] == 640
    assert test["logistic_regression"]["accuracy"] == pytest.approx(0.958, abs=0.01)
    shown = (finished_run / "results.txt").read_text()
    assert "Ranking" in shown and "logistic regression" in shown and "EI" in shown
    assert len((finished_run / "trials.jsonl").read_text().splitlines()) >= 2


@pytest.mark.slow
def test_same_seed_gives_the_same_scores(
    amber: Amber, finished_run: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    done = amber("search", write_config(), "--run-directory", tmp_path / "again", "--seed", 3)
    assert done.exit_code == 0, done.stderr
    first, second = (json.loads((folder / "best.json").read_text()) for folder in (finished_run, tmp_path / "again"))
    for key in ("tokens", "scores", "trial_seed", "final"):
        assert first[key] == second[key]
    assert "Ranking" in done.stdout and "logistic regression" in done.stdout
    assert str(tmp_path / "again") in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("patience", ["null", "3"])
def test_final_training_without_patience_keeps_the_last_weights(
    patience: str, amber: Amber, tiny: str, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    training = "epochs: 3\n  learning_rate: 0.1\n  schedule: constant\n  recalibrate: false\n  patience: null\n  batch"
    final = "final:\n  epochs: 3\n  ensemble: 1\n  linear_term: false"
    text = tiny.replace("epochs: 1\n  batch", training).replace("final:\n  epochs: 1", final)
    text = text.replace("  trials: 2", "  trials: 1\n  metric: val_accuracy")
    done = amber("search", write_config(f"{text}  patience: {patience}\n"), "-d", tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    (trial,) = map(json.loads, (tmp_path / "run" / "trials.jsonl").read_text().splitlines())
    final = json.loads((tmp_path / "run" / "best.json").read_text())["final"]
    # The trial keeps its last weights; in this one an epoch before was better.
    same = final["validation"]["accuracy"] == pytest.approx(trial["score"])
    assert same if patience == "null" else final["validation"]["accuracy"] > trial["score"]


@pytest.mark.slow
def test_final_training_on_validation_data_too(
    amber: Amber, tiny: str, finished_run: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    done = amber(
        "search", write_config(f"{tiny}  patience: null\n  data: train_and_validation\n"), "-d", tmp_path / "run"
    )
    assert done.exit_code == 0, done.stderr
    one, both = (json.loads((run / "test.json").read_text()) for run in (finished_run, tmp_path / "run"))
    # What was trained on says nothing of the model; the linear model has seen the same records.
    assert one["model_validation"]["accuracy"] > 0 and both["model_validation"] is None
    assert both["logistic_regression"]["C"] == one["logistic_regression"]["C"]
    assert both["model"]["per_class_accuracy"] != one["model"]["per_class_accuracy"]
    for run, warned in ((finished_run, False), (tmp_path / "run", True)):
        assert ("trained on the validation split" in amber("evaluate", run).stderr) == warned


def test_run_directory_is_not_overwritten_by_accident(
    amber: Amber, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    done = amber("search", write_config(), "-d", tmp_path / "run")
    assert done.exit_code == 2
    assert "notes.txt" not in done.stderr and "not empty" in done.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


def test_search_in_which_nothing_can_be_trained_fails(
    tiny: str, amber: Amber, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    text = tiny.replace("  batch_size: 256", "  batch_size: 256\n  learning_rate: 1e38")
    done = amber("search", write_config(text), "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 1
    assert "without a trained architecture" in done.stderr and "trials.jsonl" in done.stderr
    assert not (tmp_path / "run" / "best.keras").exists()


def test_sample_is_seeded_and_fits_build_and_describe(
    amber: Amber, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    config = write_config()
    words = amber("sample", config, "-n", 4, "--seed", 1).stdout.splitlines()
    assert len(words) == 4 and all("-" in line and "," not in line.split("-")[0] for line in words)
    lines = amber("sample", config, "-n", 4, "--seed", 1, "--tokens").stdout.splitlines()
    assert lines == amber("sample", config, "-n", 4, "--seed", 1, "--tokens").stdout.splitlines()
    listed = json.loads(amber("sample", config, "-n", 4, "--seed", 1, "--json").stdout)
    assert [",".join(map(str, item["tokens"])) for item in listed] == lines
    assert [item["architecture"] for item in listed] == words
    described = amber("describe", config, lines[0])
    assert described.exit_code == 0 and "total" in described.stdout
    built = amber("build", config, lines[0], "-o", tmp_path / "deep" / "model.keras")
    assert built.exit_code == 0, built.stderr
    counted = json.loads(amber("describe", config, lines[0], "--json").stdout)
    assert f"{counted['parameters']:,} parameters" in built.stdout
    assert sum(node["parameters"] for node in counted["nodes"]) == counted["parameters"]


@pytest.mark.parametrize(
    ("tokens", "words"),
    [("0,1", ["3 tokens", "2 tokens"]), ("0,5,0", ["Token 1", "L1.op", "5"]), ("0,x,0", ["Token 1", "'x'"])],
)
def test_tokens_outside_the_grammar(
    tokens: str, words: list[str], amber: Amber, write_config: Callable[..., Path]
) -> None:
    done = amber("describe", write_config(), tokens)
    assert done.exit_code == 2
    for word in words:
        assert word in done.stderr


def test_configuration_without_tokens(amber: Amber, write_config: Callable[..., Path]) -> None:
    done = amber("describe", write_config())
    assert done.exit_code == 2
    assert "amber sample" in done.stderr


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_draw(theme: str, amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    for suffix, start in ((".svg", b"<"), (".png", b"\x89PNG")):
        path = tmp_path / f"best{suffix}"
        done = amber("draw", finished_run, "-o", path, "--theme", theme)
        assert done.exit_code == 0, done.stderr
        assert path.read_bytes().startswith(start)
    assert amber("draw", finished_run, "-o", tmp_path / "best.gif").exit_code == 2


def test_build_from_a_run(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    done = amber("build", finished_run / "best.json", "-o", tmp_path / "fresh.keras")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "fresh.keras").is_file()


def test_evaluate_agrees_with_the_search(amber: Amber, finished_run: Path, write_config: Callable[..., Path]) -> None:
    recorded = json.loads((finished_run / "test.json").read_text())
    validation = json.loads(amber("evaluate", finished_run, "--json").stdout)
    assert validation["split"] == "validation"
    assert validation["accuracy"] == pytest.approx(recorded["model_validation"]["accuracy"])
    shown = amber("evaluate", finished_run / "best.keras", write_config(), "--split", "test", "--json")
    assert "Opening the test split" in shown.stderr
    assert json.loads(shown.stdout)["accuracy"] == pytest.approx(recorded["model"]["accuracy"])


def test_predict(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    csv = tmp_path / "in.csv"
    csv.write_text("seq\n" + "ACGT" * 15 + "\n" + "TTGN" * 15 + "\n")
    done = amber("predict", finished_run, csv)
    assert done.exit_code == 0, done.stderr
    lines = [line.split(",") for line in done.stdout.splitlines()]
    assert lines[0] == ["seq", "EI", "IE", "N", "predicted"]
    assert np.sum([float(value) for value in lines[1][1:4]]) == pytest.approx(1, abs=1e-5)
    assert lines[1][4] in ("EI", "IE", "N")
    assert amber("predict", finished_run, csv, "-o", tmp_path / "out.csv").exit_code == 0
    assert (tmp_path / "out.csv").read_text() == done.stdout
    named = amber("predict", finished_run / "best.keras", csv, "--classes", "a,b,c")
    assert named.stdout.startswith("seq,a,b,c,predicted\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seq\nACGT\n", ["(60, 4)", "(4, 4)"]),
        ("seq\nAC!T\n", ["line 2", "'!'"]),
        ("sequence\nACGT\n", ["'seq'", "'sequence'"]),
        ("", ["empty"]),
    ],
)
def test_predict_refuses_bad_sequences(
    text: str, words: list[str], amber: Amber, finished_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(text)
    done = amber("predict", finished_run, tmp_path / "in.csv")
    assert done.exit_code == 2
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("command", [("predict", "model.keras", "in.csv"), ("evaluate", "model.keras", "tiny.yaml")])
def test_missing_or_damaged_model(
    command: tuple[str, ...],
    amber: Amber,
    write_config: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_config()
    (tmp_path / "in.csv").write_text("seq\n" + "ACGT" * 15 + "\n")
    monkeypatch.chdir(tmp_path)
    done = amber(*command)
    assert done.exit_code == 2 and "no such file" in done.stderr
    (tmp_path / "model.keras").write_bytes(b"nothing")
    done = amber(*command)
    assert done.exit_code == 2 and "saved by Keras" in done.stderr


def test_damaged_record(amber: Amber, tmp_path: Path) -> None:
    (tmp_path / "best.json").write_text("{}")
    done = amber("describe", tmp_path)
    assert done.exit_code == 2
    assert "best.json" in done.stderr


def test_error_is_one_message_unless_debugging(write_config: Callable[..., Path]) -> None:
    path = write_config("name: [")
    plain = process("search", path)
    assert plain.returncode == 2
    assert "Traceback" not in plain.stderr and len(plain.stderr.strip().splitlines()) == 1
    assert "Traceback" in process("search", path, AMBER_DEBUG="1").stderr
    assert "Traceback" in process("--debug", "search", path).stderr


def test_interrupted_search_keeps_what_is_there(
    amber: Amber, write_config: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amber.search import SearchProgress

    def stop(self: SearchProgress, trial: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SearchProgress, "on_trial_end", stop)
    done = amber("search", write_config(), "-d", tmp_path / "run")
    assert done.exit_code == 130
    assert (tmp_path / "run" / "best.json").is_file()
    assert not (tmp_path / "run" / "test.json").exists()


def onnx_predictions(path: Path, x: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.mark.slow
def test_build_exports_to_onnx(
    amber: Amber, finished_run: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    import keras

    x = np.random.default_rng(0).normal(size=(4, 60, 4)).astype("float32")
    both = amber("build", write_config(), "0,1,0", "--export", "onnx", "-o", tmp_path / "net.keras")
    assert both.exit_code == 0, both.stderr
    expected = keras.models.load_model(tmp_path / "net.keras").predict(x, verbose=0)
    np.testing.assert_allclose(onnx_predictions(tmp_path / "net.onnx", x), expected, rtol=1e-4, atol=1e-5)
    best = amber("build", finished_run, "--trained", "--export", "onnx", "-o", tmp_path / "best.onnx")
    assert best.exit_code == 0, best.stderr
    assert not (tmp_path / "best.keras").exists()
    expected = keras.models.load_model(finished_run / "best.keras").predict(x, verbose=0)
    np.testing.assert_allclose(onnx_predictions(tmp_path / "best.onnx", x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-o", "net.onnx"], "--output: expected a file ending in .keras. Received: net.onnx"),
        (["--export", "onnx", "-o", "net.h5"], "ending in .keras or .onnx"),
        (["--trained"], "--trained: expected a run directory"),
        (["--export", "pdf"], "onnx"),
    ],
)
def test_build_refuses(
    options: list[str], words: str, amber: Amber, write_config: Callable[..., Path], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    done = amber("build", write_config(), "0,1,0", *options)
    assert done.exit_code == 2
    assert words in done.stderr
