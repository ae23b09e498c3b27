"""The pages of the documentation say what is so, and no link of theirs is broken."""

from __future__ import annotations

import importlib
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from amber.architect import Operation
from amber.graph.cost import measure_operation
from amber.modeler.dag import DAGS  # noqa: F401  registers the operations of supernets
from amber.operations import OPERATIONS

ROOT = Path(__file__).parents[1]
PAGES_WITH_LINKS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
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


def links_of(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'\b(?:src|srcset)="([^"\s]+)"', text)


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES_WITH_LINKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        # The site has the pages of docs/ alone.
        assert page.parent == ROOT or target.is_relative_to(ROOT / "docs"), link
        assert not anchor or anchor in anchors_of(target), link


def test_every_page_is_in_the_navigation() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))

    def pages(entry: object) -> set[str]:
        if isinstance(entry, str):
            return {entry}
        parts = entry.values() if isinstance(entry, dict) else entry
        return set().union(*map(pages, parts))  # type: ignore[call-overload]

    written = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert pages(settings["project"]["nav"]) - {"reference/api.md"} == written


def test_the_reference_of_the_api_names_modules_with_a_first_line() -> None:
    build = runpy.run_path(str(ROOT / "docs" / "build.py"))
    for module in build["MODULES"]:
        assert build["first_line"](module), module


def test_the_reference_of_the_api_shows_what_a_module_offers_only_by_name() -> None:
    """mkdocstrings reads sources; it would leave out what `__getattr__` finds, such as `amber.load`."""
    build = runpy.run_path(str(ROOT / "docs" / "build.py"))
    page = build["page_of"]("amber")
    assert re.findall(r"heading: (\S+)", page)[0] == "amber.search" and "::: amber.starting.searching.search\n" in page
    for module in build["MODULES"]:
        offered, headings = importlib.import_module(module), rf"heading: {module}\.(\w+)"
        shown = build["names_in_source"](module) | set(re.findall(headings, build["page_of"](module)))
        assert set(getattr(offered, "__all__", ())) <= shown, module
        for home in build["offered_by_name"](module).values():
            where, _, name = home.rpartition(".")
            assert hasattr(importlib.import_module(where), name), home


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_tables_begin_after_an_empty_line_or_a_heading(page: Path) -> None:
    """The site takes a table that follows text or code for text."""
    text = re.sub(r"^```.*?^```$", "```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        assert not line.startswith("|") or not before or before.startswith(("|", "#")), line
