"""Write the model space of a preset into a configuration, once its data are known.

The text of the configuration changes with it, so that a run directory records the space, not its name. Lines that
stay keep their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from amber.errors import ConfigError, ModelSpaceError
from amber.experiment.configuration.document import YamlDocument, parse_yaml
from amber.experiment.configuration.of_objects import section_of_space
from amber.experiment.configuration.preset import KEY
from amber.experiment.configuration.reading import Configuration, check_config
from amber.experiment.task_spec import TaskSpec, has_profile
from amber.presets import AUTO, DataFacts, PresetSpace, chosen_preset, preset_space, written_out

if TYPE_CHECKING:
    from amber.data import Dataset

_WRITTEN = ("model_space", "builder")


def with_preset(loaded: Configuration, dataset: Dataset) -> Configuration:
    """Return a configuration with the layers of its preset; unchanged where it names none.

    Args:
        loaded: the configuration.
        dataset: its data, whose shapes and number of training examples size the preset.

    Raises:
        ConfigError: a preset that does not suit the data, the builder or the strategy; names file, line and key.
    """
    if loaded.preset is None or len(loaded.space):
        return loaded
    name, space = _space(loaded, dataset)
    document = _with_sections(loaded.document, space, _comment(name, dataset))
    found = check_config(document, recorded=loaded.recorded)
    config = loaded.config.model_copy(update={each: getattr(found.config, each) for each in _WRITTEN})
    return replace(
        loaded,
        document=document,
        config=config,
        builder_options=found.builder_options,
        space=found.space,
        space_paths=found.space_paths,
        preset=name if loaded.preset != AUTO else f"{name} (chosen by the data)",
    )


def space_text(loaded: Configuration) -> str:
    """Return the sections `builder` and `model_space` of a configuration as YAML, with all layers."""
    inputs = list(loaded.config.model_space["branches"]) if isinstance(loaded.config.model_space, dict) else []
    return written_out(PresetSpace(section_of_space(loaded.space, inputs), dict(loaded.config.builder)))


def preset_of(loaded: Configuration, dataset: Dataset) -> str:
    """Return the name of the preset of a configuration that has not been expanded; of `auto`, what suits the data."""
    name = str(loaded.preset)
    shares = loaded.config.search.strategy == "one_shot"
    return chosen_preset(_facts(dataset), shares_weights=shares) if name == AUTO else name


def _space(loaded: Configuration, dataset: Dataset) -> tuple[str, PresetSpace]:
    try:
        name = preset_of(loaded, dataset)
        space = preset_space(name, _facts(dataset))
    except ModelSpaceError as error:
        raise loaded.error(("model_space", KEY), str(error)) from error
    given, own = loaded.config.builder, space.builder["type"]
    if given.get("type", own) != own:
        raise loaded.error(
            ("builder", "type"),
            f"the preset {name} is built by {own}; take the section out, or write the layers under model_space. "
            f"Received: {given['type']}",
        )
    if loaded.config.search.strategy == "one_shot" and own != "residual_cnn":
        raise loaded.error(
            ("model_space", KEY),
            "one_shot shares the weights of a residual CNN: expected deep_residual_cnn or dilated_cnn, or strategy: "
            f"trials. Received: {name}",
        )
    return name, replace(space, builder={**space.builder, **given})


def _facts(dataset: Dataset) -> DataFacts:
    task = TaskSpec.of(dataset)
    return DataFacts(task.inputs, len(dataset.train), len(task.outputs), along=has_profile(task))


def _comment(name: str, dataset: Dataset) -> str:
    shapes = ", ".join(" x ".join(map(str, shape)) for shape in TaskSpec.of(dataset).inputs.values())
    return f"# The preset {name} for {len(dataset.train):,} training examples of {shapes}, written out.\n"


def _with_sections(document: YamlDocument, space: PresetSpace, comment: str) -> YamlDocument:
    """Return a document with the sections of a preset at its end, in place of what named it."""
    added = comment + written_out(space)
    expected = {**{key: value for key, value in document.data.items() if key not in _WRITTEN}, **_values(added)}
    text = f"{_without(document.text).rstrip()}\n\n{added}"
    try:
        changed = parse_yaml(text, document.source)
    except ConfigError:  # a document in braces, or an anchor in what was taken out
        changed = None
    if changed is None or changed.data != expected:
        changed = parse_yaml(yaml.safe_dump(expected, sort_keys=False, allow_unicode=True), document.source)
    return replace(changed, folder=document.folder, is_file=document.is_file)


def _values(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = parse_yaml(text, "preset").data
    return found


def _without(text: str) -> str:
    """Return the text of a configuration without the two sections; lines keep their numbers."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in reversed(root.value if isinstance(root, yaml.MappingNode) else []):
        if key.value in _WRITTEN:
            first, last = key.start_mark.index, value.end_mark.index
            text = text[:first] + "\n" * text.count("\n", first, last) + text[last:]
    return text
