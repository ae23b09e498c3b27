"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import amber
from amber.operations.registry import OPERATIONS

ROOT = Path(amber.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


WITH_EXAMPLES = sorted(module_name(path) for path in ROOT.rglob("*.py") if ">>>" in path.read_text(encoding="utf-8"))


def test_there_are_examples() -> None:
    assert "amber.architect.model_space" in WITH_EXAMPLES


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # An example may register an operation, which other tests must not find.
    monkeypatch.setattr(OPERATIONS, "_entries", dict(OPERATIONS._entries))
    found = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert found.attempted > 0
    assert found.failed == 0, f"{name}: {found.failed} of {found.attempted} examples give something else (see above)"
