"""Repair a journal with damaged lines, so that its search can be resumed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from amber.errors import StorageError
from amber.files import complete_replacement, replacing, write_whole
from amber.files.output import naming
from amber.search import RunDirectory
from amber.search.journal import Journal, journal_text, read_journal
from amber.search.run_directory import TRIALS


@dataclass(frozen=True)
class Repair:
    """Result of a repair.

    Attributes:
        kept: how many trials there are now.
        dropped: number (from 1) of each line that was left out, and what was wrong with it.
        restored: number of each line whose trials were restored, and what was wrong with it.
        from_backup: numbers of the trials that were taken from a backup.
        copy: of the journal as it was; None where nothing was wrong.
    """

    kept: int
    dropped: tuple[tuple[int, str], ...]
    restored: tuple[tuple[int, str], ...]
    from_backup: tuple[int, ...]
    copy: Path | None


def repair(path: Path, backup: Path | None = None) -> Repair:
    """Restore damaged lines of a run's journal, or drop them, and keep a copy of the journal beside it.

    A line is restored where its checksum vouches for what is restored: one byte was changed, or something stands before
    or after it. Trials that neither a line nor the backup holds are trained again when the search is resumed.

    Args:
        path: run directory.
        backup: an earlier copy of its `trials.jsonl`; trials that the journal has lost are taken from it.

    Raises:
        StorageError: it is not a run directory, is in use by another process, or cannot be read or written; or the
            backup is of another search.
    """
    directory = RunDirectory.open(path)
    journal = directory.path / TRIALS
    with directory.locked(), naming(journal):
        complete_replacement(directory.path)
        found = read_journal(journal, checksums=directory.has_checksums, keep_reading=True)
        added = [] if backup is None else _add_from(backup, found)
        whole = journal.stat().st_size == found.length
        if whole and not found.damaged and not added:
            return Repair(len(found.trials), (), (), (), None)
        copy = _free_name(journal)
        with replacing(copy) as aside:
            shutil.copyfile(journal, aside)
        write_whole(journal, journal_text(found.trials))
        dropped = tuple(each for each in found.damaged if each[0] not in found.restored)
        restored = tuple(each for each in found.damaged if each[0] in found.restored)
        return Repair(len(found.trials), dropped, restored, tuple(added), copy)


def _add_from(backup: Path, found: Journal) -> list[int]:
    """Add trials of a backup that the journal lacks, and return their numbers."""
    if not backup.is_file():
        raise StorageError(f"There is no file {backup}: expected an earlier copy of {TRIALS}.")
    known = {trial.number: trial for trial in found.trials}
    added = []
    trials = read_journal(backup, keep_reading=True).trials
    if not trials:
        raise StorageError(f"{backup}: expected an earlier copy of {TRIALS}. Received: a file without a trial")
    for trial in trials:
        if trial.number not in known:
            found.trials.append(trial)
            added.append(trial.number)
        elif trial.to_dict() != known[trial.number].to_dict():
            raise StorageError(
                f"{backup} must be an earlier copy of this journal: expected trial {trial.number} to be the same in "
                f"both. Received: tokens {trial.tokens}, where the journal has {known[trial.number].tokens}"
            )
    return added


def _free_name(journal: Path) -> Path:
    number = 1
    while (copy := journal.with_name(f"{journal.name}.damaged-{number}")).exists():
        number += 1
    return copy
