"""What is deprecated says so once for each line, names the line of the caller, and goes in the version it names."""

from __future__ import annotations

import ast
import inspect
import warnings
from pathlib import Path
from typing import Any

import pytest

import amber
from amber.deprecation import deprecated, deprecated_arguments, warn_deprecated

SOURCE = Path(amber.__file__).parent


@deprecated("new()", since="0.2.0", removed_in="0.4.0")
def old(value: int) -> int:
    """Return the value."""
    return value


def _renamed(arguments: dict[str, Any]) -> str:
    arguments["value"] = arguments.pop("number")
    return "value="


@deprecated_arguments(["number"], _renamed, since="0.2.0", removed_in="0.4.0")
def current(*, value: int) -> int:
    """Return the value."""
    return value


def test_deprecated_function_works_and_warns_once_for_the_line_of_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        results = [old(number) for number in range(3)]
        line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
        old(3)
    assert results == [0, 1, 2]
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line), (__file__, line + 2)]
    assert str(caught[0].message) == ("old() is deprecated since AMBER 0.2.0 and will be removed in 0.4.0. Use new().")
    assert caught[0].category is FutureWarning
    assert old.__name__ == "old" and old.__doc__ == "Return the value."


def test_deprecated_argument_is_translated_and_warns_with_the_line_of_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            assert current(number=5) == 5  # type: ignore[call-arg]
        line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
        assert current(value=5) == 5
    (one,) = caught
    assert (one.filename, one.lineno) == (__file__, line)
    assert "current(number=) is deprecated since AMBER 0.2.0" in str(one.message) and "Use value=." in str(one.message)
    assert list(inspect.signature(current).parameters) == ["value"]


def test_unknown_argument_is_refused_as_ever() -> None:
    with pytest.raises(TypeError, match="amount"):
        current(amount=5)  # type: ignore[call-arg]


def test_level_of_the_stack_is_counted_from_the_caller() -> None:
    with pytest.warns(FutureWarning, match="a is deprecated") as caught:
        warn_deprecated("a", "b", since="0.2.0", removed_in="0.4.0", stacklevel=1)
    assert caught[0].filename == __file__


def test_nothing_deprecated_is_overdue() -> None:
    calls = [
        {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg in ("since", "removed_in")}
        for path in SOURCE.rglob("*.py")
        if path.name != "deprecation.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _MARKS
    ]
    assert calls
    for call in calls:
        assert _version(call["since"]) < _version(call["removed_in"])
        assert _version(amber.__version__) < _version(call["removed_in"]), f"{call} is to be removed"


_MARKS = ("deprecated", "deprecated_arguments", "warn_deprecated")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_citation_names_the_version() -> None:
    citation = (Path(__file__).parents[1] / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {amber.__version__}\n" in citation
