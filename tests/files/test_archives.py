"""Archives of a stranger: each limit at its boundary, and each reader of archives keeps them before it unpacks."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from amber.data.sources.array_files import read_arrays
from amber.errors import AmberError, ConfigError, StorageError
from amber.experiment.run_files.recorded import checked_model_file
from amber.files import limits
from amber.files.archives import check_archive
from amber.modeler.model_files import load_model_file
from amber.training.checkpoint import Checkpoint


def archive(path: Path, sizes: dict[str, int], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write files of zeros into an archive."""
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, size in sizes.items():
            made.writestr(name, bytes(size))
    return path


def reason(path: Path) -> str:
    """Return why an archive is refused; empty where it is not."""
    try:
        check_archive(path, "an archive")
    except StorageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("number", "taken"), [(0, True), (3, True), (4, False)])
def test_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, taken: bool) -> None:
    monkeypatch.setattr(limits, "MEMBERS", 3)
    found = reason(archive(tmp_path / "a.zip", {str(each): 1 for each in range(number)}))
    assert found == "" if taken else "an archive of 4 files; at most 3 are read" in found


@pytest.mark.parametrize(("last", "taken"), [(4, True), (5, False)])
def test_bytes_of_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int, taken: bool) -> None:
    monkeypatch.setattr(limits, "WEIGHTS_BYTES", 10)
    found = reason(archive(tmp_path / "a.zip", {"a": 3, "b": 3, "c": last}))
    assert found == "" if taken else "an archive of 11 bytes; at most 10 are read" in found


@pytest.mark.parametrize(("unpacked", "factor", "taken"), [(999, 1, False), (1000, 1, True), (999, 10**6, True)])
def test_what_grows_when_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked: int, factor: int, taken: bool
) -> None:
    # A small file may be compressed to anything, a large one to a certain share.
    monkeypatch.setattr(limits, "UNPACKED_BYTES", unpacked)
    monkeypatch.setattr(limits, "COMPRESSION", factor)
    found = reason(archive(tmp_path / "a.zip", {"small": 1, "a": 1000}, zipfile.ZIP_DEFLATED))
    assert found == "" if taken else "'a'" in found and "that would become 1,000" in found


@pytest.mark.parametrize("name", ["/a", "../a", "a/../../b", "a\\b", "a/..", "C:\\a"])
def test_files_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    assert "leads out of the archive" in reason(archive(tmp_path / "a.zip", {"good": 1, name: 1}))


@pytest.mark.parametrize("name", ["a", "a/b", "..a", "a..b/c", "a/b..", "./a"])
def test_files_that_stay(tmp_path: Path, name: str) -> None:
    assert reason(archive(tmp_path / "a.zip", {"good": 1, name: 1})) == ""


def test_an_encrypted_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": 1})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "an encrypted file, 'a'" in reason(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": 1})
    with zipfile.ZipFile(path, "a") as more:
        more.writestr("a", "b")
    assert "holds a file twice" in reason(path)


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing", "utf-8")
    os.mkfifo(tmp_path / "pipe")
    for name, received in (("text", "not a zip file"), ("pipe", "not a regular file"), ("none", "no such file")):
        assert received in reason(tmp_path / name)
    assert "a folder" in reason(tmp_path)
    with pytest.raises(ConfigError, match="expected a model. Received: no such file"):
        check_archive(tmp_path / "none", "a model", ConfigError)


def refused(read: Callable[[Path], object]) -> Callable[[Path], str]:
    """Return what gives the message of a reader that raises."""

    def message(path: Path) -> str:
        with pytest.raises(AmberError) as found:
            read(path)
        return str(found.value)

    return message


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Callable[[Path], str]:
    """Give the warning of a checkpoint that is not used."""

    def message(path: Path) -> str:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        with caplog.at_level(logging.WARNING):
            assert Checkpoint(path, "this").restore(model, None) is None  # type: ignore[arg-type]
        return caplog.text

    return message


READERS: dict[str, Callable[[Path], object]] = {
    "a.npz": lambda path: read_arrays(str(path)),
    "model.keras": load_model_file,
    "checked.keras": checked_model_file,
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [*READERS, "0.npz"])
@pytest.mark.parametrize(
    ("make", "received"),
    [
        (lambda path: archive(path, {"a.npy": 17 * 2**20}, zipfile.ZIP_DEFLATED), "that would become 17,825,792"),
        (lambda path: archive(path, {"../a.npy": 1}), "leads out of the archive"),
        (lambda path: [archive(path, {"a.npy": 1}), zipfile.ZipFile(path, "a").writestr("a.npy", "")], "a file twice"),
    ],
    ids=["grows", "climbs", "twice"],
)
def test_every_reader_looks_before_it_unpacks(
    tmp_path: Path, warned: Callable[[Path], str], name: str, make: Callable[[Path], object], received: str
) -> None:
    make(tmp_path / name)
    message = warned if name == "0.npz" else refused(READERS[name])
    assert received in message(tmp_path / name)
