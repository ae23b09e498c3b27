"""Count how often the test data of a run were used: each use after the first biases later choices."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.errors import AmberError
from amber.experiment.run_files.recorded import BEST_RECORD, is_record
from amber.files import write_whole
from amber.files.strict_json import json_text, read_json

logger = logging.getLogger(__name__)

LOOKS = "looks"


def looks_so_far(folder: Path) -> int:
    """Return how often the test data were looked at for the run in a folder; 0 where it has none or was not tested."""
    try:
        record = _read(folder)
    except AmberError:
        return 0
    return _looks(record) if isinstance(record, Mapping) else 0


def note_look(source: Path) -> int:
    """Count one more look at the test data by a model, and return how many they are with it.

    Args:
        source: a run directory, or a file of one; anything else counts nothing.

    Returns:
        The number of looks; 1 where nothing is known of earlier ones.
    """
    path = source / BEST_RECORD if source.is_dir() else source.parent / BEST_RECORD
    if not path.is_file() or not (is_record(source) or source.suffix == ".keras"):
        return 1
    try:
        record = dict(_read(path.parent))
        record[LOOKS] = _looks(record) + 1
        write_whole(path, json_text(record))
    except (AmberError, OSError) as error:
        logger.warning("This look at the test data could not be counted: %s", error)
        return looks_so_far(path.parent) + 1
    return int(record[LOOKS])


def _read(folder: Path) -> Any:
    from amber.search.safe_paths import contained

    return read_json(contained(folder, BEST_RECORD), what="the best.json of a search")


def _looks(record: Mapping[str, object]) -> int:
    """Return the looks that a record tells of; runs of earlier versions counted none, and were tested once."""
    known = record.get(LOOKS, 1 if "final" in record else 0)
    return known if type(known) is int and known >= 0 else 1
