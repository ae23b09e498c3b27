"""Data files of a plug-in: named in its code, read with it, and there wherever it is loaded."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amber.errors import ConfigError
from amber.plugins import find_plugin, load_plugins

READING = """\
from pathlib import Path
AMBER_FILES = ["motifs.txt", "tables/known.bin"]
HERE = Path(__file__).parent
FOUND = [(HERE / name).read_bytes() for name in AMBER_FILES]
"""


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Path]:
    """A plug-in with two data files."""
    (tmp_path / "lab" / "tables").mkdir(parents=True)
    (tmp_path / "lab" / "motifs.txt").write_bytes(b"TATA\r\n")
    (tmp_path / "lab" / "tables" / "known.bin").write_bytes(bytes(range(256)))
    path = tmp_path / "lab" / "reading_lab.py"
    path.write_text(READING, encoding="utf-8")
    yield path
    sys.modules.pop("amber_plugin_reading_lab", None)


def test_files_are_there_where_the_folder_is_not(reading: Path, tmp_path: Path) -> None:
    plugin = find_plugin(str(reading))
    shutil.rmtree(reading.parent)
    plugin.write(tmp_path / "elsewhere")
    plugin.load(tmp_path / "elsewhere")
    assert sys.modules[plugin.module].FOUND == [b"TATA\r\n", bytes(range(256))]


def test_plugin_is_loaded_where_it_lies_in_the_process_that_found_it(reading: Path) -> None:
    (plugin,) = load_plugins([str(reading)])
    assert reading.parent == sys.modules[plugin.module].HERE


def test_digest_tells_contents_and_names_apart(reading: Path) -> None:
    first = find_plugin(str(reading)).digest
    (reading.parent / "motifs.txt").write_bytes(b"TATT\r\n")
    second = find_plugin(str(reading)).digest
    (reading.parent / "plain.py").write_text("AMBER = 1\n", encoding="utf-8")
    assert first != second
    assert find_plugin(str(reading.parent / "plain.py")).files == ()


@pytest.mark.parametrize(
    "line",
    [
        'AMBER_FILES = ["../secret"]',
        'AMBER_FILES = ["/etc/passwd"]',
        "AMBER_FILES = [str(1)]",
        'AMBER_FILES: list = "motifs.txt"',
        "AMBER_FILES = [1]",
        'AMBER_FILES = [""]',
        'AMBER_FILES = ["a\\\\..\\\\b"]',
    ],
)
def test_list_that_is_not_one_of_paths_below_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.py: AMBER_FILES must be a list of paths below.*Received"):
        find_plugin(str(path))


def test_file_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text('AMBER_FILES = ["huge"]', encoding="utf-8")
    with pytest.raises(ConfigError, match="huge"):
        find_plugin(str(path))
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(ConfigError, match="huge"):
        find_plugin(str(path))
