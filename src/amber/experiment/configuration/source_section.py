"""The key `data.source` where it is a mapping: to a source of `amber.data.sources`, whose settings are its keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

from pydantic import create_model

from amber.data.encoding.coding import SequenceForm
from amber.data.sources import SOURCES, Source, Wanted
from amber.data.tables.examples import ReadBlock
from amber.errors import DataError
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.document import KeyPath, YamlDocument
from amber.experiment.configuration.section import Section

SOURCE: KeyPath = ("data", "source")


def checked_source(section: DataSection, document: YamlDocument, validate: Callable[..., Section]) -> Source | None:
    """Return the source that a configuration describes; None where it names a table, or data are simulated.

    Args:
        section: `data`.
        document: the file, with its lines.
        validate: `amber.experiment.configuration.reading` 's check of one section.

    Raises:
        ConfigError: an unknown key or a value that does not fit; names file, line and key.
    """
    given = section.source
    if not isinstance(given, Mapping) or "simulated" in given:
        return None
    source = _source(_kind(given, document), given, document, validate)
    return source.at(document.folder_of_paths())


def wanted_of(section: DataSection) -> Wanted:
    """Return what of a source is read.

    Raises:
        DataError: a form of sequences that does not fit; its `field` names the key of `data`.
    """
    form = SequenceForm(section.alphabet, section.length, section.align)
    return Wanted(section.sequence, section.blocks, form, section.size_limit)


def _kind(given: Mapping[str, object], document: YamlDocument) -> str:
    """Return the name of the source: of the keys that name one, the one whose settings the others are."""
    named = [key for key in given if key in SOURCES]
    if not named:
        raise document.error(
            SOURCE,
            f"expected a name, a path, or a mapping with one of the keys {', '.join(SOURCES.names())}. "
            f"Received: {', '.join(map(str, given)) or 'no key'}",
        )
    fits = (key for key in named if set(given) <= set(_section_of(SOURCES.get(key)).model_fields))
    return next(fits, named[0])


def _source(kind: str, given: Mapping[str, object], document: YamlDocument, validate: Callable[..., Section]) -> Source:
    entry = SOURCES.get(kind)
    section = validate(_section_of(entry), dict(given), document, SOURCE)
    values = {name: getattr(section, name) for name in section.model_fields_set}
    try:
        return entry(**values)
    except DataError as error:
        path = (*SOURCE, *error.field)
        raise document.error(path if document.lines.holds(path) else SOURCE, str(error)) from error


@cache
def _section_of(source: type[Source]) -> type[Section]:
    """Return the section with the settings of a source as keys."""
    hints = get_type_hints(source)
    fields: dict[str, Any] = {}
    for each in dataclasses.fields(source):
        missing = each.default is dataclasses.MISSING
        fields[each.name] = (hints[each.name], ... if missing else each.default)
    return create_model(source.__name__, __base__=Section, **fields)


def check_unused(source: Source, section: DataSection, document: YamlDocument) -> None:
    """Raise ConfigError, with file, line and key, where a key of `data` is given that means nothing beside a source."""
    for key, value in section.model_dump(exclude_unset=True).items():
        if key in source.UNUSED and value is not None and document.lines.holds(("data", key)):
            raise document.error(
                ("data", key), f"it has no effect beside this source; take it out. Received: {value!r}"
            )


def check_form(section: DataSection, document: YamlDocument) -> None:
    """Check alphabet, length and blocks; raises ConfigError with file, line and key."""
    try:
        form = wanted_of(section).form
    except DataError as error:
        raise document.error(("data", *error.field), str(error)) from error
    for name, written in (section.blocks or {}).items():
        try:
            ReadBlock.parse(written, name, form)
        except DataError as error:
            raise document.error(("data", "blocks", name), str(error)) from error
