"""Values do not change: every dataclass is frozen but those that hold a state, which are named here."""

from __future__ import annotations

import re
from pathlib import Path

import amber

STATES = {
    "experiment/before_keras/reachable.py": {"Reachable"},
    "files/bounded_yaml.py": {"Lines", "_Open"},
    "drawing/edge_routing.py": {"Lane", "EdgeRouting"},
    "data/genomics/interval_formats.py": {"IntervalLines", "_Rows"},
    "supernet/child.py": {"UntrackedState"},
    "architect/buffers/paths.py": {"StoredPath", "Step", "Baseline", "Memory"},
    "explain/substitutions/plan.py": {"Plan"},
    "search/journal.py": {"Journal"},
    "search/pace.py": {"_Training"},
}
DATACLASS = re.compile(
    r"^ *@(?:dataclasses\.)?dataclass\b(?:\((?P<settings>.*)\))?\n *class (?P<name>\w+)", re.MULTILINE
)


def not_frozen(source: str) -> set[str]:
    """Return the names of dataclasses whose instances can be changed."""
    return {
        found["name"]
        for found in DATACLASS.finditer(source)
        if "frozen=True" not in (found["settings"] or "").split(", ")
    }


def test_every_dataclass_is_frozen_but_states() -> None:
    root = Path(amber.__file__).parent
    found = {
        path.relative_to(root).as_posix(): names
        for path in root.rglob("*.py")
        if (names := not_frozen(path.read_text(encoding="utf-8")))
    }
    assert found == STATES


def test_what_is_not_frozen_is_found() -> None:
    source = (
        "@dataclass(frozen=False, eq=False)\nclass A:\n\n@dataclass\nclass B:\n\n@dataclass(frozen=True)\nclass C:\n"
    )
    assert not_frozen(source) == {"A", "B"}
