"""What a one-shot search keeps beside the files of the retraining; every file is whole at any time.

| file | what |
|---|---|
| `supernet.h5` | the shared weights, as `Supernet.save` writes them |
| `controller.h5` | the policy, as `BaseController.save` writes it |
| `one_shot.json` | settings, history by episode, and the scored candidates |
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amber.errors import StorageError
from amber.files.strict_json import json_text, read_json
from amber.search.run_directory import RunDirectory
from amber.supernet.base import Supernet
from amber.types import JsonObject

if TYPE_CHECKING:
    from amber.architect.controllers.base import BaseController

SUPERNET, CONTROLLER, RECORD = "supernet.h5", "controller.h5", "one_shot.json"


class OneShotFiles:
    """Writes the state of a one-shot search into a run directory; nothing where there is none."""

    def __init__(self, directory: RunDirectory | None) -> None:
        self.directory = directory

    def clear(self) -> None:
        """Remove what an earlier search left."""
        for name in (SUPERNET, CONTROLLER, RECORD) if self.directory is not None else ():
            directory_path = self.directory.path if self.directory is not None else Path()
            (directory_path / name).unlink(missing_ok=True)

    def read_record(self) -> JsonObject | None:
        """Return the record of an earlier search; None where there is none.

        Raises:
            StorageError: it cannot be read, or is not a JSON mapping.
        """
        path = None if self.directory is None else self.directory.path / RECORD
        if path is None or not path.is_file():
            return None
        record = read_json(path, what="the record of a one-shot search")
        if not isinstance(record, dict):
            raise StorageError(f"{path} must hold a JSON mapping. Received: {type(record).__name__}")
        return dict(record)

    def load_supernet(self, supernet: Supernet) -> None:
        """Give a supernet the shared weights of an earlier search; StorageError where they cannot be read."""
        if self.directory is not None:
            supernet.load(self.directory.path / SUPERNET)

    def write(self, supernet: Supernet, controller: BaseController, record: dict[str, object]) -> None:
        """Replace all three files, the record last.

        Raises:
            StorageError: one cannot be written; names it.
        """
        if self.directory is None:
            return
        supernet.save(self.directory.path / SUPERNET)
        controller.save(self.directory.path / CONTROLLER)
        self.write_record(record)

    def write_record(self, record: dict[str, object]) -> None:
        """Replace the record only."""
        if self.directory is not None:
            self.directory.write(RECORD, json_text(record, indent=1))
