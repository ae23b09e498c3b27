"""Data files of a plug-in: a module-level list `AMBER_FILES` names them, and they travel with its code.

A plug-in finds them as it finds its own file, `Path(__file__).parent / "motifs.txt"`, in every process that loads it.
"""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath

from amber.errors import ConfigError
from amber.files import MEBIBYTE, read_bounded

VARIABLE = "AMBER_FILES"
_BYTES, _TOGETHER = 64 * MEBIBYTE, 256 * MEBIBYTE

PluginFiles = tuple[tuple[str, bytes], ...]


def read_files(source: str, folder: Path, plugin: str) -> PluginFiles:
    """Read the data files that the source of a plug-in names.

    Args:
        source: text of the plug-in, which is not run.
        folder: the plug-in lies in it; names are relative to it.
        plugin: its name, for messages.

    Returns:
        Name and content of each file, as the list has them; nothing where there is no list.

    Raises:
        ConfigError: the list is not one of relative paths, or a file cannot be read or is too large.
    """
    found = tuple(
        (
            name,
            read_bounded(
                folder / name, limit=_BYTES, what=f"--plugin {plugin}: a file of {VARIABLE}", error=ConfigError
            ),
        )
        for name in _names(source, plugin)
    )
    size = sum(len(content) for _, content in found)
    if size > _TOGETHER:
        raise ConfigError(
            f"--plugin {plugin}: the files of {VARIABLE} must be at most {_TOGETHER // MEBIBYTE} MiB together. "
            f"Received: {size // MEBIBYTE} MiB"
        )
    return found


def write_files(files: PluginFiles, folder: Path) -> None:
    """Write data files into a folder, which is made; raises OSError."""
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _names(source: str, plugin: str) -> list[str]:
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return []  # told where the plug-in is loaded
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if value is not None and any(isinstance(each, ast.Name) and each.id == VARIABLE for each in targets):
            return _checked(value, plugin)
    return []


def _checked(value: ast.expr, plugin: str) -> list[str]:
    try:
        names = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError):
        names = ast.unparse(value)
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and _is_below(name) for name in names):
        raise ConfigError(
            f"--plugin {plugin}: {VARIABLE} must be a list of paths below the plug-in's folder, written out, such as "
            f"['motifs.txt']. Received: {names!r}"
        )
    return list(dict.fromkeys(names))


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set(name) & set("\\:\0")
