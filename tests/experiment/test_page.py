"""The example of docs/experiments.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.new_process import run_code

PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    done = run_code(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Task ")
    assert done.stdout.rstrip().endswith(str(Path("runs", "from-python", "best.keras")))
    assert (tmp_path / "runs" / "from-python" / "best.keras").is_file()
