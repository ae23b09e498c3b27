"""Options of a builder that change nothing on the space of a configuration: said in one line each."""

from __future__ import annotations

from amber.architect.without_effect import sentence, without_effect
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.section import Section


def ineffective_options(loaded: Configuration, inputs: int) -> dict[str, str]:
    """Return the options that the configuration gives and that change nothing, each with the reason.

    Args:
        loaded: the configuration.
        inputs: how many inputs a network has.
    """
    options = loaded.builder_options
    given = {name: getattr(options, name) for name in options.model_fields_set if name != "type"}
    written = loaded.config.model_space
    if isinstance(written, dict) and "merge" in written:
        given["merge"] = written["merge"]
    return without_effect(loaded.builder_type, loaded.space, given, inputs=inputs)


def ineffective_lines(loaded: Configuration, inputs: int) -> list[str]:
    """Return a line about those options; none where all have an effect."""
    said = sentence(f"the builder {loaded.builder_type} here", ineffective_options(loaded, inputs))
    return [said] if said else []


def effective_options(loaded: Configuration, inputs: int) -> Section:
    """Return the options with the default in place of those that change nothing, which were said already."""
    options = loaded.builder_options
    fields = type(options).model_fields
    unused = {name: fields[name].default for name in ineffective_options(loaded, inputs) if name in fields}
    return options.model_copy(update=unused) if unused else options
