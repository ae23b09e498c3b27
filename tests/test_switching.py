"""docs/switching.md: both scripts of each pair run, and a user writes at most ten new lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.new_process import run_code

PAGE = (Path(__file__).parents[1] / "docs" / "switching.md").read_text(encoding="utf-8")
(DATA,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
# By section and title: whether the script can run here, and the script.
SCRIPTS = {
    (section, tab): ("not run" not in remark, script)
    for section, text in re.findall(r"^## From (.+?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE)
    for tab, remark, script in re.findall(
        r'^```python title="([^("]+?)( \(.*?\))?"\n(.*?)^```', text, flags=re.DOTALL | re.MULTILINE
    )
}
TOOLS = {name: name.removeprefix("the ") for name in ("KerasTuner", "Optuna", "scikit-learn", "the first AMBER")}
RUN = sorted(pair for pair, (can_run, _) in SCRIPTS.items() if can_run)


def test_every_tool_has_a_script_of_before_and_of_after() -> None:
    assert {section for section, _ in SCRIPTS} == set(TOOLS)
    assert all((section, tab) in SCRIPTS for section, tab in TOOLS.items())
    assert len(RUN) == 8


@pytest.mark.parametrize(("section", "tab"), sorted(set(SCRIPTS) - set(TOOLS.items())))
def test_at_most_ten_lines_are_new(section: str, tab: str) -> None:
    before = SCRIPTS[section, TOOLS[section]][1].splitlines()
    new = [line for line in SCRIPTS[section, tab][1].splitlines() if line.strip() and line not in before]
    assert 0 < len(new) <= 10


@pytest.mark.slow
@pytest.mark.parametrize(("section", "tab"), RUN)
def test_the_script_runs(section: str, tab: str, tmp_path: Path) -> None:
    quick = SCRIPTS[section, tab][1].replace('"training": {', '"final": {"epochs": 1, "ensemble": 1}, "training": {')
    done = run_code(f"{DATA}\n{quick}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
