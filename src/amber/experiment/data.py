"""The data of a configuration: the file that `data.source` means, read as the sections say."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from amber.data import Dataset, TargetSpec
from amber.data.batches.augmentation import Augmentation
from amber.data.dataset import INPUT
from amber.data.datasets import OUTPUT, file_in_data_folder, find_data, is_packaged, is_there, load_drawn, load_table
from amber.data.from_examples import DatasetSpec, load
from amber.data.negatives.matched import PAIR
from amber.data.simulated.simulation import CLASSES
from amber.data.sources import SimulatedSource, Source
from amber.data.splits.division import AUTO, CHROMOSOMES, GROUP_COLUMN, SIMILARITY, SplitSpec
from amber.data.splits.parts import DEFAULT_FRACTIONS
from amber.data.targets.tasks import Kind
from amber.errors import AmberError, ConfigError, DataError
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.document import KeyPath, dotted, parse_yaml
from amber.experiment.configuration.reading import Configuration, load_config
from amber.experiment.configuration.source_section import wanted_of
from amber.metric_names import SOFTMAX_LOSS
from amber.wording import shown


def load_data(loaded: Configuration, fold: int = 0) -> Dataset:
    """Load the data of a configuration.

    Args:
        loaded: the configuration.
        fold: with `split: {folds: number}`, which of them is the test part.

    Raises:
        ConfigError: data that cannot be used; names file, line and key of the configuration, and what of the data.
    """
    try:
        dataset = _load(loaded, fold) if loaded.dataset is None else loaded.dataset
    except DataError as error:
        raise _named_by_key(error, loaded) from error
    return _with_heads(loaded, dataset)


def _with_heads(loaded: Configuration, dataset: Dataset) -> Dataset:
    """Return the data with a softmax over two classes where the configuration gives the loss of one."""
    training, outputs = loaded.config.training, loaded.config.data.outputs
    losses = {name: output.loss for name, output in (outputs or {}).items()}
    alone = training.loss if outputs is None and "loss" in training.model_fields_set else None
    wanted = [losses.get(each.name, alone) == SOFTMAX_LOSS for each in dataset.targets]
    if not any(wanted):
        return dataset
    targets = zip(dataset.targets, wanted, strict=True)
    return replace(dataset, targets=tuple(replace(each, softmax=softmax) for each, softmax in targets))


def folds_of(loaded: Configuration) -> int:
    """Return how many folds a configuration asks for; 0 where there are none."""
    split = loaded.config.data.split
    return 0 if loaded.dataset is not None or isinstance(split, str) else int(split.get("folds", 0))


def with_split(loaded: Configuration, dataset: Dataset) -> Configuration:
    """Return a configuration with the split that was found out from the data, where it names none."""
    if loaded.config.data.split != AUTO:
        return loaded
    section = loaded.config.data.model_copy(update={"split": dataset.split})
    return replace(loaded, config=loaded.config.model_copy(update={"data": section}))


def _named_by_key(error: DataError, loaded: Configuration) -> ConfigError:
    """Return an error of data with the nearest key that the file holds; see `amber.data.from_examples.dataset_of`."""
    kind, *rest = error.field or ("source",)
    outputs, blocks = loaded.config.data.outputs, loaded.config.data.blocks
    where: dict[Any, KeyPath] = {
        "inputs": ("blocks", *rest[:1]) if blocks else ("sequence",),
        "targets": ("outputs", *rest[:1]) if outputs else ("label" if loaded.config.data.labels is None else "labels",),
        "source": ("source", *rest),
    }
    if loaded.source is not None and hasattr(loaded.source, str(kind)):
        where[kind] = ("source", kind, *rest)
    path: KeyPath = ("data", *where.get(kind, (kind,)))
    given = loaded.document.lines.holds(path)
    advice = ""
    if rest[-1:] == ["column"]:
        other_ways = loaded.source.ways_to_labels if loaded.source is not None and kind == "targets" else ""
        naming = f"{other_ways}; or write" if other_ways else "Write"
        advice = "" if given else f" {naming} {dotted(path)} to name another."
        advice += (
            " To draw the parts, write split: random, of a size that `fractions` says, or split: {folds: 5}."
            if kind == "split"
            else ""
        )
    while path and not loaded.document.lines.holds(path):
        path = path[:-1]
    stop = "." if advice and str(error)[-1] not in ".?" else ""
    return loaded.error(path, f"{error}{stop}{advice}")


def _fractions(section: DataSection) -> Sequence[float]:
    """Return the fractions of randomly drawn parts."""
    return section.fractions or DEFAULT_FRACTIONS


def _split(section: DataSection, seed: int, fold: int) -> SplitSpec:
    """Return how the examples of a source are divided."""
    split, fractions = section.split, _fractions(section)
    if isinstance(split, str):
        group = PAIR if section.negatives is not None else GROUP_COLUMN
        return SplitSpec(split, group, seed=seed, fractions=fractions)
    if "folds" in split:
        return SplitSpec(split["by"], seed=seed, folds=split["folds"], fold=fold)
    if "similarity" in split:
        return SplitSpec(SIMILARITY, seed=seed, fractions=fractions, stretch=split["similarity"])
    return SplitSpec(CHROMOSOMES, seed=seed, fractions=fractions, chromosomes=split["chromosomes"])


def _load(loaded: Configuration, fold: int) -> Dataset:
    section = loaded.config.data
    if isinstance(loaded.source, SimulatedSource):
        return load_drawn(loaded.source, dataset_spec(loaded, fold, one_input=True))
    if loaded.source is not None:
        return _from_source(loaded, loaded.source, fold)
    if section.outputs is None:
        spec = dataset_spec(loaded, fold, one_input=section.blocks is None)
        return load_table(data_file(loaded), wanted_of(section), spec)
    blocks = section.blocks or {INPUT: {"sequence": section.sequence}}
    return load_table(data_file(loaded), replace(wanted_of(section), blocks=blocks), dataset_spec(loaded, fold))


def dataset_spec(loaded: Configuration, fold: int = 0, *, one_input: bool = False) -> DatasetSpec:
    """Return what the data set of a configuration is made of, beside the inputs of its examples."""
    section = loaded.config.data
    spec = DatasetSpec(
        targets=_targets(section),
        split=_split(section, loaded.config.seed, fold),
        standardize=section.standardize,
        unknown=section.unknown,
        one_input=one_input,
        augmentation=_augmentation(loaded),
        negatives=section.negatives.shuffled if section.negatives is not None else 0,
        class_weights=section.class_weights,
        weights=section.weights,
    )
    return _of_tasks(spec, section, loaded.source) if isinstance(loaded.source, SimulatedSource) else spec


def _of_tasks(spec: DatasetSpec, section: DataSection, source: SimulatedSource) -> DatasetSpec:
    """Return what is predicted of simulated data: tasks have two classes, and name their outputs."""
    if spec.wide:
        return spec
    columns = {name: target.column for name, target in spec.targets.items()}
    if section.outputs is None and "label" not in section.model_fields_set:
        columns = {name: name for name in source.simulation.tasks}
    return replace(spec, targets={name: TargetSpec(column, "classes", CLASSES) for name, column in columns.items()})


def _augmentation(loaded: Configuration) -> Augmentation:
    section = loaded.config.data.augmentation
    if section is None:
        return Augmentation()
    return Augmentation(section.reverse_complement, section.shift, seed=loaded.config.seed)


def _from_source(loaded: Configuration, source: Source, fold: int) -> Dataset:
    """Load the examples of a source, and divide them."""
    section = loaded.config.data
    files = [(keys, Path(file)) for keys, file in source.files()]
    for keys, file in files:
        if not is_there(file):
            folder = loaded.document.folder_of_paths()
            raise DataError(
                f"expected an existing file (a relative path counts from the folder of the configuration, {folder}). "
                f"Received: {file}",
                field=("source", *keys),
            )
    first = files[0][1] if files else None
    names_one_file = isinstance(next(iter(vars(source).values()), None), str)
    title = loaded.config.name
    if first is not None and names_one_file:
        title = first.name.removesuffix(".gz").rsplit(".", 1)[0]
    spec = dataset_spec(loaded, fold, one_input=section.blocks is None)
    return load(source, wanted_of(section), spec, title, first)


def _targets(section: DataSection) -> dict[str, TargetSpec]:
    if section.outputs is None:
        return {OUTPUT: _target(section.label, section.labels, section.task, section.classes)}
    return {
        name: _target(output.column or "", output.labels, output.type, output.classes)
        for name, output in section.outputs.items()
    }


def _target(
    column: str | list[str], labels: str | list[str] | None, kind: Kind | None, classes: list[str] | None
) -> TargetSpec:
    if labels is not None:
        return TargetSpec(columns=labels, wide="labels")
    if isinstance(column, str):
        return TargetSpec(column, kind, classes)
    if kind == "classes" or classes is not None:
        raise DataError(
            f"several columns are several numbers; for columns of 0 and 1 write `labels`. Received: {shown(column)}",
            field=("label",),
        )
    return TargetSpec(columns=column)


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
    if "://" in source:
        raise loaded.error(
            ("data", "source"),
            f"expected a file of this machine, as nothing is fetched: download it first. Received: {shown(source)}",
        )
    folder = loaded.document.folder_of_paths()
    beside = folder / os.path.expanduser(source)
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
    """Return the text of a configuration with absolute paths of its data, so that it can be read from any folder."""
    text = loaded.document.text
    paths = _absolute_paths(loaded, dataset)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    nodes = {path: _scalar(root, ("data", "source", *path)) for path in paths}
    if not paths or not all(nodes.values()):
        return text
    changed, expected = text, deepcopy(loaded.document.data)
    places = {path: (node.start_mark.index, node.end_mark.index) for path, node in nodes.items() if node is not None}
    for path in sorted(places, key=places.__getitem__, reverse=True):
        first, last = places[path]
        # In quotes, a path is the same text in JSON and YAML.
        changed = changed[:first] + json.dumps(paths[path], ensure_ascii=False) + changed[last:]
        _put(expected, ("data", "source", *path), paths[path])
    try:
        same = parse_yaml(changed, loaded.document.source).data == expected
    except ConfigError:  # a path is an alias of a value elsewhere
        same = False
    return changed if same else text


def _absolute_paths(loaded: Configuration, dataset: Dataset) -> dict[KeyPath, str]:
    """Return the absolute paths of what `data.source` names, by the keys below it; those that stand there left out."""
    source = loaded.config.data.source
    if isinstance(source, str):
        known = dataset.path is None or is_packaged(source) or source == str(dataset.path)
        return {} if known else {(): str(dataset.path)}
    found = dict(loaded.source.files()) if loaded.source is not None else {}
    return {path: file for path, file in found.items() if _at(source, path) != file}


def data_files_of_run(run: Path) -> tuple[Path, ...]:
    """Return the files that the data of a run were read from, as its configuration names them; none where it is none.

    Args:
        run: run directory, or a file in one.
    """
    try:
        loaded = load_config((run if run.is_dir() else run.parent) / "config.yaml", recorded=True)
        files = [data_file(loaded)] if loaded.source is None else [file for _, file in loaded.source.files()]
    except AmberError:
        return ()
    return tuple(map(Path, files))


def _at(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(value: Any, path: KeyPath, new: str) -> None:
    _at(value, path[:-1])[path[-1]] = new


def _scalar(node: yaml.Node | None, path: KeyPath) -> yaml.ScalarNode | None:
    for key in path:
        if isinstance(key, int):
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            node = items[key] if key < len(items) else None
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return node if isinstance(node, yaml.ScalarNode) else None
