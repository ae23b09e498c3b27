"""The key `data.source: {simulated: {...}}`: from a checked section to a simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amber.data import MotifTask, Simulation
from amber.data.sources import SimulatedSource
from amber.errors import DataError
from amber.experiment.configuration.data_sections import OutputSection, SimulatedSection
from amber.experiment.configuration.document import KeyPath, YamlDocument
from amber.experiment.configuration.sections import Config

_PATH: KeyPath = ("data", "source", "simulated")


def checked_simulation(
    config: Config, document: YamlDocument, validate: Callable[..., SimulatedSection]
) -> SimulatedSource | None:
    """Return the source of the simulation that a configuration asks for; None where its data come from a file.

    Args:
        config: the sections.
        document: the file, with its lines.
        validate: `amber.experiment.configuration.reading` 's check of one section.

    Raises:
        ConfigError: an unknown key or a value out of range; names file, line and key.
    """
    source = config.data.source
    if isinstance(source, str) or "simulated" not in source:
        return None
    if list(source) != ["simulated"]:
        raise document.error(_PATH[:2], f"expected the key 'simulated' alone. Received: {', '.join(source)}")
    given = source["simulated"]
    section = validate(SimulatedSection, {} if given is None else given, document, _PATH)
    _check_outputs(config, document)
    values: dict[str, Any] = {
        name: getattr(section, name) for name in section.model_fields_set if getattr(section, name) is not None
    }
    for name, task in (section.tasks or {}).items():
        try:
            values["tasks"] = {**_tasks_so_far(values), name: MotifTask(task.motifs, task.spacing)}
        except DataError as error:
            raise document.error((*_PATH, "tasks", name), str(error)) from error
    try:
        return SimulatedSource(Simulation(**values))
    except DataError as error:
        raise document.error((*_PATH, *error.field), str(error)) from error


def with_tasks_as_outputs(config: Config, source: SimulatedSource) -> Config:
    """Return the configuration with one output per task, where there are several and it names none."""
    tasks, data = source.simulation.tasks, config.data
    if data.outputs is not None or data.labels is not None or "label" in data.model_fields_set or len(tasks) < 2:
        return config
    outputs = {name: OutputSection(column=name) for name in tasks}
    return config.model_copy(update={"data": config.data.model_copy(update={"outputs": outputs})})


def _tasks_so_far(values: dict[str, Any]) -> dict[str, MotifTask]:
    return {name: task for name, task in values["tasks"].items() if isinstance(task, MotifTask)}


def _check_outputs(config: Config, document: YamlDocument) -> None:
    for name, output in (config.data.outputs or {}).items():
        if output.type == "number" or output.classes is not None:
            raise document.error(
                ("data", "outputs", name),
                "a task of simulated data has the classes negative and positive; expected no type and no classes. "
                f"Received: {output.type if output.classes is None else output.classes}",
            )
