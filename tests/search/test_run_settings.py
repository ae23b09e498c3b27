"""The settings of a search in a file, and what is said of those that differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from amber.errors import StorageError
from amber.search.asha import rung_epochs
from amber.search.run_settings import (
    FORMAT_VERSION,
    READABLE_VERSIONS,
    Change,
    SettingsChangedError,
    changes_between,
    read_settings,
    settings_text,
)

# Without None, which stands for what is not there.
trees = st.recursive(
    st.one_of(st.integers(0, 3), st.sampled_from(["a", "b", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("pqrstuvw"), inner)),
    max_leaves=12,
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Give every value that is no mapping and no list, with its place; an empty one has its own."""
    if isinstance(value, (dict, list)) and value:
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, name))
    else:
        yield path, value


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else value[name]
    return value


@settings(max_examples=150, deadline=None)
@given(trees, trees)
def test_every_difference_is_named_once_and_in_order(before: Any, now: Any) -> None:
    found = changes_between(before, now)
    assert bool(found) == (before != now)
    for change in found:
        assert change.before != change.now
        assert (change.before, change.now) == (at(before, change.path), at(now, change.path))
    paths = [change.path for change in found]
    assert paths == sorted(set(paths))
    # Put back, nothing is left that differs.
    for place, value in leaves(before):
        named = any(place[: len(path)] == path for path in paths)
        assert named or value in ([], {}) or at(now, place) == value
    back = [Change(each.path, each.now, each.before) for each in found]
    assert changes_between(now, before) == back


def test_many_changes_are_said_in_one_order() -> None:
    before = {name: {"x": 1, "y": [1, 2]} for name in "kjihgfedcba"}
    now = {name: {"x": 1, "y": [1, 3], "z": 4} for name in "ajbickdjehfg"}
    keys = [change.key for change in changes_between(before, now)]
    assert keys == [f"{name}.{key}" for name in "abcdefghijk" for key in ("y.1", "z")]
    error = SettingsChangedError("runs/a", changes_between(before, now)[:3])
    assert "runs/a began with: a.y.1 (was 2, is 3), a.z (was None, is 4), b.y.1 (was 2, is 3). Put" in str(error)
    assert error.place == "runs/a" and len(error.changes) == 3


@pytest.mark.parametrize(
    ("before", "now", "path"), [([1, 2], [1], ()), ([1], {"a": 1}, ()), ({"a": [1]}, {"a": [1, 2]}, ("a",))]
)
def test_values_of_another_shape_differ_as_a_whole(before: Any, now: Any, path: tuple[str, ...]) -> None:
    (change,) = changes_between(before, now)
    assert change.path == path


@pytest.mark.parametrize("version", READABLE_VERSIONS)
def test_settings_of_each_version_are_read(tmp_path: Path, version: int) -> None:
    path = tmp_path / "search.json"
    path.write_text(json.dumps({"format_version": version, "settings": {"seed": 3}}), "utf-8")
    assert read_settings(path) == ({"seed": 3}, version)


def test_settings_make_the_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "search.json"
    path.write_text(settings_text({"seed": 3, "place": tmp_path}), "utf-8")
    assert read_settings(path) == ({"seed": 3, "place": str(tmp_path)}, FORMAT_VERSION)
    assert FORMAT_VERSION == max(READABLE_VERSIONS)


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ({"format_version": 0, "settings": {}}, "0"),
        ({"format_version": FORMAT_VERSION + 1, "settings": {}}, str(FORMAT_VERSION + 1)),
        ({"format_version": 3}, "3"),
        ({"format_version": 3, "settings": []}, "3"),
        ([3], "None"),
    ],
)
def test_what_are_no_settings(tmp_path: Path, content: object, received: str) -> None:
    path = tmp_path / "search.json"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(StorageError, match=f"must be of format_version 1 or 2 or 3, with settings.*: {received}$"):
        read_settings(path)


@pytest.mark.parametrize(
    ("most", "rungs", "factor", "epochs"),
    [(27, 4, 3, (1, 3, 9, 27)), (10, 3, 3, (1, 3, 10)), (2, 5, 4, (1, 2)), (1, 3, 2, (1,)), (100, 2, 10, (10, 100))],
)
def test_rungs_increase(most: int, rungs: int, factor: int, epochs: tuple[int, ...]) -> None:
    assert rung_epochs(most, rungs, factor) == epochs
