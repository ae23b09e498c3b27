"""What a run recorded is read as the version that wrote it meant it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import load_data
from amber.experiment.run_files.recorded import config_of, with_classes_of

TEXT = """
data:
  source: {table: d.csv}
  DATA
model_space:
  - [{Layer_type: flatten}]
builder: {type: sequential}
"""


def text_of(data: str = "label: label") -> str:
    return TEXT.replace("DATA", data)


def record_of(text: str, outputs: dict[str, Any]) -> dict[str, Any]:
    return {"config": text, "seed": 0, "outputs": outputs}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [f"{'ACGT'[number % 4] * 8},{'bound' if number % 2 else 'free'}" for number in range(40)]
    (tmp_path / "d.csv").write_text("\n".join(["seq,label", *rows]) + "\n", encoding="utf-8")
    return tmp_path


def test_classes_keep_the_order_that_a_run_has_them_in(table: Path) -> None:
    now = load_data(config_from_text(text_of(), str(table / "c.yaml")))
    assert now.targets[0].classes == ("free", "bound")
    for order in (["bound", "free"], ["free", "bound"]):
        then = load_data(config_of(record_of(text_of(), {"output": order}), table / "best.json"))
        assert list(then.targets[0].classes or ()) == order


@pytest.mark.parametrize(
    ("data", "outputs", "expected"),
    [
        ("label: label", {"output": ["bound", "free"]}, ["bound", "free"]),
        ("label: label", {"output": ["a", "b"]}, None),
        ("label: label", {"output": ["a", "b", "c"]}, None),
        ("label: label", {"output": None}, None),
        ("label: label\n  classes: [free, bound]", {"output": ["free", "bound"]}, ["free", "bound"]),
        ("labels: peak_*", {"output": {"labels": ["peak", "control"]}}, None),
    ],
)
def test_only_two_classes_whose_names_tell_are_named(data: str, outputs: dict[str, Any], expected: object) -> None:
    loaded = config_from_text(text_of(data), "c.yaml")
    assert with_classes_of(record_of("", outputs), loaded).config.data.classes == expected
    assert loaded.config.data.classes == (expected if "classes:" in data else None)


def test_each_of_several_outputs_has_its_own() -> None:
    data = "outputs:\n    one: {column: a}\n    two: {column: b}\n    three: {column: c, classes: [bound, free]}"
    outputs = {"one": ["bound", "free"], "two": ["x", "y"], "three": ["bound", "free"]}
    found = with_classes_of(record_of("", outputs), config_from_text(text_of(data), "c.yaml")).config.data.outputs
    assert found is not None
    assert {name: each.classes for name, each in found.items()} == {
        "one": ["bound", "free"],
        "two": None,
        "three": ["bound", "free"],
    }
