"""What a source of data is: a few settings that name files, and the examples these hold.

What may be changed here: what every source has. Each source is a file beside this one; a plug-in registers its own.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from amber.data.encoding.coding import SequenceForm
from amber.data.examples import Examples
from amber.display import one_line
from amber.errors import DataError, KeyPath
from amber.registry import Registry

Files = str | list[str] | dict[str, str] | None
"""A file, several, or several by name."""


@dataclass(frozen=True)
class Wanted:
    """What of a source is read, where it holds more.

    Attributes:
        sequence: the column or array of the sequences.
        blocks: name of an input -> its columns or array; None: the sequence only.
        form: alphabet and length of sequences.
        size_limit: MiB of a text file at most, decompressed; None: an eighth of the machine's memory.
        columns: name of a column that is needed beside the inputs -> what it is for, the `field` of an error where it
            is missing; others need not be read. None: all are wanted.
        helpful: names of columns that are used where they are there, in any case of letters.
    """

    sequence: str = "seq"
    blocks: Mapping[str, Any] | None = None
    form: SequenceForm = field(default_factory=SequenceForm)
    size_limit: int | None = None
    columns: Mapping[str, KeyPath] | None = None
    helpful: tuple[str, ...] = ()
    __repr__ = one_line


@dataclass(frozen=True)
class Source(ABC):
    """A source of examples: a dataclass of settings with defaults; the first is named as the source is registered.

    A configuration writes it as `data.source: {name: ..., setting: ...}`. `PATHS` are the settings that name files,
    `UNUSED` the keys of `data` that mean nothing beside it, `LABELS` how its examples get labels that no column holds.
    """

    PATHS: ClassVar[tuple[str, ...]] = ()
    UNUSED: ClassVar[tuple[str, ...]] = ("sequence", "blocks")
    LABELS: ClassVar[str] = ""
    # Of sources of many settings, whose own line would be long: they are made with `repr=False`.
    __repr__ = one_line

    @property
    def ways_to_labels(self) -> str:
        """How its examples get labels that no column holds, with these settings."""
        return self.LABELS

    @abstractmethod
    def examples(self, wanted: Wanted) -> Examples:
        """Return the examples.

        Raises:
            DataError: files that cannot be used, named with file and line or record.
        """

    def files(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield each file that is named, with the keys that lead to it."""
        for setting in self.PATHS:
            yield from _paths(getattr(self, setting), (setting,))

    def at(self: SourceT, folder: Path) -> SourceT:
        """Return the source with absolute paths; relative ones count from `folder`, `~` is the home folder."""
        changes = {setting: _mapped(getattr(self, setting), folder) for setting in self.PATHS}
        return replace(self, **changes)

    def input_names(self, wanted: Wanted) -> tuple[str, ...]:
        """Return the names of the inputs, which are known before anything is read."""
        return tuple(wanted.blocks) if wanted.blocks else ("sequence",)


SourceT = TypeVar("SourceT", bound=Source)

SOURCES: Registry[type[Source]] = Registry("data source", DataError)


def register_source(name: str, source: type[Source], *, replace: bool = False) -> None:
    """Add a source; its first setting should have the same name.

    Raises:
        DataError: the name is taken and `replace` is not given.
    """
    SOURCES.register(name, source, replace=replace)


def _paths(value: object, above: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield above, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _paths(each, (*above, name))
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from _paths(each, (*above, place))


def _mapped(value: object, folder: Path) -> object:
    if isinstance(value, str):
        return os.path.normpath(folder / os.path.expanduser(value))
    if isinstance(value, Mapping):
        return {name: _mapped(each, folder) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(each, folder) for each in value]
    return value
