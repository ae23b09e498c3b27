"""A configuration file as values with the line of every key, so that a mistake is named by file, line and key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amber.errors import ConfigError, KeyPath
from amber.files import limits, read_bounded
from amber.files.bounded_yaml import Lines, decode, dotted, parse_yaml_text
from amber.files.missing import CONFIGURATION

__all__ = ["KeyPath", "YamlDocument", "dotted", "parse_yaml", "read_yaml"]


@dataclass(frozen=True)
class YamlDocument:
    """What a YAML file holds.

    Attributes:
        source: the file, as the user wrote it.
        data: plain Python values.
        lines: the line of each value, counted from 1.
        text: the file's text.
        folder: that relative paths in it count from; None: that of the file.
        is_file: whether there is such a file; what was given as a dictionary has no lines that anybody wrote.
    """

    source: str
    data: Any
    lines: Lines = field(repr=False)
    text: str = field(repr=False)
    folder: str | None = None
    is_file: bool = True

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest key above it."""
        return self.lines.at(path).line

    def error(self, path: KeyPath, message: str, line: int | None = None) -> ConfigError:
        """Return the error that names file, line and key; the line is that of the key where none is given."""
        key = f", key {dotted(path)}" if path else ""
        file, number = self.place(path)
        number = number if line is None else line
        where = f", line {number}" if self.is_file else ""
        return ConfigError(f"{self.source}{where}{key}: {_readable(message)}", field=path, file=file, line=number)

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        """Return file and line of a key or the nearest key above it; an empty name and None where there is no file."""
        return (self.source, self.line(path)) if self.is_file else ("", None)

    def folder_of_paths(self) -> Path:
        """Return the folder that relative paths count from, absolute."""
        return Path(os.path.abspath(self.source)).parent if self.folder is None else Path(os.path.abspath(self.folder))


def _readable(message: str) -> str:
    """Return a message, without the middle where it is very long: its beginning and end say what is wrong."""
    return message if len(message) <= 1200 else f"{message[:900]} ... {message[-250:]}"


def read_yaml(path: str | os.PathLike[str]) -> YamlDocument:
    """Read a YAML file.

    Args:
        path: the file, in UTF-8.

    Returns:
        Its values and the line of each key.

    Raises:
        ConfigError: no such file, text that is not YAML, a repeated key, a key that is not text, or more than
            `amber.files.limits` allows.
    """
    source = os.fspath(path)
    data = read_bounded(source, limit=limits.CONFIGURATION_BYTES, what=CONFIGURATION, error=ConfigError)
    return parse_yaml(decode(data, source, ConfigError), source)


def parse_yaml(text: str, source: str) -> YamlDocument:
    """Read YAML text; `source` is what messages call it. Raises ConfigError like `read_yaml`."""
    if len(text) > limits.CONFIGURATION_BYTES:
        raise ConfigError(
            f"{source}: expected a configuration of at most {limits.CONFIGURATION_BYTES:,} characters. "
            f"Received: {len(text):,}"
        )
    data, lines = parse_yaml_text(text, source=source, error=ConfigError, controls=False)
    return YamlDocument(source, data, lines, text)
