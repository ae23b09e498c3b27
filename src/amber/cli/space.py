"""The section `model_space`: layers, each a list of operations, and groups of layers that repeat."""

from __future__ import annotations

from typing import Any

from amber.architect import ModelSpace, Operation
from amber.cli.yaml_lines import KeyPath, YamlDocument
from amber.errors import ModelSpaceError

_MAXIMUM_REPEAT = 1000
_GROUP_KEYS = {"repeat", "candidates"}


def space_of(entries: list[Any], document: YamlDocument) -> tuple[ModelSpace, list[list[KeyPath]]]:
    """Makes the space.

    Args:
        entries: each a layer (a list of operations) or `{repeat: N, candidates: [...]}`, N equal layers.
        document: where they were read, for the lines of messages.

    Returns:
        The space and, for each layer, the key path of each candidate.

    Raises:
        ConfigError: an entry that is neither, or an operation that cannot be read, with its line.
    """
    space = ModelSpace()
    paths: list[list[KeyPath]] = []
    for index, entry in enumerate(entries):
        path: KeyPath = ("model_space", index)
        repeat, candidates = 1, entry
        if isinstance(entry, dict):
            repeat, candidates = _group(entry, path, document)
            path = (*path, "candidates")
        if not isinstance(candidates, list) or not candidates:
            raise document.error(
                path,
                "a layer must be a list of at least one operation, or {repeat: N, candidates: [...]}. "
                f"Received: {candidates!r}",
            )
        places: list[KeyPath] = [(*path, position) for position in range(len(candidates))]
        operations = [_operation(item, place, document) for item, place in zip(candidates, places, strict=True)]
        for _ in range(repeat):
            space.add_layer(len(space), operations)
            paths.append(places)
    return space, paths


def _group(entry: dict[str, Any], path: KeyPath, document: YamlDocument) -> tuple[int, Any]:
    for key in entry:
        if key not in _GROUP_KEYS:
            raise document.error(
                (*path, key), f"unknown key; a group of layers has the keys repeat, candidates. Received: {key!r}"
            )
    if "candidates" not in entry:
        raise document.error(path, f"the key 'candidates' is missing. Received: {list(entry)}")
    repeat = entry.get("repeat", 1)
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 1 <= repeat <= _MAXIMUM_REPEAT:
        raise document.error(
            (*path, "repeat"), f"expected an integer from 1 to {_MAXIMUM_REPEAT}. Received: {repeat!r}"
        )
    return repeat, entry["candidates"]


def _operation(item: Any, path: KeyPath, document: YamlDocument) -> Operation:
    try:
        return Operation.from_dict(item)
    except ModelSpaceError as error:
        raise document.error(path, str(error)) from error
