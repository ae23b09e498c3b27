"""The file that `data.source` means, and a configuration that names it wherever it is read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml

from amber.data import Dataset
from amber.data.datasets import file_in_data_folder, find_data, is_packaged, is_there
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.document import parse_yaml
from amber.experiment.configuration.reading import Configuration


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
    folder = Path(os.path.abspath(loaded.document.source)).parent
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
