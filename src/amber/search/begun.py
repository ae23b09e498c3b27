"""Trials that were begun and have not ended, noted so that a search knows which trial its process died of.

A trial in this process can end the process: `os._exit`, a segmentation fault, no memory. Nothing is recorded of it
then, and a search that is taken up would meet it again and again. A trial whose process ended by itself is tried once
more, from its checkpoint; the second time it counts as failed. A kill from outside looks the same but for the trace
that `amber.search.last_words` finds, so without a trace it takes more deaths, and none may have come further than the
one before. What a person interrupts is not counted.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from amber.errors import StorageError
from amber.files.strict_json import json_text, read_json
from amber.search.last_words import LastWords, memory_kills
from amber.search.run_directory import BEGUN, LAST_WORDS, RunDirectory

logger = logging.getLogger(__name__)

# How often a process may end by itself of one trial; end without a trace, and without progress; be lost to others.
_DEATHS, _KILLS, _LOST = 2, 5, 3


@dataclass(frozen=True)
class Begun:
    """A trial that was begun.

    Attributes:
        tokens: the architecture.
        fingerprint: of the planned network; empty while it is planned.
        deaths: how many processes ended by themselves before the trial did.
        kills: how many in a row ended, killed from outside or not, while its checkpoint stayed the same.
        checkpoint: what its checkpoint was when it was begun last; empty where there was none.
        cause: how the last of them ended; empty where that is not known.
        lost: how many other processes were lost with it, in a study that several work at.
    """

    tokens: tuple[int, ...]
    fingerprint: str = ""
    deaths: int = 0
    kills: int = 0
    checkpoint: str = ""
    cause: str = ""
    lost: int = 0

    @property
    def is_fatal(self) -> bool:
        """Whether the trial is not to be tried again."""
        return self.deaths >= _DEATHS or self.kills >= _KILLS or self.lost >= _LOST

    @property
    def reason(self) -> str:
        """What happened, for people; empty where nothing did."""
        often = max(self.deaths, self.kills, self.lost)
        if not often:
            return ""
        work = "trained" if self.fingerprint or self.lost else "planned"
        cause = f" ({self.cause})" if self.cause else ""
        return f"the process ended while this trial was {work}{cause}" + (f", {often} times" if often > 1 else "")


class BegunTrials:
    """The file of the trials that this process works at, `begun.json`.

    It is written aside and moved, but not synced: it survives the end of a process, which is all it is about.

    Args:
        directory: of the run; None notes nothing.
    """

    def __init__(self, directory: RunDirectory | None) -> None:
        self._directory = directory
        self._begun: dict[int, Begun] = {}
        self._left: dict[int, Begun] = {}
        self._cause = ""
        self._words = None if directory is None else LastWords(directory.path / LAST_WORDS)

    def read(self) -> None:
        """Find what an earlier process left in the directory; nothing where the file is missing or damaged."""
        if self._directory is None or self._words is None:
            return
        path = self._directory.path / BEGUN
        self._left, kills = {}, memory_kills()
        with contextlib.suppress(OSError):
            if path.is_file():
                self._left, kills = _read(path)
        self._cause = self._words.read() or ("the system ran out of memory" if memory_kills() > kills else "")

    def begin(self, number: int, tokens: tuple[int, ...], fingerprint: str = "", lost: int = 0) -> Begun:
        """Note that a trial is planned (without a fingerprint) or trained, and return what is known of earlier tries.

        Args:
            number: of the trial.
            tokens: the architecture.
            fingerprint: of its network.
            lost: how many other processes were lost with it.

        Raises:
            StorageError: the note cannot be written.
        """
        begun = self._begun.get(number) or self._after(number, Begun(tokens, lost=lost))
        self._begun[number] = begun = replace(begun, fingerprint=fingerprint or begun.fingerprint)
        if self._words is not None:
            self._words.listen()
        self._write()
        return begun

    def end(self, number: int) -> None:
        """Note that a trial has ended, or is no longer this process's to die of."""
        if self._begun.pop(number, None) or self._left.pop(number, None):
            self._write()

    def release(self) -> None:
        """Forget the trials of this process, which ends in order or at a person's wish: no trial is at fault."""
        self._begun = {}
        with contextlib.suppress(OSError):
            self._write()
        if self._words is not None:
            self._words.forget()

    def _after(self, number: int, begun: Begun) -> Begun:
        """Return a trial that begins, with what an earlier process left of it."""
        checkpoint, left = "", self._left.pop(number, None)
        if self._directory is not None:
            with contextlib.suppress(OSError):
                found = self._directory.checkpoint(number).stat()
                checkpoint = f"{found.st_mtime_ns}-{found.st_ino}"  # what tells it from an earlier one
        begun = replace(begun, checkpoint=checkpoint)
        if left is None or left.tokens != begun.tokens:
            return begun
        kills = left.kills + 1 if left.checkpoint == checkpoint else 0
        deaths = left.deaths + bool(self._cause)
        return replace(begun, fingerprint=left.fingerprint, deaths=deaths, kills=kills, cause=self._cause)

    def _write(self) -> None:
        if self._directory is None:
            return
        if not self._begun and not self._left:
            with contextlib.suppress(OSError):
                (self._directory.path / BEGUN).unlink(missing_ok=True)
            return
        trials = {str(number): asdict(begun) for number, begun in (self._left | self._begun).items()}
        record = {"trials": trials, "memory_kills": memory_kills()}
        self._directory.write(BEGUN, json_text(record, indent=None), synced=False)


def _read(path: Path) -> tuple[dict[int, Begun], int]:
    """Return the trials of the file, and how many processes had been ended for want of memory by then."""
    try:
        record = read_json(path, what="the trials that were begun")
        return {int(number): _begun(values) for number, values in record["trials"].items()}, int(record["memory_kills"])
    except (StorageError, AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning("%s is not used: %s", path, error)
        return {}, memory_kills()


def _begun(values: dict[str, object]) -> Begun:
    """Return a trial, checked."""
    tokens = values.pop("tokens")
    if not isinstance(tokens, list) or not all(type(token) is int for token in tokens):
        raise TypeError("tokens must be whole numbers")
    begun = Begun(tuple(tokens), **values)  # type: ignore[arg-type]
    texts, numbers = (begun.fingerprint, begun.checkpoint, begun.cause), (begun.deaths, begun.kills, begun.lost)
    if not all(isinstance(each, str) for each in texts) or not all(type(each) is int for each in numbers):
        raise TypeError("a value of the wrong type")
    return begun
