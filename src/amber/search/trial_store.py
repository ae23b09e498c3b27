"""The interface of a trial store, and what a store says of a trial."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from amber.display import one_line
from amber.errors import ConfigError
from amber.search.candidate import Candidate
from amber.search.run_directory import RunDirectory
from amber.search.trial import Trial


@dataclass(frozen=True)
class StoredTrial:
    """A trial as a store knows it: proposed, perhaps by another process, and recorded or not.

    Attributes:
        number: position among all proposals of the study, from 0.
        tokens: the architecture; None where the sampler is to propose it again.
        candidate: the planned network, where it is known.
        trial: what was recorded; None where the trial has not ended.
        mine: whether this process is to record it.
        deaths: how many other processes were lost while they trained it.
    """

    __repr__ = one_line

    number: int
    tokens: tuple[int, ...] | None = None
    candidate: Candidate | None = None
    trial: Trial | None = None
    mine: bool = True
    deaths: int = 0


@runtime_checkable
class TrialStore(Protocol):
    """Keeps the trials of one study.

    A store is append-only: a recorded trial is never changed and never lost. It is whole at any moment: whoever reads
    it sees trials that ended, each complete. It is validated when it is read: what is not a trial as AMBER recorded it
    raises `StorageError` and is never returned.

    A study calls `begin` (unless `is_begun`), `join`, then again and again `lock` with `poll` and `claim` within, and
    `record`; at the end `close`. Afterwards the store may be begun again, to resume the study. All calls come from one
    thread of one process; where `shared`, any number of processes may do the same at the same time.

    Stores of your own inherit from this class. `amber.search.stores.testing` has the tests that every store passes.

    Attributes:
        directory: where this process keeps rankings, checkpoints and logs; None keeps none.
        shared: whether other processes may work at the same study.
        resume: whether a study that was begun before is resumed.
        is_begun: whether `begin` was called, and `close` was not since.
    """

    directory: RunDirectory | None = None
    shared: bool = False
    resume: bool = False
    is_begun: bool = False

    @abstractmethod
    def begin(self, settings: Mapping[str, object], direction: str) -> None:
        """Start the study, or find the one that was begun before, and set `is_begun`.

        Args:
            settings: JSON-ready; those that the study began with must be the same.
            direction: `"maximize"` or `"minimize"`.

        Raises:
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: the store cannot be used, or holds something else.
        """

    def join(self, *, alone: bool) -> None:
        """Take part in the study until `close`.

        Args:
            alone: whether this process trains in itself, so that a trial may end it.
        """
        return

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which no other process proposes."""
        return contextlib.nullcontext()

    @abstractmethod
    def poll(self) -> list[StoredTrial]:
        """Return, by number, what this process has not been told yet; called with the lock held.

        These are the trials of an earlier process, with one `StoredTrial` for each number up to the largest, and
        where the store is shared what others proposed and recorded since. A trial that others have under way is
        returned at each poll until it is recorded, then once more. What this process claimed is not returned.

        Raises:
            StorageError: a trial is not as AMBER recorded it, or the store cannot be read.
        """

    def claim(self, number: int, tokens: tuple[int, ...], candidate: Candidate | None) -> None:
        """Note that this process will record a trial; called with the lock held, and before `record`.

        Args:
            number: of the trial; all before it are known to this process.
            tokens: the architecture.
            candidate: its network; None where it is not one.
        """
        return

    @abstractmethod
    def record(self, trial: Trial) -> Trial:
        """Record a trial that has ended, for good: when this returns, no crash loses it.

        Returns:
            The trial that is recorded: another process's where that was first, since it took this process for lost.

        Raises:
            StorageError: the trial was recorded before, or the store cannot be written.
        """

    @abstractmethod
    def trials(self) -> list[Trial]:
        """Return all recorded trials, by number; only reads, and needs no `begin`.

        Raises:
            StorageError: a trial is not as AMBER recorded it, or the store cannot be read.
        """

    def part(self, name: str, directory: RunDirectory) -> TrialStore:
        """Return a store for a part of the search, such as a rung, whoever of several processes asks for it.

        Args:
            name: of the part.
            directory: where this process keeps what belongs to it.

        Raises:
            ConfigError: this store has no parts.
        """
        raise ConfigError(
            "A search by rungs is recorded in a run directory, in memory, or in a database: give such a store, one "
            "that defines `part`, or the settings asynchronous=True, which need no rungs in it. Received: a shared "
            f"store without parts, {self!r}"
        )

    def close(self) -> None:
        """Leave the study and release trials that were claimed and not recorded; may be called again."""
        self.is_begun = False


def without_gaps(recorded: Iterable[Trial]) -> list[StoredTrial]:
    """Return recorded trials by number, and for each number that is missing one that the sampler proposes again.

    A number is missing where its trial was under way as the process ended, and one that was proposed later had ended.
    """
    known = {trial.number: trial for trial in recorded}
    return [
        StoredTrial(number, known[number].tokens, trial=known[number]) if number in known else StoredTrial(number)
        for number in range(max(known, default=-1) + 1)
    ]
