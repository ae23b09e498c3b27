"""YAML with the line of every key, so that a mistake can be named by file, line and key.

What may be changed here: how YAML is read. What the keys mean is the matter of `amber.cli.config`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from amber.errors import ConfigError

KeyPath = tuple[str | int, ...]

# An alias of an alias of an alias ... can grow without end; no configuration is this long.
_MAXIMUM_NODES = 100_000


class _Loader(yaml.SafeLoader):
    """The safe loader, with floats such as `1e-3`, which YAML 1.1 reads as text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


@dataclass(frozen=True)
class YamlDocument:
    """What a YAML file holds.

    Attributes:
        source: the file, as the user wrote it.
        data: plain Python values.
        lines: line, counted from 1, of each key path, such as `("search", "trials")`.
        text: the file's text.
    """

    source: str
    data: Any
    lines: dict[KeyPath, int] = field(repr=False)
    text: str = field(repr=False)

    def line(self, path: KeyPath) -> int:
        """Returns the line of a key, or of the nearest key above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """Returns the error that names file, line and key."""
        key = f", key {dotted(path)}" if path else ""
        return ConfigError(f"{self.source}, line {self.line(path)}{key}: {message}")


def dotted(path: KeyPath) -> str:
    """Returns a key path as text: `search.trials`, `model_space[2][0].filters`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(path: str | os.PathLike[str]) -> YamlDocument:
    """Reads a YAML file.

    Args:
        path: the file, in UTF-8.

    Returns:
        Its values and the line of each key.

    Raises:
        ConfigError: no such file, text that is no YAML, a repeated key, or a key that is not text.
    """
    source = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{source}: expected a configuration file in YAML. Received: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: expected text in UTF-8. Received: {error}") from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{source}: expected a readable configuration file. Received: {reason}") from error
    return parse_yaml(text, source)


def parse_yaml(text: str, source: str) -> YamlDocument:
    """Reads YAML text; `source` is what messages call it. Raises ConfigError like `read_yaml`."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[KeyPath, int] = {}
            if node is not None:
                _Walk(source, lines).visit(node, (), node.start_mark.line + 1, ())
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(f"{source}{where}: expected valid YAML. Received: {problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{source}: expected valid YAML. Received: {' '.join(str(error).split())}") from error
    return YamlDocument(source, data, lines, text)


class _Walk:
    """Notes the line of every key and refuses repeated ones."""

    def __init__(self, source: str, lines: dict[KeyPath, int]) -> None:
        self._source = source
        self._lines = lines

    def visit(self, node: yaml.Node, path: KeyPath, line: int, above: tuple[int, ...]) -> None:
        if id(node) in above:
            raise ConfigError(
                f"{self._source}, line {line}: an anchor must not contain itself. Received: {dotted(path)}"
            )
        self._lines[path] = line
        if len(self._lines) > _MAXIMUM_NODES:
            raise ConfigError(
                f"{self._source}: a configuration may hold at most {_MAXIMUM_NODES} values. "
                "Received: more, through anchors and aliases"
            )
        above = (*above, id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, index), item.start_mark.line + 1, above)
        elif isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, path, above)

    def _visit_mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> None:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                received = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                under = f", key {dotted(path)}" if path else ""
                raise ConfigError(f"{self._source}, line {line}{under}: a key must be text. Received: {received!r}")
            name = str(key.value)
            here = (*path, name)
            if name in seen:
                raise ConfigError(
                    f"{self._source}, line {line}, key {dotted(here)}: a key may occur once. "
                    f"Received: it again, first on line {seen[name]}"
                )
            seen[name] = line
            self.visit(value, here, line, above)
