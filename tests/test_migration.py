"""The migration tables: every name and argument of AMBER, and every key of a configuration, exists."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from amber.errors import AmberError
from amber.experiment.builders import BUILDERS
from amber.experiment.configuration.sections import Config

TEXT = (Path(__file__).parents[1] / "docs" / "migration.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`(amber\.[\w.]+(?:\(\w+=\))?)`", TEXT)))
KEYS = sorted(set(re.findall(r"`yaml: ([\w.]+)`", TEXT)))


def resolve(name: str) -> Any:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("amber"):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("written", NAMES)
def test_name_exists(written: str) -> None:
    name, _, argument = written.rstrip("=)").partition("(")
    found = resolve(name)
    if argument:
        assert argument in inspect.signature(found).parameters, f"{name} has no argument {argument}"


@pytest.mark.parametrize("key", KEYS)
def test_key_exists(key: str) -> None:
    model: Any = Config
    for part in key.split("."):
        if model is dict and part == "type":
            return  # checked by the builder's own section
        assert isinstance(model, type) and issubclass(model, BaseModel), key
        assert part in model.model_fields, key
        annotation = model.model_fields[part].annotation
        sections = [each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
        model = sections[0] if sections else dict if "dict" in str(annotation) else annotation


def test_builders_and_examples_of_the_text() -> None:
    rows = re.findall(r"\| `amber\.modeler\.\w+Builder` \| `(\w+)`", TEXT)
    assert len(rows) >= 5 and set(rows) <= set(BUILDERS.names())
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    assert blocks and all(ast.parse(block) for block in blocks)
    (block,) = [each for each in blocks if "# now\n" in each]
    now = ast.parse(block.split("# now\n")[1])
    for call in (node for node in ast.walk(now) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name.startswith(("Objective", "run_search", "RunDirectory")):
            known = inspect.signature(resolve(f"amber.search.{name}")).parameters
            assert {keyword.arg for keyword in call.keywords} <= set(known)


def test_every_table_is_read() -> None:
    """No row is malformed, and each names something of AMBER or says why there is nothing."""
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "before | now" not in line]
    assert len(rows) > 80
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 3 or (len(cells) == 2 and row.endswith("| |")), row
        assert cells[1] == "-" or "`amber." in cells[1] or "`yaml: " in cells[1], row
        assert cells[1] != "-" or len(cells[2]) > 10, row


@pytest.mark.slow
def test_every_change_to_a_script_runs(tmp_path: Path) -> None:
    """The blocks of the section on changes, one after the other in one process; what was before is in comments."""
    section = TEXT.split("## What to change in a script")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) >= 10 and all("# before: " in block for block in blocks[1:])
    script = tmp_path / "changes.py"
    script.write_text("\n\n".join(blocks), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:__main__", str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "run" / "train_history.csv").is_file() and (tmp_path / "trial_0.weights.h5").is_file()


BEFORE = {
    "environment": (
        "from amber.architect import *\n"
        "ControllerTrainEnvironment(GeneralController([2, 2]), object(), with_skip_connection=False)",
        "with_skip_connection",
    ),
    "operations": (
        "from amber.architect import State\nState('dense', units=3).Layer_attributes['units'] = 9",
        "replace",
    ),
    "tokens": (
        "from amber.architect import *\nfrom amber.modeler import *\n"
        "space = ModelSpace.from_dict([[{'Layer_type': 'identity'}]] * 2)\n"
        "KerasModelBuilder(State('input', shape=(3,)), State('dense', units=1), None, space)([0])",
        "2",
    ),
    "stores": ("from amber.architect.store import get_store_fn\nget_store_fn('hessian')", "function"),
    "knowledge": ("from amber.getter import get_knowledge_fn\nget_knowledge_fn('Motif')", "function of model and data"),
}


@pytest.mark.parametrize("change", BEFORE)
def test_what_a_change_replaces_is_refused_with_the_way_out(change: str) -> None:
    code, words = BEFORE[change]
    with pytest.raises((AmberError, TypeError), match=words):
        exec(code, {})
