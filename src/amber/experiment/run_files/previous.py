"""Keep what `--overwrite` replaces in the folder `previous` until the new run is finished.

The folder is a run directory as any other: its report, its model and its trials can be looked at. A finished run that
is set aside is never given up for one that is not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from amber.experiment.run_files.finished import DRAWINGS, RESULTS
from amber.experiment.run_files.recorded import BEST_MODEL
from amber.files import sync, write_whole
from amber.files.output import naming

if TYPE_CHECKING:
    from amber.search import RunDirectory

PREVIOUS = "previous"
# There while files are moved, so that a process killed then leaves no run in two halves.
_MOVING = ".moving"


def set_aside(directory: RunDirectory) -> Path | None:
    """Move the files of an earlier search into the folder `previous`, and return it; None where there is none.

    Raises:
        StorageError: the folder cannot be written, or the run is in use by another process.
    """
    from amber.search import RunDirectory
    from amber.search.run_directory import TRIALS

    if not (directory.path / TRIALS).is_file():
        return None
    aside = directory.path / PREVIOUS
    with directory.locked(), naming(aside):
        put_back_half(directory.path)
        if RunDirectory(aside).is_finished and not directory.is_finished:
            return aside  # what is here is overwritten, and the finished one kept
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        write_whole(aside / _MOVING, "")
        _move(directory.path, aside)
        (aside / _MOVING).unlink()
    return aside


def put_back_half(path: Path) -> None:
    """Undo a `set_aside` that was killed half-way; raises OSError."""
    aside = path / PREVIOUS
    if (aside / _MOVING).is_file():
        _move(aside, path)
        shutil.rmtree(aside)


def forget(directory: RunDirectory) -> None:
    """Remove what was set aside, once the new run is finished."""
    with contextlib.suppress(OSError):
        shutil.rmtree(directory.path / PREVIOUS)


def _move(source: Path, target: Path) -> None:
    from amber.search.one_shot.files import CONTROLLER, RECORD, SUPERNET
    from amber.search.run_directory import OWN_FILES, TRIALS

    own = {*OWN_FILES, BEST_MODEL, "test.json", RESULTS, *DRAWINGS, SUPERNET, CONTROLLER, RECORD} - {TRIALS}
    for name in [*sorted(own), TRIALS]:
        if (source / name).is_file():
            os.replace(source / name, target / name)
    sync(target)
    sync(source)
