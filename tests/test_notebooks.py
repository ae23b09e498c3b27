"""The notebooks of examples/ run from top to bottom, and what they hold shows no address and no folder of a machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.new_process import run_code

FOLDER = Path(__file__).parents[1] / "examples"
NAMES = ["first_search", "spaces_and_trials"]
# What a notebook does with the last line of a cell; IPython itself is not needed.
SHOW = """
import ast, sys, types
import matplotlib; matplotlib.use("Agg")
display = types.ModuleType("IPython.display"); display.SVG = lambda filename: open(filename).read()
sys.modules["IPython.display"] = display
def cell(source):
    parsed = ast.parse(source)
    last = parsed.body.pop() if isinstance(parsed.body[-1], ast.Expr) else None
    exec(compile(parsed, "cell", "exec"), globals())
    if last is not None:
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), globals())
        shown = value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)
        assert " at 0x" not in shown
"""


def cells(name: str) -> list[dict[str, Any]]:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    found: list[dict[str, Any]] = notebook["cells"]
    return found


def test_every_notebook_is_run() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_kept_with_clean_outputs(name: str) -> None:
    outputs = json.dumps([cell.get("outputs", []) for cell in cells(name)])
    assert "text/html" in outputs and "<svg" in outputs
    for word in (" at 0x", "/home/", "/work/", "/tmp/", "Traceback", "Warning"):
        assert word not in outputs, word


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    sources = ["".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code"]
    code = SHOW + "".join(f"cell({source!r})\n" for source in sources)
    for long, short in (("budget=2", "budget=1"), ('"epochs": 12', '"epochs": 1'), ("study.run(3)", "study.run(1)")):
        code = code.replace(long, short)
    done = run_code(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
