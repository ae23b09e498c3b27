"""The section `model_space`: layers, each a list of operations, groups of layers that repeat, and branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.architect.model_space import check_size
from amber.checks import is_integer
from amber.errors import ModelSpaceError
from amber.experiment.configuration.document import KeyPath, YamlDocument
from amber.experiment.configuration.mistakes import unknown_key
from amber.files import limits
from amber.wording import shown

_GROUP_KEYS = ("repeat", "candidates")
_BRANCH_KEYS = ("branches", "stem", "merge")


def space_of(
    entries: list[object] | dict[str, object], document: YamlDocument, inputs: Sequence[str] = ()
) -> tuple[ModelSpace, list[list[KeyPath]]]:
    """Make the model space of a configuration.

    Args:
        entries: layers, each a list of operations or `{repeat: N, candidates: [...]}`, N equal layers; or
            `{branches: {input: layers, ...}, stem: layers, merge: concatenate}`.
        document: where they were read, for the lines of messages.
        inputs: names of the inputs, one for each branch; a branched space is in their order.

    Returns:
        The space and, for each layer, the key path of each candidate.

    Raises:
        ConfigError: an entry that is neither, branches that are not those of the inputs, or an operation that
            cannot be read, with its line.
    """
    if isinstance(entries, dict):
        return _branched(entries, document, inputs)
    return _chain(entries, ("model_space",), document)


def _branched(
    entries: dict[str, object], document: YamlDocument, inputs: Sequence[str]
) -> tuple[ModelSpace, list[list[KeyPath]]]:
    root: KeyPath = ("model_space",)
    for key in entries:
        if key not in _BRANCH_KEYS:
            raise document.error((*root, key), unknown_key(key, list(_BRANCH_KEYS)))
    branches, stem = entries.get("branches"), entries.get("stem")
    if not isinstance(branches, dict) or set(branches) != set(inputs):
        expected = ", ".join(inputs) or "the names of data.blocks"
        received = ", ".join(branches) if isinstance(branches, dict) else shown(branches)
        raise document.error(
            (*root, "branches"), f"expected one branch for each input: {expected}. Received: {received}"
        )
    parts: list[tuple[Any, KeyPath]] = [(branches[name], (*root, "branches", name)) for name in inputs]
    spaces, paths = [], []
    for layers, path in [*parts, (stem, (*root, "stem"))]:
        if not isinstance(layers, list) or not layers:
            raise document.error(path, f"expected a list of at least one layer. Received: {shown(layers)}")
        space, found = _chain(layers, path, document)
        spaces.append(space)
        paths += found
    merge = entries.get("merge", "concatenate")
    if not isinstance(merge, str):
        raise document.error(
            (*root, "merge"), f"expected the name of a merge, such as concatenate. Received: {shown(merge)}"
        )
    return BranchedModelSpace([spaces[:-1], spaces[-1]], merge), paths


def _chain(entries: list[object], root: KeyPath, document: YamlDocument) -> tuple[ModelSpace, list[list[KeyPath]]]:
    space = ModelSpace()
    paths: list[list[KeyPath]] = []
    for index, entry in enumerate(entries):
        path: KeyPath = (*root, index)
        repeat, candidates = 1, entry
        if isinstance(entry, dict):
            repeat, candidates = _group(entry, path, document)
            path = (*path, "candidates")
        if not isinstance(candidates, list) or not candidates:
            raise document.error(
                path,
                "a layer must be a list of at least one operation, or {repeat: N, candidates: [...]}. "
                f"Received: {shown(candidates)}",
            )
        places: list[KeyPath] = [(*path, position) for position in range(len(candidates))]
        operations = [_operation(item, place, document) for item, place in zip(candidates, places, strict=True)]
        try:
            check_size(len(space) + repeat, sum(map(len, space)) + repeat * len(operations))
        except ModelSpaceError as error:
            raise document.error(path, str(error)) from error
        for _ in range(repeat):
            space.add_layer(len(space), operations)
            paths.append(places)
    return space, paths


def _group(entry: dict[str, object], path: KeyPath, document: YamlDocument) -> tuple[int, Any]:
    for key in entry:
        if key not in _GROUP_KEYS:
            raise document.error((*path, key), unknown_key(key, list(_GROUP_KEYS)))
    if "candidates" not in entry:
        raise document.error(path, f"the key 'candidates' is missing. Received: {list(entry)}")
    repeat = entry.get("repeat", 1)
    if not is_integer(repeat) or not 1 <= repeat <= limits.LAYERS:
        raise document.error(
            (*path, "repeat"), f"expected an integer from 1 to {limits.LAYERS}. Received: {shown(repeat)}"
        )
    return repeat, entry["candidates"]


def _operation(item: Any, path: KeyPath, document: YamlDocument) -> Operation:
    try:
        return Operation.from_dict(item)
    except ModelSpaceError as error:
        raise document.error((*path, *error.field), str(error)) from error
