"""Repair a journal with damaged lines, so that its search can be resumed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from amber.files import complete_replacement, replacing, write_whole
from amber.files.output import naming
from amber.search import RunDirectory
from amber.search.journal import journal_text, read_journal
from amber.search.run_directory import TRIALS


@dataclass(frozen=True)
class Repair:
    """Result of a repair.

    Attributes:
        kept: how many trials there are now.
        dropped: number (from 1) of each line that was left out, and what was wrong with it.
        copy: of the journal as it was; None where nothing was wrong.
    """

    kept: int
    dropped: tuple[tuple[int, str], ...]
    copy: Path | None


def repair(path: Path) -> Repair:
    """Remove damaged lines from a run's journal, and keep a copy of it beside it.

    The trials of these lines are trained again where the search is taken up.

    Args:
        path: run directory.

    Raises:
        StorageError: it is not a run directory, is in use by another process, or cannot be read or written.
    """
    directory = RunDirectory.open(path)
    journal = directory.path / TRIALS
    with directory.locked(), naming(journal):
        complete_replacement(directory.path)
        found = read_journal(journal, checksums=directory.has_checksums, keep_reading=True)
        whole = journal.stat().st_size == found.length
        if whole and not found.damaged:
            return Repair(len(found.trials), (), None)
        copy = _free_name(journal)
        with replacing(copy) as aside:
            shutil.copyfile(journal, aside)
        write_whole(journal, journal_text(found.trials))
        return Repair(len(found.trials), tuple(found.damaged), copy)


def _free_name(journal: Path) -> Path:
    number = 1
    while (copy := journal.with_name(f"{journal.name}.damaged-{number}")).exists():
        number += 1
    return copy
