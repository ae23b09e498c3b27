"""Which tests reach which line, and how long each takes: one run of the tests, measured by coverage."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import coverage

from benchmarks.mutants.places import Place

ROOT = Path(__file__).parents[2]
# A test whose time was not measured counts as this many seconds.
UNKNOWN_SECONDS = 1.0
# Tests that read the source itself, whatever line it is.
OF_THE_SOURCE = ("tests/test_values.py::test_every_dataclass_is_frozen_but_states",)


@dataclass(frozen=True)
class Reach:
    """Tests by file and line, and their times.

    Attributes:
        lines: for each file, relative to the repository, the tests that reach each line; an import is no test.
        seconds: of each test.
    """

    lines: Mapping[str, Mapping[int, frozenset[str]]]
    seconds: Mapping[str, float]

    def tests(self, file: str, place: Place) -> list[str]:
        """Return the tests that reach a place: those of the mirrored folder first, of each kind the quickest first.

        A statement that runs at the import, such as a constant or a default, is reached by what reaches its file; a
        file of which nothing else runs, by the tests of its package.
        """
        lines = self.lines.get(file, {})
        found = lines.get(place.line) or lines.get(place.statement)
        if found is None:
            return []
        found = found or frozenset(OF_THE_SOURCE).union(*lines.values())
        package = f"tests/{file.split('/')[2]}/"
        if found == set(OF_THE_SOURCE):
            found |= {test for test in self.seconds if test.startswith(package)}
        mirrored = f"test_{Path(file).stem}"
        return sorted(found, key=lambda test: (self._distance(test, package, mirrored), self.seconds_of(test), test))

    def seconds_of(self, test: str) -> float:
        """Return how long a test took when it was measured."""
        return self.seconds.get(test, UNKNOWN_SECONDS)

    @staticmethod
    def _distance(test: str, package: str, mirrored: str) -> int:
        if not test.startswith(package):
            return 2
        return 0 if mirrored in test.split("::")[0] else 1


def measure(folder: Path, tests: list[str]) -> None:
    """Run tests once and keep in `folder` which lines each reaches, and its seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coveragerc").write_text(
        f"[run]\nsource = {ROOT / 'src' / 'amber'}\ndata_file = {folder.absolute() / 'coverage'}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not slow", "--cov", "--cov-context=test"]
    options = [f"--cov-config={folder / 'coveragerc'}", "--cov-report=", f"--junitxml={folder / 'times.xml'}"]
    subprocess.run([*command, *options, "-o", "junit_family=xunit1", *tests], cwd=ROOT, check=False)


def read(folders: list[Path]) -> Reach:
    """Return what was measured in one or several folders."""
    lines: dict[str, dict[int, frozenset[str]]] = {}
    seconds: dict[str, float] = {}
    for folder in folders:
        seconds |= _seconds(folder / "times.xml")
        data = coverage.CoverageData(str(folder / "coverage"))
        data.read()
        for path in data.measured_files():
            name = path[path.index("src/amber/") :]
            known = lines.setdefault(name, {})
            for line, contexts in data.contexts_by_lineno(path).items():
                tests = frozenset(context.split("|")[0] for context in contexts if context)
                known[line] = known.get(line, frozenset()) | tests
    return Reach(lines, seconds)


def _seconds(path: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        found[f"{case.get('file')}::{case.get('name')}"] = float(case.get("time", "0"))
    return found
