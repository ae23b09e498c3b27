"""The states that networks of one rung of successive halving leave for the next."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from amber.files import replacing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RungStates:
    """Checkpoints by fingerprint of the network, kept from rung to rung.

    Attributes:
        folder: where they are; made when it is needed.
    """

    folder: Path

    @property
    def is_reachable(self) -> bool:
        """Whether the folder that holds theirs is there, as it is not on every machine."""
        return self.folder.parent.is_dir()

    def fetch(self, fingerprint: str, checkpoint: Path) -> None:
        """Put the state of a network where its training looks for its checkpoint, unless there is one already."""
        if not checkpoint.is_file():
            self._copy(self._path(fingerprint), checkpoint)

    def keep(self, fingerprint: str, checkpoint: Path) -> None:
        """Keep the state that a training has left."""
        self._copy(checkpoint, self._path(fingerprint))

    def forget_all_but(self, fingerprints: Collection[str]) -> None:
        """Remove the states of networks that do not go on."""
        kept = {self._path(each) for each in fingerprints}
        for path in self.folder.glob("*.npz"):
            if path not in kept:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # not while some are there

    def _path(self, fingerprint: str) -> Path:
        return self.folder / f"{fingerprint}.npz"

    def _copy(self, source: Path, target: Path) -> None:
        """Copy a file as a whole; a network whose state is lost starts over, which costs time only."""
        if not source.is_file():
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as aside:
                shutil.copyfile(source, aside)
        except OSError as error:
            logger.warning("%s cannot be written: %s. Training goes on without it.", target, error)
