"""Trials that were begun and have not ended, noted so that a search knows which trial its process died of.

A trial in this process can end the process: `os._exit`, a segmentation fault, no memory. Nothing is recorded of it
then, and a search that is taken up would meet it again and again. A kill from outside looks the same, so one death is
not held against a trial: it is trained again, from its checkpoint. The second death in a row makes it a failed trial,
unless it came further than the first (its checkpoint changed in between).
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from amber.errors import StorageError
from amber.files.strict_json import json_text, read_json
from amber.search.run_directory import BEGUN, RunDirectory

logger = logging.getLogger(__name__)

# Deaths in a row after which a trial counts as failed.
DEATHS = 2


@dataclass(frozen=True)
class Begun:
    """A trial that was begun.

    Attributes:
        tokens: the architecture.
        fingerprint: of the planned network; empty while it is planned.
        deaths: how many processes in a row ended before the trial did.
        checkpoint: what its checkpoint was when it was begun last; empty where there was none.
    """

    tokens: tuple[int, ...]
    fingerprint: str = ""
    deaths: int = 0
    checkpoint: str = ""

    @property
    def is_fatal(self) -> bool:
        """Whether the trial is not to be tried again."""
        return self.deaths >= DEATHS

    @property
    def reason(self) -> str:
        """What happened, for people; empty where nothing did."""
        if not self.deaths:
            return ""
        work = "trained" if self.fingerprint else "planned"
        often = f", {self.deaths} times in a row" if self.deaths > 1 else ""
        return f"the process ended while this trial was {work}{often}"


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

    def read(self) -> None:
        """Find what an earlier process left in the directory; nothing where the file is missing or damaged."""
        if self._directory is None:
            return
        path = self._directory.path / BEGUN
        self._left = {}
        with contextlib.suppress(OSError):
            if path.is_file():
                self._left = _read(path)

    def begin(self, number: int, tokens: tuple[int, ...], fingerprint: str = "") -> Begun:
        """Note that a trial is planned (without a fingerprint) or trained, and return what is known of earlier tries.

        Raises:
            StorageError: the note cannot be written.
        """
        begun = self._begun.get(number)
        if begun is not None:
            begun = Begun(tokens, fingerprint, begun.deaths, begun.checkpoint)
        else:
            left, checkpoint = self._left.pop(number, None), self._checkpoint(number)
            if left is None or left.tokens != tokens:
                begun = Begun(tokens, fingerprint, 0, checkpoint)
            elif left.deaths + 1 >= DEATHS and left.checkpoint != checkpoint:  # it comes further each time
                begun = Begun(tokens, fingerprint or left.fingerprint, DEATHS - 1, checkpoint)
            else:
                begun = Begun(tokens, fingerprint or left.fingerprint, left.deaths + 1, checkpoint)
        self._begun[number] = begun
        self._write()
        return begun

    def end(self, number: int) -> None:
        """Note that a trial has ended, or is no longer this process's to die of."""
        if self._begun.pop(number, None) or self._left.pop(number, None):
            self._write()

    def release(self) -> None:
        """Forget the trials of this process, which ends by itself or at a person's wish: no trial is at fault."""
        self._begun = {}
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        if self._directory is None:
            return
        if not self._begun and not self._left:
            with contextlib.suppress(OSError):
                (self._directory.path / BEGUN).unlink(missing_ok=True)
            return
        record = {str(number): asdict(begun) for number, begun in (self._left | self._begun).items()}
        self._directory.write(BEGUN, json_text(record, indent=None), synced=False)

    def _checkpoint(self, number: int) -> str:
        """Return what tells the checkpoint of a trial from an earlier one."""
        if self._directory is None:
            return ""
        with contextlib.suppress(OSError):
            found = self._directory.checkpoint(number).stat()
            return f"{found.st_mtime_ns}-{found.st_ino}"
        return ""


def _read(path: Path) -> dict[int, Begun]:
    """Return the trials of the file; what cannot be read is as good as none."""
    try:
        record = read_json(path, what="the trials that were begun")
        return {int(number): _begun(**values) for number, values in record.items()}
    except (StorageError, AttributeError, TypeError, ValueError) as error:
        logger.warning("%s is not used: %s", path, error)
        return {}


def _begun(*, tokens: list[int], fingerprint: str, deaths: int, checkpoint: str) -> Begun:
    if type(deaths) is not int or not isinstance(fingerprint, str) or not isinstance(checkpoint, str):
        raise TypeError("a value of the wrong type")
    return Begun(tuple(int(token) for token in tokens), fingerprint, deaths, checkpoint)
