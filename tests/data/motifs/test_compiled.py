"""What Numba compiles of a package is kept in the user's cache folder, unless the user has said where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import amber

pytest.importorskip("numba")
FUNCTION = "import numba\n\n@numba.njit\ndef twice(value):\n    return 2 * value\n"
SCRIPT = """
import looped.functions, numba
from amber.data.motifs.compiled import keep_compiled
keep_compiled("looped", "numba")
twice = looped.functions.twice
print(twice(3), sum(twice.stats.cache_hits.values()), numba.config.CACHE_DIR == {own!r})
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "looped"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "functions.py").write_text(FUNCTION, encoding="utf-8")
    return tmp_path


def printed(package: Path, own: str = "", cache: str = "cache") -> str:
    paths = f"{Path(amber.__file__).parents[1]}{os.pathsep}{package}"
    environment = {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(package / cache)}
    environment |= {"NUMBA_CACHE_DIR": own} if own else {}
    command = [sys.executable, "-c", SCRIPT.format(own=own)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_a_second_process_reads_what_the_first_compiled(package: Path) -> None:
    assert printed(package) == "6 0 True\n"
    assert printed(package) == "6 1 True\n"
    assert list((package / "cache" / "amber" / "numba").iterdir())


@pytest.mark.slow
def test_the_user_s_folder_wins(package: Path) -> None:
    printed(package, str(package / "own"))
    assert printed(package, str(package / "own")) == "6 1 True\n"
    assert not (package / "cache" / "amber" / "numba").exists()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_stops_nothing(package: Path) -> None:
    (package / "file").touch()
    assert printed(package, cache="file") == "6 0 True\n"
