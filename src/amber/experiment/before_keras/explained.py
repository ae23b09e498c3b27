"""Whether a run can be explained, as far as it is known without loading Keras."""

from __future__ import annotations

from pathlib import Path

from amber.errors import ConfigError, DataError, StorageError
from amber.experiment.run_files.recorded import checked_model_file, record_beside
from amber.experiment.task_spec import TaskSpec
from amber.files.output import why_not_writable

_CHANNELS = 4


def check_explained(run: Path, folder: Path, database: Path | None) -> None:
    """Check a run, the folder that is to be written and the file of known motifs.

    Args:
        run: run directory, its `best.json`, or the model file in it.
        folder: need not exist.
        database: MEME file; None: that which ships.

    Raises:
        ConfigError: no finished run or no model in it, or no such file of motifs.
        DataError: a model without a run, or one that reads no sequences.
        StorageError: the folder cannot be made.
    """
    record = record_beside(run)
    checked_model_file(run)
    if record is None:
        raise DataError(f"{run}: expected a run directory, whose data are known. Received: a model without a run")
    shapes = TaskSpec.from_dict(record).inputs
    if not any(len(shape) == 2 and shape[-1] == _CHANNELS for shape in shapes.values()):
        raise DataError(
            f"{run}: motifs need an input of one-hot sequences, shape (length, 4). Received: {dict(shapes)}"
        )
    if database is not None and not database.is_file():
        received = "a folder" if database.is_dir() else "no such file"
        raise ConfigError(f"--database: expected a MEME file. Received: {received}, {database}")
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Raise StorageError where a folder is not one, or where neither it nor a file in it could be made."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    reason = why_not_writable(there) if there.is_dir() else f"{there} is not a folder"
    if reason:
        raise StorageError(f"--output: expected a folder to write files into. Received: {folder} ({reason})")
