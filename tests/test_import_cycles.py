"""No circles among files: whoever imports a file, for a type or within a function too, is not imported by it.

An import for a type alone counts: two files that cannot be read one after the other are one idea in two places.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.test_imports import FILES, MODULES, imports_of, module_name

# Circles that stand, each to be taken out of this list with the change that removes it. None is added.
KNOWN: set[frozenset[str]] = set()


def read(path: Path) -> set[str]:
    """The modules of AMBER that a file imports."""
    name = module_name(path)
    found = imports_of(path.read_text("utf-8"), name, is_package=path.name == "__init__.py")
    return {each.name for each in found if each.name in MODULES} - {name}


def reachable(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    """Every module that importing one brings with it, by any number of steps."""
    found: set[str] = set()
    pending = [start]
    while pending:
        new = imports.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return found


def circles(imports: Mapping[str, set[str]]) -> Iterator[frozenset[str]]:
    """The largest sets of modules of which each brings every other with it."""
    reach = {module: reachable(module, imports) for module in imports}
    seen: set[str] = set()
    for module, found in reach.items():
        if module in found and module not in seen:
            circle = frozenset(other for other in found if module in reach.get(other, set()))
            seen |= circle
            yield circle


def test_no_file_is_imported_by_what_it_imports() -> None:
    found = set(circles({module_name(path): read(path) for path in FILES}))
    assert not found - KNOWN, f"new circles: {[sorted(circle) for circle in found - KNOWN]}"
    assert not KNOWN - found, f"these are gone, take them out of KNOWN: {[sorted(circle) for circle in KNOWN - found]}"


def asked_by_name(source: str) -> set[str]:
    """The modules of AMBER that a source imports by a name in a string, where neither tests nor tools see an import."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args)
    named = (
        node.args[0].value
        for node in calls
        if isinstance(node.args[0], ast.Constant) and ast.unparse(node.func).endswith(("import_module", "__import__"))
    )
    return {name for name in named if isinstance(name, str) and name.partition(".")[0] == "amber"}


def test_what_is_asked_for_by_name_is_known() -> None:
    """Names in strings would hide a circle; these three stand in ARCHITECTURE.md with their reasons."""
    found = {module_name(path): asked_by_name(path.read_text("utf-8")) for path in FILES}
    del found["amber"]  # nothing but names that others offer
    assert {module: names for module, names in found.items() if names} == {
        "amber.architect": {"amber.compat"},
        "amber.graph.graph": {"amber.drawing"},
        "amber.search": {"amber.starting"},
    }


def test_a_circle_is_found_where_there_is_one() -> None:
    sources = {
        "amber.graph.graph": "from amber.graph.cost import measure",
        "amber.graph.cost": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from amber.graph import build",
        "amber.graph.build": "def build():\n    from amber.graph.graph import ComputationGraph",
        "amber.graph.node": "import amber.graph.graph",
    }
    imports = {name: {each.name for each in imports_of(source, name)} for name, source in sources.items()}
    assert list(circles(imports)) == [frozenset({"amber.graph.graph", "amber.graph.cost", "amber.graph.build"})]
    del imports["amber.graph.build"]
    assert list(circles(imports)) == []
