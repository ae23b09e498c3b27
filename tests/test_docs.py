"""The pages of the documentation say what is so, and the documentation can be rendered."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from amber.architect import Operation
from amber.graph.cost import measure_operation
from amber.modeler.dag import DAGS  # noqa: F401  registers the operations of supernets
from amber.operations import OPERATIONS

ROOT = Path(__file__).parents[1]
OPERATIONS_PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def rows() -> dict[str, str]:
    """What each type of the table needs, as it is written."""
    lines = [line.split("|")[1:3] for line in OPERATIONS_PAGE.splitlines() if line.startswith("| `")]
    return {name: needs for names, needs in lines for name in re.findall(r"`(\w+)`", names)}


def test_every_operation_is_in_the_table_with_what_it_needs() -> None:
    table = rows()
    ours = [name for name in OPERATIONS if not OPERATIONS.get(name).make.__module__.startswith("tests")]
    assert set(table) >= {"dense", "denovo"} and all(name in OPERATIONS for name in table)
    assert {name for name in ours if "_of_get_layer" not in name} <= set(table)
    for name, needs in table.items():
        if name != "callable":
            assert set(re.findall(r"`(\w+)`", needs)) == OPERATIONS.get(name).required, name


def test_formulas_of_the_page() -> None:
    def flops(operation: Operation, *shape: int) -> int:
        return measure_operation(operation, (shape,)).flops

    assert flops(Operation("dense", units=7), 20) == 2 * 20 * 7
    assert flops(Operation("conv1d", filters=5, kernel_size=8), 100, 4) == 2 * 8 * 4 * 5 * 93
    assert flops(Operation("lstm", units=3), 9, 4) == 2 * 9 * 4 * 3 * (4 + 3)
    pairs = 2 * 9 * 9 * 2 * (3 + 5)
    projections = 2 * 9 * (2 * 6 * 6 + 6 * 10 + 10 * 6)
    assert flops(Operation("self_attention", num_heads=2, key_dim=3, value_dim=5), 9, 6) == pairs + projections


@pytest.mark.slow
def test_the_documentation_is_rendered_without_broken_links(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-W", "ignore", str(ROOT / "docs" / "build.py")]
    done = subprocess.run([*command, str(site)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f'href="docs/{page.stem}.html"' in index
    modeler = (site / "api" / "amber" / "modeler.html").read_text(encoding="utf-8")
    assert 'id="KerasModelBuilder"' in modeler and "Example:" in modeler
    # Names that are loaded when they are first used are there too.
    assert 'id="run_search"' in (site / "api" / "amber" / "search.html").read_text(encoding="utf-8")
    assert "2 for every multiply-add" in (site / "docs" / "operations.html").read_text(encoding="utf-8")
    # A folder with anything else in it is left alone.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    refused = subprocess.run([*command, str(tmp_path / "other")], capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "something else" in refused.stderr
    assert (tmp_path / "other" / "mine.txt").read_text() == "mine"
