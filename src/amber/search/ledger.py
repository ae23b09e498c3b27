"""Where the proposals of a search are recorded, so that none is lost and none is trained twice.

`Ledger` is that of a process alone: the journal in its run directory. `SharedLedger` is that of several: a study in a
database; the journal in the run directory is then a copy.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from amber.search.proposal import Known, Proposal
from amber.search.run_directory import RunDirectory
from amber.search.storage import StudyDatabase
from amber.search.study_link import check_alone, link_to_study
from amber.search.trial import TrialResult


class Ledger:
    """The record of a search that one process works at.

    Args:
        directory: holds the journal; None keeps nothing.

    Attributes:
        shared: whether other processes may work at the search.
    """

    shared = False

    def __init__(self, directory: RunDirectory | None) -> None:
        self._directory = directory
        self._earlier: list[TrialResult] = []

    def begin(self, settings: Mapping[str, Any], direction: str, *, resume: bool, allow_changes: bool) -> None:
        """Note the settings of the search, and finds what is settled; see `RunDirectory.begin`."""
        if self._directory is not None:
            check_alone(self._directory)
            self._earlier = self._directory.begin(settings, resume=resume, allow_changes=allow_changes)

    def join(self, *, alone: bool) -> None:
        """Take part, from here until `close`; `alone` where this process trains in itself."""

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Within, no other process proposes."""
        yield

    def news(self) -> list[Known]:
        """Return, by number, proposals that this process has not made since it was started; in a turn.

        What is not settled is returned again and again, until it is.
        """
        earlier, self._earlier = {trial.number: trial for trial in self._earlier}, []
        # A gap is one of several that were being trained: the sampler says once more which it was.
        return [
            Known(number, earlier[number].tokens, trial=earlier[number]) if number in earlier else Known(number)
            for number in range(max(earlier, default=-1) + 1)
        ]

    def claim(self, proposal: Proposal) -> None:
        """Note that this process settles a proposal; in a turn."""

    def settle(self, trial: TrialResult) -> TrialResult:
        """Record what became of a proposal of this process, and return what is recorded of it."""
        return trial

    def close(self) -> None:
        """Give back what this process has not settled."""


class SharedLedger(Ledger):
    """The record of a search in a database.

    Args:
        directory: of this process's own files; None keeps none.
        database: where the study is.
    """

    shared = True

    def __init__(self, directory: RunDirectory | None, database: StudyDatabase) -> None:
        super().__init__(directory)
        self._database = database
        self._owner = uuid.uuid4().hex

    def begin(self, settings: Mapping[str, Any], direction: str, *, resume: bool, allow_changes: bool) -> None:
        """Make the study or joins it; see `StudyDatabase.begin`."""
        if self._directory is not None:
            part = link_to_study(self._directory, self._database.address, self._database.study_name)
            self._owner = part.participant
            self._directory.begin(settings, resume=resume, allow_changes=allow_changes)
        self._database.begin(settings, direction, allow_changes=allow_changes)

    def join(self, *, alone: bool) -> None:
        """Take part in the study; what this directory's process left unsettled is its own again."""
        self._database.join(self._owner, alone=alone)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Within, no other process proposes."""
        with self._database.turn():
            yield

    def news(self) -> list[Known]:
        """Return what others proposed or settled; see `StudyDatabase.news`."""
        return self._database.news()

    def claim(self, proposal: Proposal) -> None:
        """Note it in the database."""
        self._database.claim(proposal.number, proposal.tokens, proposal.candidate)

    def settle(self, trial: TrialResult) -> TrialResult:
        """Record it in the database."""
        return self._database.settle(trial)

    def close(self) -> None:
        """Leave the study."""
        self._database.leave()


def record_in(directory: RunDirectory | None, database: StudyDatabase | None) -> Ledger:
    """Return the record of a search: the study in a database where there is one, else the journal of the directory."""
    return Ledger(directory) if database is None else SharedLedger(directory, database)
