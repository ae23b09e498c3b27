"""Files written where a user asks for them: whole, and errors of the file system name the file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amber.errors import ConfigError, StorageError
from amber.files import remove_left_overs, replacing, replacing_together, write_whole

# Endings that a file has, and no folder: those of the files that we write, and of what a folder may be taken for.
_OF_FILES = frozenset(
    ".bed .bigwig .bw .csv .fa .fasta .gz .h5 .hdf5 .html .json .keras .md .meme .npz .onnx .parquet .pdf .png .pt "
    ".svg .tar .tgz .tsv .txt .vcf .xlsx .yaml .yml .zip".split()
)


def why_not_writable(folder: Path) -> str:
    """Return why no file can be made in a folder; empty where one can. A file without a name is made to see that.

    Permissions do not say it: some file systems refuse files, such as /proc, and a disk may be full.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def check_folder_name(folder: Path, also: str = "") -> None:
    """Raise ConfigError for a folder that is to be made and is named as a file, such as `page.html`.

    Args:
        folder: as it was given; one that is there may have any name, and an ending that no file has is part of a name.
        also: what else the option takes, as the message says it.
    """
    if folder.suffix.lower() in _OF_FILES and not folder.is_dir():
        raise ConfigError(f"--output: expected the name of a folder{also}. Received: {folder}, which is that of a file")


def check_output_folder(folder: Path) -> None:
    """Raise StorageError where a folder is not one, or where neither it nor a file in it could be made.

    ConfigError is raised where it is missing and named as a file.
    """
    check_folder_name(folder)
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    reason = why_not_writable(there) if there.is_dir() else f"{there} is not a folder"
    if reason:
        raise StorageError(f"--output: expected a folder to write files into. Received: {folder} ({reason})")


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
