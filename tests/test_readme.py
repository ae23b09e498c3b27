"""README.md is short, and its search from Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.new_process import run_code

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_it_fits_on_a_screen_or_two() -> None:
    assert len(README.splitlines()) < 80
    (block,) = BLOCKS
    assert len(block.splitlines()) <= 6


@pytest.mark.slow
def test_the_search_from_python_runs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("bound", "free"):
        entries = (f">{name}_{number}\n{''.join(rng.choice(list('ACGT'), 100))}\n" for number in range(20))
        (tmp_path / f"{name}.fa").write_text("".join(entries))
    (block,) = BLOCKS
    done = run_code(block.replace("budget=20", "budget=1"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("runs/*/report.html"))
