"""Files on a disk that is full: the old one stays whole, and the error names it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from amber import files
from amber.errors import StorageError
from amber.search import RunDirectory


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything can be opened, and nothing reaches the disk."""

    def refuse(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(files.whole, "sync", refuse)


def test_controller_that_does_not_fit_leaves_the_old_file(tmp_path: Path, full: None) -> None:
    from amber.architect.controllers import ControllerSettings, GeneralController
    from amber.architect.controllers.saving import save_controller

    path = tmp_path / "file.h5"
    path.write_bytes(b"old")
    with pytest.raises(StorageError, match=r"file\.h5.*No space left"):
        save_controller(GeneralController([2], ControllerSettings(buffer_type=None)), path)
    assert path.read_bytes() == b"old" and [each.name for each in tmp_path.iterdir()] == ["file.h5"]


def test_run_directory_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDirectory.create(tmp_path / "run")
    run.write("best.json", "old")
    monkeypatch.setattr(files.whole, "sync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    with pytest.raises(StorageError, match=r"best\.json.*No space left"):
        run.write("best.json", "new")
    with pytest.raises(OSError, match="No space left"), files.replacing_together(run.path) as folder:
        (folder / "best.json").write_text("new")
    assert (run.path / "best.json").read_text() == "old"
    assert {path.name for path in run.path.iterdir()} == {"best.json", "trials.jsonl"}
