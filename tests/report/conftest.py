"""A run that holds everything a report can show, a failed trial and strings that want to be markup among it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import TINY, invoke
from tests.report.browser import CHROMIUM, Browser, browser

from amber.search import Trial
from amber.search.journal import trial_line

HOSTILE = "\"'><script>document.title='taken'</script><img src=https://example.org/x onerror=document.title='taken'>"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reported")
    (folder / "tiny.yaml").write_text(TINY.replace("trials: 2", "trials: 5"), encoding="utf-8")
    done = invoke("search", folder / "tiny.yaml", "-d", folder / "run", "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    return folder / "run"


@pytest.fixture(scope="session")
def hostile_run(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as a stranger might hand it on: markup in every string that he can choose."""
    path = tmp_path_factory.mktemp("hostile") / "run"
    shutil.copytree(run, path)
    lines = (path / "trials.jsonl").read_text("utf-8").splitlines()
    tokens = tuple(json.loads(lines[-1])["tokens"])
    failed = Trial(99, tokens, HOSTILE, "failed", metrics={HOSTILE: 1.0}, error=HOSTILE, architecture=HOSTILE)
    (path / "trials.jsonl").write_text("\n".join([*lines, trial_line(failed)]), encoding="utf-8")
    config = (path / "config.yaml").read_text("utf-8")
    quoted = json.dumps(f"val_{HOSTILE}")
    config = config.replace("sampler: random", f"sampler: random\n  metric: {quoted}")
    (path / "config.yaml").write_text(config, encoding="utf-8")
    record = json.loads((path / "best.json").read_text("utf-8"))
    record["versions"] = {HOSTILE: HOSTILE}
    record["inputs"] = {HOSTILE.replace("/", ""): shape for shape in record["inputs"].values()}
    record["name"] = HOSTILE
    (path / "best.json").write_text(json.dumps(record), encoding="utf-8")
    test = json.loads((path / "test.json").read_text("utf-8"))
    for key in ("model", "logistic_regression"):
        test[key]["per_class_accuracy"][HOSTILE] = 0.5
    (path / "test.json").write_text(json.dumps(test), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium (Debian package chromium)")
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page
