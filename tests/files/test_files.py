"""Files written whole or not at all, and read within a limit."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from amber.errors import DataError, StorageError
from amber.files import content_of, is_left_over, read_bounded, replacing, write_whole
from amber.files.output import writing_folder


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, "first")
    assert write_whole(path, b"second") == path
    assert path.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a.json"]


def test_permissions_are_those_of_an_ordinary_new_file(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    assert stat.S_IMODE(write_whole(tmp_path / "whole", "").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_half_way_changes_nothing(tmp_path, raised):
    path = write_whole(tmp_path / "model.keras", "old")
    with pytest.raises(raised), replacing(path) as aside:
        assert aside.suffix == ".keras" and is_left_over(aside.name)
        aside.write_text("half")
        raise raised
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.keras"]


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(OSError):
        write_whole(tmp_path / "none" / "a", "x")


def test_files_up_to_the_limit_are_read(tmp_path):
    path = write_whole(tmp_path / "a", b"12345")
    assert read_bounded(path, limit=5, what="a list") == b"12345"
    with pytest.raises(DataError, match=r"a: expected a list of at most 4 bytes. Received: 5 bytes"):
        read_bounded(path, limit=4, what="a list", error=DataError)


def test_a_sparse_file_is_refused_unread(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(20 << 30)
    with pytest.raises(StorageError, match="at most 1.0 MiB. Received: 20,480.0 MiB"):
        read_bounded(path, limit=1 << 20, what="a best.json")


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder|Is a directory"), ("/dev/zero", "a device")):
        with pytest.raises(StorageError, match=f"expected a best.json.*Received: ({kind})"):
            read_bounded(path, limit=10, what="a best.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StorageError, match="none: expected a best.json. Received: no such file"):
        read_bounded(tmp_path / "none", limit=10, what="a best.json")


def test_a_folder_is_filled_together_or_not_made(tmp_path):
    target = tmp_path / "new" / "deep"
    with pytest.raises(ValueError, match="half way"), writing_folder(target) as aside:
        (aside / "a.txt").write_text("a")
        raise ValueError("half way")
    assert list(tmp_path.iterdir()) == []
    with writing_folder(target) as aside:
        (aside / "a.txt").write_text("a")
        assert content_of(target) == []
    assert [each.name for each in target.iterdir()] == ["a.txt"]
    with pytest.raises(KeyboardInterrupt), writing_folder(target) as aside:
        (aside / "a.txt").write_text("b")
        raise KeyboardInterrupt
    assert (target / "a.txt").read_text() == "a" and [each.name for each in target.iterdir()] == ["a.txt"]


def test_what_killed_processes_left_in_a_folder_goes(tmp_path):
    (tmp_path / ".replacement").mkdir()
    (tmp_path / ".replacement" / "half.txt").write_text("ha")
    (tmp_path / ".a.txt.1.tmp.txt").write_text("ha")
    assert content_of(tmp_path) == []
    with writing_folder(tmp_path) as aside:
        (aside / "a.txt").write_text("a")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def _killed_in_the_middle(path):
    """Return what a process left that was killed as it wrote a file."""
    program = (
        "import os, signal, sys\n"
        "from amber.files import replacing\n"
        "with replacing(sys.argv[1]) as aside:\n"
        "    aside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    before = set(path.parent.iterdir())
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    (left,) = set(path.parent.iterdir()) - before
    return left


def test_what_a_killed_process_left_of_a_file_goes_when_it_is_written_again(tmp_path):
    path = tmp_path / "p.tsv"
    left = _killed_in_the_middle(path)
    other = _killed_in_the_middle(tmp_path / "p.tsv.gone.tsv")
    assert is_left_over(left.name) and left.read_text() == "half"
    write_whole(path, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, other])


def test_what_another_process_is_writing_stays(tmp_path):
    path = tmp_path / "p.tsv"
    with replacing(path) as first:
        first.write_text("first")
        write_whole(path, "second")
        assert first.exists() and path.read_text() == "second"
    assert path.read_text() == "first" and os.listdir(tmp_path) == ["p.tsv"]


@pytest.mark.parametrize("name", [".p.tsv.0123abcd-4194304.abcdefgh.tmp.tsv", ".p.tsv.abcdefgh.tmp.tsv"])
def test_what_another_machine_left_goes_when_it_is_old(tmp_path, name):
    left, path = tmp_path / name, tmp_path / "p.tsv"
    left.write_text("half")
    write_whole(path, "whole")
    assert left.exists()
    os.utime(left, (0, 0))
    write_whole(path, "whole")
    assert os.listdir(tmp_path) == ["p.tsv"]


def test_a_users_own_hidden_files_stay(tmp_path):
    own = [".p.tsv.backup.tmp.tsv", ".p.tsv.tmp.tsv", ".p.tsv", "p.tsv.0123abcd-1.abcdefgh.tmp.tsv"]
    for name in own:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (0, 0))
    write_whole(tmp_path / "p.tsv", "whole")
    assert sorted(os.listdir(tmp_path)) == sorted([*own, "p.tsv"])


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match=r"file/sub: expected to be able to write it"),
        writing_folder(tmp_path / "file" / "sub"),
    ):
        pass


def test_a_full_disk_does_not_crash_what_writes_hdf5(tmp_path):
    program = (
        "import resource, sys, numpy as np\n"
        "from amber.files.whole_hdf5 import new_hdf5\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n"
        "    with new_hdf5(sys.argv[1]) as file:\n"
        "        file['a'] = np.random.default_rng(0).normal(size=50_000)\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.h5")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stdout == "File too large\n", done.stderr
    assert list(tmp_path.iterdir()) == []
