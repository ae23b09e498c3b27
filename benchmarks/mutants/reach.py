"""Which tests reach which line, and how long each takes: one run of the tests, measured by coverage."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import coverage

ROOT = Path(__file__).parents[2]
Reach = dict[str, dict[int, list[str]]]


def measure(folder: Path, tests: list[str]) -> None:
    """Run tests once and keep in `folder` which lines each reaches, and its seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coveragerc").write_text(
        f"[run]\nsource = {ROOT / 'src' / 'amber'}\ndata_file = {folder / 'coverage'}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not slow", "--cov", "--cov-context=test"]
    options = [f"--cov-config={folder / 'coveragerc'}", "--cov-report=", f"--junitxml={folder / 'times.xml'}"]
    subprocess.run([*command, *options, "-o", "junit_family=xunit1", *tests], cwd=ROOT, check=False)


def read(folder: Path) -> tuple[Reach, dict[str, float]]:
    """Return for each file and line the tests that reach it, and for each test its seconds."""
    data = coverage.CoverageData(str(folder / "coverage"))
    data.read()
    reach: Reach = {}
    for file in data.measured_files():
        lines: dict[int, list[str]] = defaultdict(list)
        for line, contexts in data.contexts_by_lineno(file).items():
            lines[line] = sorted({context.split("|")[0] for context in contexts if context})
        reach[str(Path(file).relative_to(ROOT))] = dict(lines)
    return reach, _seconds(folder / "times.xml")


def _seconds(path: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('file')}::{case.get('name')}"
        found[name] = float(case.get("time", "0"))
    return found


def write_summary(path: Path, summary: object) -> None:
    """Write results as JSON."""
    path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
