"""The report as a person sees it: in a real browser, wide and at phone width, light and dark."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import invoke
from tests.report.browser import Browser
from tests.report.conftest import HOSTILE

from amber.search import Trial
from amber.search.journal import trial_line


def written(run: Path, output: Path) -> Path:
    done = invoke("report", run, "-o", output)
    assert done.exit_code == 0, done.output + done.stderr
    return output


@pytest.fixture(scope="session")
def page(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(run, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="session")
def hostile_page(hostile_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(hostile_run, tmp_path_factory.mktemp("page") / "report.html")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_browser_shows_it_quietly_and_whole(chromium: Browser, page: Path, width: int, scheme: str) -> None:
    chromium.open(page.as_uri(), width, scheme)
    assert chromium.complaints() == []
    assert chromium.requests() == [page.as_uri()]
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    drawings = chromium.evaluate(
        "[...document.querySelectorAll('.drawing')].filter(e => e.offsetHeight).map(e => e.className)"
    )
    assert drawings == [f"drawing {scheme}"] * 3
    # Nothing is cut off at the side, and no text is tiny.
    within = (
        "(e => {const a = e.getBoundingClientRect(), b = e.ownerSVGElement.getBoundingClientRect();"
        " return a.left >= b.left - 1 && a.right <= b.right + 1})"
    )
    assert chromium.evaluate(f"[...document.querySelectorAll('svg.chart text')].every({within})")
    assert chromium.evaluate("[...document.querySelectorAll('td, th, p, h2')].every(e => e.scrollWidth <= innerWidth)")
    smallest = (
        "Math.min(...[...document.querySelectorAll('svg.chart text')].map(e => e.getBoundingClientRect().height))"
    )
    assert chromium.evaluate(smallest) >= 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(chromium: Browser, page: Path, scheme: str) -> None:
    chromium.open(page.as_uri(), 390, scheme)
    colours = chromium.evaluate(
        "[['body', 'backgroundColor'], ['body', 'color'], ['.soft', 'color'], ['.c-trial', 'color'],"
        " ['.c-front', 'color'], ['.c-best', 'color']].map(([e, p]) => getComputedStyle(document.querySelector(e))[p])"
    )
    ground, *inks = [luminance(colour) for colour in colours]
    assert (ground > 0.8) == (scheme == "light")
    # 4.5 is what WCAG 2.2 asks of text at level AA.
    assert all((max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5 for ink in inks), colours


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_says_everything_that_was_found(chromium: Browser, page: Path, run: Path) -> None:
    chromium.open(page.as_uri())
    text = chromium.evaluate("document.body.innerText")
    best = json.loads((run / "best.json").read_text("utf-8"))
    trials = [json.loads(line) for line in (run / "trials.jsonl").read_text("utf-8").splitlines()]
    complete = [trial for trial in trials if trial["status"] == "complete"]
    assert f"{len(complete)} networks trained" in text
    (score,) = [trial["score"] for trial in complete if trial["number"] == best["trial"]]
    assert f"Best val_loss: {score:.4f} (trial {best['trial']})" in text
    assert score == min(trial["score"] for trial in complete)
    headings = chromium.evaluate("[...document.querySelectorAll('h2')].map(e => e.innerText)")
    assert headings == [
        "Test result",
        "Predictions at the test",
        "The data",
        "Learning curves",
        "Score against time",
        "Size against score",
        "The best architectures",
        "Which operation won in which layer",
        "Skip connections",
        "Failures",
        "What to run next",
        "What the words mean",
        "Run it again",
    ]
    marks = chromium.evaluate(
        "[...document.querySelectorAll('svg.chart')].map(e => e.querySelectorAll('circle').length)"
    )
    test = json.loads((run / "test.json").read_text("utf-8"))
    calibrated = sum(len(each["calibration"]) for each in test["curves"]["output"]["curves"].values())
    # ROC and precision-recall are lines; of one epoch each network has a training and a validation loss.
    assert [len(each["loss"]) for each in test["learning"]] == [1] * len(test["networks"])
    assert marks == [0, 0, calibrated, 2 * len(test["learning"]), len(complete), len(complete)]
    assert f"amber explain {run}" in text and "of EI" in text and "chance that a positive example" in text
    assert "Confusion matrix" in text and str(test["curves"]["output"]["confusion"][2][2]) in text
    low = test["evaluation"]["output"]["scores"]["auroc"]["low"]
    assert f"({low:.4f} to " in text and "used once" in text
    assert chromium.evaluate("document.querySelectorAll('circle.front').length") >= 1
    assert chromium.evaluate("document.querySelectorAll('tr.label.won').length") == 2  # one in each layer


@pytest.mark.slow
def test_command_to_run_it_again_gives_the_same_search(page: Path, run: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    found = re.search(r"<pre>amber (.*?)</pre>", text, re.DOTALL)
    assert found is not None
    words = shlex.split(found[1].replace("&#39;", "'"))
    words[words.index("--run-directory") + 1] = str(tmp_path / "again")
    done = invoke(*words, "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    keep = ("number", "tokens", "status", "score", "seed")
    assert facts(tmp_path / "again", keep) == facts(run, keep)


def facts(run: Path, keys: tuple[str, ...]) -> list[list[object]]:
    lines = (run / "trials.jsonl").read_text("utf-8").splitlines()
    return [[json.loads(line)[key] for key in keys] for line in lines]


def test_strings_of_a_stranger_stay_text(chromium: Browser, hostile_page: Path) -> None:
    chromium.open(hostile_page.as_uri(), 390)
    assert chromium.complaints() == []
    assert chromium.requests() == [hostile_page.as_uri()]
    assert chromium.evaluate("document.title") != "taken"
    assert chromium.evaluate("document.querySelectorAll('script, img, iframe, object, embed, base, form').length") == 0
    assert chromium.evaluate("[...document.querySelectorAll('*')].every(e => !e.onerror && !e.onload)")
    text = chromium.evaluate("document.body.textContent")
    # As a metric, a class, the reason of a failure and a version.
    assert text.count(HOSTILE) >= 6
    assert chromium.evaluate("document.documentElement.scrollWidth") <= 390
    raw = hostile_page.read_text("utf-8")
    assert "<script" not in raw and "<img" not in raw


def test_run_without_any_finished_trial_is_shown(run: Path, tmp_path: Path, chromium: Browser) -> None:
    unfinished = tmp_path / "run"
    unfinished.mkdir()
    shutil.copy(run / "config.yaml", unfinished)
    tokens = tuple(json.loads((run / "trials.jsonl").read_text("utf-8").splitlines()[0])["tokens"])
    failed = Trial(0, tokens, "f", "failed", error="MemoryError: too large")
    (unfinished / "trials.jsonl").write_text(trial_line(failed), encoding="utf-8")
    chromium.open(written(unfinished, tmp_path / "report.html").as_uri())
    text = chromium.evaluate("document.body.innerText")
    assert "1 training failed. Nothing has been scored." in text and "MemoryError: too large" in text


@pytest.mark.parametrize("name", ["config.yaml", "best.json", "test.json", "trials.jsonl"])
def test_damaged_file_is_named(run: Path, tmp_path: Path, name: str) -> None:
    broken = tmp_path / "run"
    shutil.copytree(run, broken)
    (broken / name).write_text('{"a": [\n{}\n', encoding="utf-8")
    done = invoke("report", broken, "-o", tmp_path / "report.html")
    assert done.exit_code in (1, 2) and name in done.stderr, done.stderr
    assert "Unexpected" not in done.stderr
    assert not (tmp_path / "report.html").exists()
