"""Whether a run can be explained, as far as it is known without loading Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.data.motifs import read_meme
from amber.data.motifs.extra import SHORTEST_SEQUENCE
from amber.errors import DataError
from amber.experiment.run_files.recorded import checked_model_file, record_beside
from amber.experiment.task_spec import TaskSpec
from amber.files.output import check_output_folder

FOUND = "explained.json"
"""The file of what `amber explain` found, for reports."""
_CHANNELS = 4


def check_explained(run: Path, folder: Path, database: Path | None, motifs: str = "contributions") -> None:
    """Check a run, the folder that is to be written and the file of known motifs.

    Args:
        run: run directory, its `best.json`, or the model file in it.
        folder: need not exist.
        database: MEME file; None: that which ships.
        motifs: where they are looked for: `contributions`, `filters` or `none`.

    Raises:
        ConfigError: no finished run or no model in it.
        DataError: a model without a run, one that reads no sequences or too short ones, or a file of motifs that cannot
            be read.
        StorageError: the folder cannot be made.
    """
    record = record_beside(run)
    checked_model_file(run)
    if record is None:
        raise DataError(f"{run}: expected a run directory, whose data are known. Received: a model without a run")
    length = TaskSpec.from_dict(record).inputs[input_of_sequences(record, run)][0]
    if motifs == "contributions" and length < SHORTEST_SEQUENCE:
        raise DataError(
            f"{run}: motifs are looked for in sequences of at least {SHORTEST_SEQUENCE} bases; --motifs filters and "
            f"--motifs none take shorter ones. Received: {length} bases"
        )
    if database is not None:
        read_meme(database)
    check_output_folder(folder)


def input_of_sequences(record: Mapping[str, Any], run: Path) -> str:
    """Return the name of the input that holds DNA or RNA; raise DataError, which names the run, where none does."""
    task = TaskSpec.from_dict(record)
    name = next((each for each, shape in task.inputs.items() if len(shape) == 2 and shape[-1] == _CHANNELS), None)
    if name is None:
        raise task.not_read(
            str(run),
            "DNA or RNA, as it is motifs that are looked for",
            f"Contributions of other inputs are arrays in Python: `amber.load({str(run)!r}).explain(inputs)`.",
        )
    return name
