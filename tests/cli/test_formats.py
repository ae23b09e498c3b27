"""Files of every version that was ever written can still be used; another version is refused by its number."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import StorageError
from amber.search import RunDirectory, load_best
from amber.search.study_link import study_link

Amber = Callable[..., Any]
FORMATS = Path(__file__).parent / "formats"


def test_best_architecture_of_version_1_is_described_and_built(amber: Amber, tmp_path: Path) -> None:
    record = load_best(FORMATS / "best_1.json")
    done = amber("describe", FORMATS / "best_1.json")
    assert done.exit_code == 0 and f"{record['parameters']:,}" in done.output, done.output + done.stderr
    built = amber("build", FORMATS / "best_1.json", "-o", tmp_path / "net.keras")
    assert built.exit_code == 0 and (tmp_path / "net.keras").is_file(), built.stderr


def test_part_in_a_study_of_version_1_is_read_and_another_refused(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path)
    assert study_link(directory) is None
    shutil.copy(FORMATS / "study_1.json", tmp_path / "study.json")
    known = study_link(directory)
    assert known is not None and (known.study, known.storage) == ("tiny", "postgresql://amber@db.lab/searches")
    written = json.loads((tmp_path / "study.json").read_text("utf-8"))
    for values, said in (({**written, "format_version": 2}, "format_version 1. Received: 2"), ({}, "shared search")):
        (tmp_path / "study.json").write_text(json.dumps(values), encoding="utf-8")
        with pytest.raises(StorageError, match=said):
            study_link(directory)
