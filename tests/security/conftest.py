"""A finished run to be tampered with, and a canary: a file that only executed code would make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import TINY, invoke


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    done = invoke("search", folder / "tiny.yaml", "-d", folder / "run", "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    return folder / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run that a test may spoil."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"
