"""Files written where a user asks for them: whole, and errors of the file system name the file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amber.errors import StorageError
from amber.files import remove_left_overs, replacing, replacing_together, write_whole


def why_not_writable(folder: Path) -> str:
    """Return why no file can be made in a folder; empty where one can. A file without a name is made to see that.

    Permissions do not say it: some file systems refuse files, such as /proc, and a disk may be full.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write an output file at, and move it into place once it is whole; see `replacing`.

    Raises:
        StorageError: it cannot be written; names the file. What was there before is still there.
    """
    # Through a link to the file that it stands for, as any other program writes.
    with naming(path), replacing(os.path.realpath(path)) as aside:
        yield aside


@contextmanager
def writing_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write the files of an output folder in, and move them there together; see `replacing_together`.

    The output folder is made where it is missing, and is gone again where the block raises.

    Raises:
        StorageError: it cannot be written; names the folder. What was there before is still there.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with naming(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            remove_left_overs(folder)
            with replacing_together(folder) as aside:
                yield aside
        except BaseException:
            for each in made:
                with contextlib.suppress(OSError):
                    each.rmdir()
            raise


def write_text(path: Path, text: str) -> None:
    """Write an output file of text; raises as `writing`."""
    with naming(path):
        write_whole(os.path.realpath(path), text)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an error of the file system into a StorageError that names the file."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path}: expected to be able to write it. Received: {error.strerror or error}") from error
