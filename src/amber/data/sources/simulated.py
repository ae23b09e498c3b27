"""Simulated sequences as a source: planted motifs, with a column of `negative` and `positive` for each task.

What may be changed here: how drawn sequences become examples. What is drawn is the matter of `amber.data.simulated`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.examples import ArrayExamples
from amber.data.simulated.simulation import CLASSES, MotifTask, Simulation, simulate
from amber.data.sources.source import Source, Wanted, register_source
from amber.errors import DataError
from amber.wording import shown


@dataclass(frozen=True)
class SimulatedSource(Source):
    """Sequences that are drawn, with the rule of each task planted in those that are `positive`.

    Attributes:
        simulated: what is drawn: a `Simulation`, or its settings by name, of which a task may be written as
            `{motifs: [...], spacing: [...]}`. Nothing: the defaults of `Simulation`.

    Raises:
        DataError: a setting that is not one of `Simulation`, or a value out of range; its `field` names it.
    """

    simulated: Simulation | Mapping[str, Any] | None = None
    PATHS: ClassVar[tuple[str, ...]] = ()
    UNUSED: ClassVar[tuple[str, ...]] = (
        "sequence",
        "blocks",
        "alphabet",
        "length",
        "align",
        "unknown",
        "standardize",
        "task",
        "classes",
        "negatives",
        "size_limit",
    )

    def __post_init__(self) -> None:
        if not isinstance(self.simulated, Simulation):
            object.__setattr__(self, "simulated", _simulation(self.simulated or {}))

    @property
    def simulation(self) -> Simulation:
        """What is drawn."""
        return self.simulated if isinstance(self.simulated, Simulation) else _simulation(self.simulated or {})

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the sequences, with the columns of their tasks."""
        drawn = simulate(self.simulation)
        coded = coded_sequences(drawn.sequences, SequenceForm(), "simulated example {}".format)
        names = np.array(CLASSES, dtype=object)
        columns = {task: names[labels] for task, labels in drawn.labels.items()}
        return ArrayExamples({"sequence": coded.values}, {"sequence": coded.kind}, columns)


def _simulation(settings: Mapping[str, Any]) -> Simulation:
    values = dict(settings)
    known = Simulation.__dataclass_fields__
    unknown = [name for name in values if name not in known]
    if unknown:
        raise DataError(
            f"A simulation has the settings {', '.join(known)}. Received: {shown(unknown[0])}", field=("simulated",)
        )
    if isinstance(values.get("tasks"), Mapping):
        values["tasks"] = {name: _task(name, task) for name, task in values["tasks"].items()}
    try:
        return Simulation(**values)
    except DataError as error:
        error.field = ("simulated", *error.field)
        raise


def _task(name: str, written: object) -> MotifTask:
    if isinstance(written, MotifTask):
        return written
    if not isinstance(written, Mapping) or not {"motifs"} <= set(written) <= {"motifs", "spacing"}:
        raise DataError(
            f"Task {name!r}: expected {{motifs: [...], spacing: [...]}}. Received: {shown(written)}",
            field=("simulated", "tasks", name),
        )
    try:
        return MotifTask(**written)
    except DataError as error:
        error.field = ("simulated", "tasks", name)
        raise


register_source("simulated", SimulatedSource)
