"""Several of the best architectures are trained again, and validation data decide which is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from amber.errors import ConfigError
from amber.experiment import running
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.final.candidates import choose_candidate
from amber.experiment.final.training import FinalNetwork
from amber.search import Trial

Amber = Callable[..., Any]
WriteConfig = Callable[..., Path]


def trial(number: int, score: float) -> Trial:
    return Trial(number, (number,), f"network {number}", "complete", score)


def choose(scores: dict[int, float | None], direction: str, say: Callable[[str], None] = lambda line: None) -> Any:
    """Choose among trials 0, 1, ..., which have these scores when they are trained again."""

    def train(candidate: Trial) -> tuple[FinalNetwork, float]:
        score = scores[candidate.number]
        if score is None:
            raise FloatingPointError("the loss is nan")
        return FinalNetwork(f"network {candidate.number}", {}, {}), score

    return choose_candidate([trial(number, 0.1 * number) for number in scores], train, direction, say)


@pytest.mark.parametrize(("direction", "kept"), [("minimize", 1), ("maximize", 2)])
def test_the_best_score_is_kept(direction: str, kept: int) -> None:
    chosen = choose({0: 0.3, 1: 0.2, 2: 0.4}, direction)
    assert chosen.trial.number == kept and chosen.network.network == f"network {kept}"
    assert [each["validation"] for each in chosen.record()["candidates"]] == [0.3, 0.2, 0.4]


def test_of_equal_scores_the_better_of_the_search_is_kept() -> None:
    assert choose({0: 0.5, 1: 0.5}, "minimize").trial.number == 0


def test_one_candidate_is_not_trained_here() -> None:
    chosen = choose({0: None}, "minimize")
    assert chosen.network is None and chosen.record() == {} and chosen.tables("val_loss") == []


def test_a_candidate_that_diverges_is_left_out_and_said() -> None:
    said: list[str] = []
    chosen = choose({0: None, 1: 0.7}, "minimize", said.append)
    assert chosen.trial.number == 1
    assert "Trial 0 is left out: the loss is nan" in said
    with pytest.raises(FloatingPointError):
        choose({0: None, 1: None}, "minimize")


def test_nothing_is_left_to_choose_on() -> None:
    final = "final: {candidates: 2, patience: null, data: train_and_validation}"
    text = f"model_space:\n  - [{{Layer_type: dense, units: 4}}]\n{final}\n"
    with pytest.raises(ConfigError, match="candidates: 1 beside train_and_validation"):
        config_from_text(text, "tiny.yaml")


@pytest.fixture(scope="module")
def config(tiny: str) -> str:
    return tiny.replace("trials: 2", "trials: 4").replace("final:\n", "final:\n  candidates: 3\n  ensemble: 2\n")


@pytest.fixture(scope="module")
def finished(config: str, amber: Amber, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a finished search with three candidates."""
    folder = tmp_path_factory.mktemp("candidates")
    (folder / "tiny.yaml").write_text(config, encoding="utf-8")
    done = amber("search", folder / "tiny.yaml", "-d", folder / "run")
    assert done.exit_code == 0, done.output + done.stderr
    (folder / "said").write_text(done.output, encoding="utf-8")
    return folder / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


@pytest.mark.slow
def test_what_is_kept_is_the_best_of_those_that_were_trained_again(finished: Path) -> None:
    best = json.loads((finished / "best.json").read_text())
    candidates = best["final"]["candidates"]
    searched = [each["searched"] for each in candidates]
    assert len(candidates) == 3 and searched == sorted(searched)
    assert [each["validation"] for each in candidates] != searched  # with other random numbers
    kept = min(candidates, key=lambda each: each["validation"])
    assert (best["trial"], best["tokens"]) == (kept["trial"], kept["tokens"])
    assert best["final"]["ensemble"] == 2
    assert keras.models.load_model(finished / "best.keras").count_params() > 0
    for text in ((finished / "results.txt").read_text(), (finished.parent / "said").read_text()):
        assert "Best architectures, trained again" in text and "kept" in text


@pytest.mark.slow
def test_the_report_says_how_it_was_chosen(amber: Amber, finished: Path, tmp_path: Path) -> None:
    assert amber("report", finished, "-o", tmp_path / "report.html").exit_code == 0
    kept = json.loads((finished / "best.json").read_text())["trial"]
    assert f"was kept, trial {kept}" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_a_finished_choice_is_not_made_again_until_it_would_be_another(
    amber: Amber, run: Path, config: str, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run / "best.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(running, "train_final", None)  # would be called
        done = amber("search", write_config(config), "-d", run, "--resume")
        assert done.exit_code == 0 and "Nothing is left to do" in done.output
    assert (run / "best.json").read_bytes() == before
    fewer = write_config(config.replace("candidates: 3", "candidates: 2"))
    assert amber("search", fewer, "-d", run, "--resume", "-q").exit_code == 0
    assert len(json.loads((run / "best.json").read_text())["final"]["candidates"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("candidates", [3, [1], [{"trial": "x", "validation": 1}], [{"trial": 1}]])
def test_a_record_that_was_changed_is_named(candidates: object, amber: Amber, run: Path, tmp_path: Path) -> None:
    record = json.loads((run / "best.json").read_text())
    record["final"]["candidates"] = candidates
    (run / "best.json").write_text(json.dumps(record))
    done = amber("report", run, "-o", tmp_path / "report.html")
    assert done.exit_code == 2 and "key final.candidates" in done.stderr
