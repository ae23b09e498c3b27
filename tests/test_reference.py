"""The reference pages are complete and current: every key has a meaning and an example that fits its type."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, NoneType
from typing import Annotated, Any, get_type_hints

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter

from amber.data.sources import SOURCES
from amber.experiment.builders import BUILDERS
from amber.experiment.configuration.sections import Config

FOLDER = Path(__file__).parents[1] / "docs"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_pages", FOLDER / "reference_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


PAGES = load()
OWN_BUILDERS = ("branch", "dag", "multi_io", "residual_cnn", "sequential")
OWN_SOURCES = ("anndata", "arrays", "fasta", "intervals", "parquet", "table", "zarr")
TITLES = [*PAGES.SECTIONS, *(f"builder {name}" for name in OWN_BUILDERS), *(f"source {name}" for name in OWN_SOURCES)]


def class_of(title: str) -> type:
    kind, _, name = title.partition(" ")
    if kind == "builder":
        return BUILDERS.get(name).options
    return SOURCES.get(name) if kind == "source" else PAGES.SECTIONS[title]


def rows_of(title: str) -> list[Any]:
    cls = class_of(title)
    return PAGES.keys_of_source(title, cls) if title.startswith("source ") else PAGES.keys_of_section(title, cls)


@pytest.mark.parametrize("page", PAGES.PAGES)
def test_pages_are_current(page: str) -> None:
    written = (FOLDER / "reference" / page).read_text(encoding="utf-8")
    assert written == PAGES.PAGES[page](), "run: python docs/reference_pages.py"


@pytest.mark.parametrize("title", TITLES)
def test_every_key_has_a_meaning_and_a_fitting_example(title: str) -> None:
    cls, rows = class_of(title), rows_of(title)
    shown = PAGES.examples()[title]
    assert {row.name for row in rows} == set(shown)
    hints = get_type_hints(cls, include_extras=True)
    for row in rows:
        assert row.meaning, f"{title}: the docstring of {cls.__name__} does not say what {row.name} is"
        kind: Any = hints[row.name]
        if issubclass(cls, BaseModel):
            field = cls.model_fields[row.name]
            kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        strict = None if isinstance(kind, type) and issubclass(kind, BaseModel) else ConfigDict(strict=True)
        TypeAdapter(kind, config=strict).validate_python(row.example)


def test_every_section_is_there() -> None:
    def sections_in(annotation: Any) -> set[type]:
        parts = getattr(annotation, "__args__", ())
        found = {annotation} if isinstance(annotation, type) and issubclass(annotation, BaseModel) else set()
        return found.union(*(sections_in(part) for part in parts))

    seen: set[type] = set()
    waiting = {Config}
    while waiting:
        section = waiting.pop()
        seen.add(section)
        for field in section.model_fields.values():
            waiting |= sections_in(field.annotation) - seen
    assert seen <= set(PAGES.SECTIONS.values())
    assert set(OWN_BUILDERS) == set(filter(PAGES.is_own_builder, BUILDERS.names()))
    # Simulated data have a section of their own.
    own = {name for name in SOURCES.names() if PAGES.is_own(SOURCES.get(name))}
    assert set(OWN_SOURCES) == own - {"simulated"}


def test_types_in_words() -> None:
    assert PAGES.type_words(int | None) == "integer or null"
    assert PAGES.type_words(list[str]) == "list of texts"
    assert PAGES.type_words(dict[str, Any]) == "mapping"
    assert PAGES.type_words(NoneType) == "null"
    with pytest.raises(TypeError, match="a type without words"):
        PAGES.type_words(bytes)
