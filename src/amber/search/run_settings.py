"""The settings that a search began with, in `search.json`, and what differs from them when it is taken up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amber.errors import StorageError
from amber.files.strict_json import json_text, read_json
from amber.types import JsonObject

FORMAT_VERSION = 3
# 2: trials may be pruned, and have curves. 3: every line of the journal has a checksum.
READABLE_VERSIONS = (1, 2, 3)
CHECKSUMS_SINCE = 3


def settings_text(settings: Mapping[str, object]) -> str:
    """Return the file that says which search the trials belong to."""
    return json_text({"format_version": FORMAT_VERSION, "settings": settings}, default=str)


def read_settings(path: Path) -> tuple[JsonObject, int]:
    """Return the settings of a search, and the version of the format it is kept in.

    Raises:
        StorageError: it cannot be read, is not such a file, or is of another version of the format.
    """
    values = read_json(path, what="the settings of a search", nan_is_null=True)
    version = values.get("format_version") if isinstance(values, dict) else None
    if version not in READABLE_VERSIONS or not isinstance(values.get("settings"), dict):
        raise StorageError(
            f"{path} must be of format_version {' or '.join(map(str, READABLE_VERSIONS))}, with settings. Put a copy "
            f"back, or begin a new search in another directory. Received: {version!r}"
        )
    return dict(values["settings"]), int(version)


@dataclass(frozen=True)
class Change:
    """A setting that differs: where it is, what it was (None: not there), and what it is now."""

    path: tuple[str | int, ...]
    before: Any
    now: Any

    @property
    def key(self) -> str:
        """The path as text, such as `training.epochs`."""
        return ".".join(map(str, self.path))


class SettingsChangedError(StorageError):
    """A search was to be taken up with other settings than it began with.

    Attributes:
        place: where that search is.
        changes: all that differ.
    """

    def __init__(self, place: str, changes: Sequence[Change]) -> None:
        self.place, self.changes = place, tuple(changes)
        said = ", ".join(f"{each.key} (was {each.before!r}, is {each.now!r})" for each in changes)
        super().__init__(
            f"The settings are not those the search in {place} began with: {said}. Put them back, or allow changes."
        )


def changes_between(before: object, now: object, path: tuple[str | int, ...] = ()) -> list[Change]:
    """Return all that differs between two settings, each named as deep as both have the same shape."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names: list[Any] = sorted({*before, *now})
        pairs = [(name, before.get(name), now.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(index, *pair) for index, pair in enumerate(zip(before, now, strict=True))]
    else:
        return [] if before == now else [Change(path, before, now)]
    return [change for name, old, new in pairs for change in changes_between(old, new, (*path, name))]
