"""The data of a configuration: the file that `data.source` means, read as the sections say."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from amber.data import Dataset, TargetSpec, load_blocks, load_dataset, load_simulated
from amber.data.datasets import OUTPUT, file_in_data_folder, find_data, is_packaged, is_there
from amber.data.division import AUTO
from amber.data.splits import DEFAULT_FRACTIONS
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.document import KeyPath, dotted, parse_yaml
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import INPUT


def load_data(loaded: Configuration) -> Dataset:
    """Load the data of a configuration.

    Raises:
        ConfigError: data that cannot be used; names file, line and key of the configuration, and what of the data.
    """
    if loaded.dataset is not None:
        return loaded.dataset
    try:
        return _load(loaded)
    except DataError as error:
        raise _named_by_key(error, loaded) from error


def with_split(loaded: Configuration, dataset: Dataset) -> Configuration:
    """Return a configuration with the split that was found out from the data, where it names none."""
    if loaded.config.data.split != AUTO:
        return loaded
    section = loaded.config.data.model_copy(update={"split": dataset.split})
    return replace(loaded, config=loaded.config.model_copy(update={"data": section}))


def _named_by_key(error: DataError, loaded: Configuration) -> ConfigError:
    """Return an error of data with the nearest key that the file holds; see `amber.data.loading.load_table`."""
    kind, *rest = error.field or ("source",)
    outputs, blocks = loaded.config.data.outputs, loaded.config.data.blocks
    where: dict[Any, KeyPath] = {
        "inputs": ("blocks", *rest[:1]) if blocks else ("sequence",),
        "targets": ("outputs", *rest[:1]) if outputs else ("label",),
    }
    path: KeyPath = ("data", *where.get(kind, (kind,)))
    given = loaded.document.lines.holds(path)
    advice = ""
    if rest[-1:] == ["column"]:
        advice = "" if given else f" Write {dotted(path)} to name another."
        advice += " To draw the parts, write split: random." if kind == "split" else ""
    while path and not loaded.document.lines.holds(path):
        path = path[:-1]
    return loaded.error(path, f"{error}{advice}")


def _fractions(section: DataSection) -> Sequence[float]:
    """Return the fractions of randomly drawn parts."""
    return section.fractions or DEFAULT_FRACTIONS


def _load(loaded: Configuration) -> Dataset:
    section = loaded.config.data
    if loaded.simulation is not None:
        outputs = section.outputs
        return load_simulated(
            loaded.simulation,
            outputs=None if outputs is None else {name: output.column for name, output in outputs.items()},
            fractions=_fractions(section),
        )
    shared: dict[str, Any] = {
        "split": section.split,
        "seed": loaded.config.seed,
        "standardize": section.standardize,
        "fractions": _fractions(section),
        "size_limit": section.size_limit,
    }
    if section.blocks is None and section.outputs is None:
        return load_dataset(
            data_file(loaded),
            sequence=section.sequence,
            label=section.label,
            classes=section.classes,
            task=section.task,
            **shared,
        )
    return load_blocks(
        data_file(loaded), section.blocks or {INPUT: {"sequence": section.sequence}}, _targets(section), **shared
    )


def _targets(section: DataSection) -> dict[str, TargetSpec]:
    if section.outputs is None:
        return {OUTPUT: TargetSpec(section.label, section.task, section.classes)}
    return {name: TargetSpec(output.column, output.type, output.classes) for name, output in section.outputs.items()}


def data_file(loaded: Configuration) -> str:
    """Return the name of packaged data, or the absolute path of the file that a configuration names.

    A relative path counts from the folder of the configuration, `~` is the home folder, and a name may be that of
    a file in the folder AMBER_DATA_DIR.

    Raises:
        ConfigError: there is no such file, or only in the working folder; names file, line and key.
    """
    source = str(loaded.config.data.source)
    if is_packaged(source):
        return source
    folder = loaded.document.folder_of_paths()
    beside = folder / Path(source).expanduser()
    if is_there(beside):
        return os.path.normpath(beside)
    found = file_in_data_folder(source)
    if found is not None:
        return os.path.abspath(found)
    if is_there(Path(source)):
        # Searches of version 0.1.0 took the working folder's, and recorded the path as it was written.
        if loaded.recorded:
            return os.path.abspath(source)
        ways = f"{os.path.relpath(source, folder)} or {os.path.abspath(source)}"
        raise loaded.error(
            ("data", "source"),
            f"a relative path counts from the folder of the configuration, {folder}, where there is no such file. "
            f"There is one in the working folder: write {ways}. "
            f"Received: {source!r}",
        )
    try:
        return str(find_data(source))
    except DataError as error:
        raise loaded.error(("data", "source"), f"there is no {beside}. {error}") from error


def text_with_data_file(loaded: Configuration, dataset: Dataset) -> str:
    """Return the text of a configuration with the absolute path of its data, so that it can be read from any folder."""
    source = loaded.config.data.source
    text = loaded.document.text
    if dataset.path is None or not isinstance(source, str) or is_packaged(source) or source == str(dataset.path):
        return text
    node = _scalar(yaml.compose(text, Loader=yaml.SafeLoader), ("data", "source"))
    if node is None:
        return text
    # In quotes, a path is the same text in JSON and YAML.
    path = json.dumps(str(dataset.path), ensure_ascii=False)
    changed = text[: node.start_mark.index] + path + text[node.end_mark.index :]
    expected = {**loaded.document.data, "data": {**loaded.document.data["data"], "source": str(dataset.path)}}
    try:
        same = parse_yaml(changed, loaded.document.source).data == expected
    except ConfigError:  # the path is an alias of a value elsewhere
        same = False
    return changed if same else text


def _scalar(node: yaml.Node | None, path: tuple[str, ...]) -> yaml.ScalarNode | None:
    for name in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == name), None)
    return node if isinstance(node, yaml.ScalarNode) else None
