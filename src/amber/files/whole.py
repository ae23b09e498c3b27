"""Write files that are whole at any moment.

Every file AMBER writes goes through `replacing` or `write_whole`: it is written aside, synced, moved into place and
its folder synced.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from amber.files.left_overs import is_left_over, new_file_aside, remove_left_overs_of

# Where files that belong together are written aside, and what says that all of them are there.
_TOGETHER, _WHOLE = ".replacement", ".whole"


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, synced: bool = True) -> Iterator[Path]:
    """Give a temporary path to write a file at; move it to `path`, synced, once the block has ended well.

    The temporary file lies in the folder of `path` and has the same ending, so that what goes by the ending (Keras,
    Matplotlib) writes what it should. Where the block raises, it is removed and `path` stays as it was. What killed
    processes left of earlier attempts is removed first.

    Args:
        path: the file to make or replace; its folder exists.
        synced: whether to wait for the disk. A file that is not synced outlives its process, not a power failure; as
            it may be written many times, what was left of it before is not looked for.

    Yields:
        The temporary path; an empty file is there.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(path)
    if synced:
        remove_left_overs_of(target)
    aside = new_file_aside(target)
    try:
        yield aside
        if synced:
            sync(aside)
        # mkstemp's file is for its owner only; others may read what any other new file shows.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(aside, 0o666 & ~umask)
        os.replace(aside, target)
        if synced:
            sync(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


@contextlib.contextmanager
def replacing_together(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a folder to write files in; move all of them into `folder` once the block has ended well.

    They replace files of the same names together: a process that is killed leaves all the old ones, or a replacement
    that `complete_replacement` brings to its end. Only one process may do this in a folder at a time.

    Args:
        folder: holds the files, or will; it exists.

    Yields:
        An empty folder beside them.

    Raises:
        OSError: it cannot be written; the old files are still there.
    """
    complete_replacement(folder)
    aside = Path(folder) / _TOGETHER
    aside.mkdir()
    try:
        yield aside
        for path in aside.iterdir():
            sync(path)
        write_whole(aside / _WHOLE, "")
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    complete_replacement(folder)


def complete_replacement(folder: str | os.PathLike[str]) -> bool:
    """Finish what a process that was killed within `replacing_together` began, and return whether files were moved.

    Where not all of the new files were whole, they are removed, and the old ones stay.

    Raises:
        OSError: a file cannot be moved or removed.
    """
    aside = Path(folder) / _TOGETHER
    if not aside.is_dir():
        return False
    moved = (aside / _WHOLE).is_file()
    if moved:
        for path in sorted(aside.iterdir()):
            if path.name != _WHOLE and not path.is_dir():
                os.replace(path, Path(folder) / path.name)
        sync(Path(folder))
    shutil.rmtree(aside)
    return moved


def write_whole(path: str | os.PathLike[str], content: str | bytes, *, synced: bool = True) -> Path:
    """Write a file so that it is never seen half written, and return its path.

    Args:
        path: the file to make or replace.
        content: text, written as UTF-8, or bytes.
        synced: whether to wait for the disk; see `replacing`.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    # A lone surrogate, as a message of an exception may hold it, must not be what a search ends with.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with replacing(path, synced=synced) as aside:
        aside.write_bytes(data)
    return Path(path)


def content_of(folder: str | os.PathLike[str]) -> list[Path]:
    """Return what lies in a folder, without what processes that were killed as they wrote there have left."""
    return [each for each in Path(folder).iterdir() if each.name != _TOGETHER and not is_left_over(each.name)]


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk; folders cannot be synced on every system."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)
