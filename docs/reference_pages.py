"""Write the reference pages of every key of a configuration and of every command.

    python docs/reference_pages.py

writes docs/reference/configuration.md and commands.md. Keys, types and defaults come from the types of the sections,
meanings from their docstrings, examples from docs/reference/examples.yaml; commands from the command line's own help.
What may be changed here: the order of the sections, and how a table looks.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from amber.data.sources import SOURCES
from amber.experiment.builders import BUILDERS
from amber.experiment.configuration import data_sections as data, sections
from amber.experiment.defaults import Facts, chosen_settings
from amber.known_names import CONTROLLER_OPTIONS
from amber.presets import AUTO, PRESETS

FOLDER = Path(__file__).resolve().parent / "reference"
WRITTEN = "<!-- Written by docs/reference_pages.py; do not edit. -->\n\n"
SECTIONS: dict[str, type[BaseModel]] = {
    "configuration": sections.Config,
    "data": data.DataSection,
    "data.outputs.NAME": data.OutputSection,
    "data.augmentation": data.AugmentationSection,
    "data.negatives": data.NegativesSection,
    "data.source.simulated": data.SimulatedSection,
    "data.source.simulated.tasks.NAME": data.MotifTaskSection,
    "training": sections.TrainingSection,
    "search": sections.SearchSection,
    "search.one_shot": sections.OneShotSection,
    "search.halving": sections.HalvingSection,
    "search.executor": sections.DaskSection,
    "search.knowledge": sections.KnowledgeSection,
    "search.budget": sections.BudgetSection,
    "final": sections.FinalSection,
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_TYPES = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null", Any: "any"}


@dataclass(frozen=True)
class Key:
    """A row of a table: a key, its type and default in words, its meaning, and an example."""

    name: str
    type: str
    default: str
    meaning: str
    example: Any


def examples() -> dict[str, dict[str, Any]]:
    """Return the example of each key by section."""
    read: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "examples.yaml").read_text(encoding="utf-8"))
    return read


def meanings(cls: type) -> dict[str, str]:
    """Return what the docstring of a class says of each attribute, those of its bases included."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        listed = re.split(r"\n\s*Attributes:\s*\n", each.__doc__ or "", maxsplit=1)
        for name, text in re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", listed[-1] if len(listed) > 1 else "", re.M):
            found[name] = " ".join(text.split())
    return found


def type_words(annotation: Any, metadata: tuple[Any, ...] | list[Any] = ()) -> str:
    """Return a type in words, such as `integer, at least 1` or `text or list of texts`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(arguments[0], (*_flat(arguments[1:]), *metadata))
    if origin in (Union, types.UnionType):
        return " or ".join(type_words(each, metadata) for each in arguments)
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin in (list, tuple):
        each = type_words(arguments[0])
        return "list" if each == "any" else "list of " + re.sub(r"^(text|number|integer)", r"\1s", each)
    if origin in (dict, Mapping):
        value = type_words(arguments[1])
        return (
            "mapping" if value == "any" else "mapping of names to " + re.sub(r"^(text|number|section)", r"\1s", value)
        )
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if annotation not in _TYPES:
        raise TypeError(f"a type without words: {annotation}")
    bounds = "" if annotation not in (int, float) else "".join(_bounds(metadata))
    return _TYPES[annotation] + bounds


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)


def _bounds(metadata: tuple[Any, ...] | list[Any]) -> Iterator[str]:
    for each in metadata:
        for name, words in _BOUNDS.items():
            if getattr(each, name, None) is not None:
                yield f", {words} {getattr(each, name):,}".replace("4,294,967,296", "2^32")


def keys_of_section(title: str, section: type[BaseModel]) -> list[Key]:
    """Return the keys of a section of the configuration, or of the options of a builder."""
    said, shown = meanings(section), examples().get(title, {})
    return [
        Key(name, type_words(field.annotation, field.metadata), _default(field), said.get(name, ""), shown.get(name))
        for name, field in section.model_fields.items()
    ]


def keys_of_source(title: str, source: type) -> list[Key]:
    """Return the settings of a source of data."""
    said, shown, hints = meanings(source), examples().get(title, {}), get_type_hints(source, include_extras=True)
    return [
        Key(
            each.name,
            type_words(hints[each.name]),
            "required" if each.default is dataclasses.MISSING else _code(each.default),
            said.get(each.name, ""),
            shown.get(each.name),
        )
        for each in dataclasses.fields(source)
    ]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "its own defaults" if isinstance(value, BaseModel) else _code(value)


def _code(value: object) -> str:
    return f"`{_yaml(value)}`"


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False).replace("\n...", "").strip()


def table(keys: list[Key], followed: set[str] = frozenset()) -> str:
    """Return the Markdown table of keys; the defaults of `followed` follow from the data."""
    rows = ['<div class="keys" markdown>\n', "| key | type | default | meaning | example |", "|---|---|---|---|---|"]
    for key in keys:
        default = "follows from the data" if key.name in followed else key.default
        example = f"`{key.name}: {_yaml(key.example)}`"
        cells = (f"`{key.name}`", key.type, default, key.meaning, example)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*rows, "\n</div>"])


def configuration_page() -> str:
    """Return the page of every key of a configuration."""
    followed = {section: set(values) for section, values in chosen_settings(Facts(1000)).items()}
    followed["training"].add("loss")  # which the task decides
    parts = [
        "# Every key of a configuration",
        "A configuration is a YAML file; only `data` is needed. Relative paths count from the folder of the file. "
        "Unknown keys are refused with file and line. Defaults that follow from the data are printed by "
        "`amber search`, and written to `config.yaml` and `search.json` of the run.",
    ]
    for title, section in SECTIONS.items():
        parts += [f"## `{title}`" if title != "configuration" else "## The whole file", _first(section)]
        parts.append(table(keys_of_section(title, section), followed.get(title, set())))
    parts += ["## Sources: `data.source` as a mapping", "The first key names the source; the others are its settings."]
    # Simulated data have a section of their own above.
    for name in (each for each in SOURCES.names() if each != "simulated" and is_own(SOURCES.get(each))):
        source = SOURCES.get(name)
        parts += [f"### `{name}`", _first(source), table(keys_of_source(f"source {name}", source))]
    parts += [
        "## Model spaces by name: `model_space: {preset: NAME}`",
        "A list of layers takes the place of a preset, each a list of operations: see [operations](../operations.md). "
        f"The preset `{AUTO}` is the one that suits the data.",
        "| preset | layers |\n|---|---|\n"
        + "\n".join(
            f"| `{name}` | {_first(PRESETS.get(name)).removeprefix('Return ')} |"
            for name in PRESETS.names()
            if is_own(PRESETS.get(name))
        ),
        "## Builders: `builder.type`",
        "By default the builder follows from data and space.",
    ]
    for name in filter(is_own_builder, BUILDERS.names()):
        options = BUILDERS.get(name).options
        parts += [f"### `{name}`", _first(options), table(keys_of_section(f"builder {name}", options))]
    parts += ["## Options of the sampler `controller`", "Keys of `search.sampler_options`."]
    parts.append(", ".join(f"`{name}`" for name in sorted(CONTROLLER_OPTIONS)) + ".")
    return WRITTEN + "\n\n".join(parts) + "\n"


def is_own(thing: Any) -> bool:
    """Return whether AMBER itself, not a plug-in, defines a class or function."""
    return thing.__module__.startswith("amber.")


def is_own_builder(name: str) -> bool:
    """Return whether a builder is AMBER's own."""
    return is_own(BUILDERS.get(name).options)


def _first(thing: object) -> str:
    """Return the first paragraph of a docstring, without what it says only to those who read the code."""
    text = " ".join((thing.__doc__ or "").strip().split("\n\n")[0].split())
    return re.sub(
        r";? ?see `?amber\.[\w.`]*(, whose defaults hold for what is not given)?|; `[^;]*checked by `reading`", "", text
    )


def commands_page() -> str:
    """Return the page of every command, as its help says."""
    from amber.cli.main import app

    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="amber")
    listed = {name: group.get_command(context, name).load() for name in group.list_commands(context)}
    parts = [
        "# Every command",
        "`amber COMMAND --help` shows the same. `SOURCE` is a run directory, its `best.json`, or a configuration with "
        "tokens such as `0,1,0`; `MODEL` is a `.keras` file or a run. Exit codes are in [Searches](../running.md).",
        "| command | what it does |\n|---|---|\n"
        + "\n".join(f"| [`amber {name}`](#amber-{name}) | {_short(command)} |" for name, command in listed.items()),
        "## Options before the command",
        _parameters(group, context),
    ]
    for name, command in listed.items():
        inner = typer.Context(command, info_name=f"amber {name}")
        usage = " ".join([f"amber {name}", *command.collect_usage_pieces(inner)])
        described = re.sub(r"\n\n\n+", "\n\n", _plain(command.help))
        parts += [f"## amber {name}", f"```\n{usage}\n```", described, _parameters(command, inner)]
    return WRITTEN + "\n\n".join(part for part in parts if part) + "\n"


def _plain(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").replace("\b", "").split("\n\n"))


def _short(command: Any) -> str:
    return _plain(command.help).split("\n\n")[0].replace("|", "\\|")


def _parameters(command: Any, context: Any) -> str:
    rows = []
    for parameter in command.get_params(context):
        if getattr(parameter, "hidden", False):
            continue
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        if parameter.param_type_name == "argument":
            names = f"`{parameter.metavar or parameter.name.upper()}`".replace("|", "\\|")
        default = parameter.default
        is_shown = default is not None and default is not False and default != () and not callable(default)
        meaning = " ".join((getattr(parameter, "help", "") or "").split()).replace("|", "\\|")
        rows.append(f"| {names} | {meaning} | {f'`{default}`' if is_shown else ''} |")
    listed = "| argument or option | meaning | default |\n|---|---|---|\n" + "\n".join(rows)
    return f'<div class="options" markdown>\n\n{listed}\n\n</div>'


PAGES = {"configuration.md": configuration_page, "commands.md": commands_page}


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
