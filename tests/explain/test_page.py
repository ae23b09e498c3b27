"""The example of docs/explaining.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.new_process import run_code

PAGE = (Path(__file__).parents[2] / "docs" / "explaining.md").read_text(encoding="utf-8")


def test_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    done = run_code(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:3] == ["(8, 101, 4)", "(8, 101, 4)", "(8, 101, 4) (8, 101, 4)"]
