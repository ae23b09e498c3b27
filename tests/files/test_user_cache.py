"""The user's cache folder: where it is, and whether it can be written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from amber.files.user_cache import make_writable, user_cache


@pytest.mark.parametrize(("given", "expected"), [("/c", "/c"), ("", "home/.cache"), ("relative", "home/.cache")])
def test_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, expected: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert user_cache("a", "b") == tmp_path / expected / "amber" / "a" / "b"


def test_folder_is_its_user_s_alone_and_holds_nothing_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    make_writable(folder)
    make_writable(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and not list(folder.iterdir())


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_writable(tmp_path / "file" / "folder")
