"""Where a genome's index is: found, or made, beside the file or in the cache folder, and said.

What may be changed here: where indexes and unpacked genomes are kept. `genome` reads through them.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amber.data.genomics.handles import library, quiet_htslib
from amber.data.genomics.index_check import fits
from amber.data.text.formats import recognise
from amber.data.text.reading import check_compression, compression_of, unpacked_blocks
from amber.errors import DataError
from amber.files import open_regular, replacing, size_text
from amber.files.user_cache import user_cache
from amber.wording import said, shortened

logger = logging.getLogger(__name__)

PlainGzip = Literal["unpack", "refuse"]
_WHAT = "a genome in FASTA"
_HEAD = 1 << 16
_HEADER = re.compile(rb"^>[ \t]*(\S*)", re.MULTILINE)


@dataclass(frozen=True)
class IndexedFasta:
    """A FASTA file with its index.

    Attributes:
        fasta: the file itself, or its unpacked copy.
        fai: the index of its chromosomes.
        gzi: the index of its blocks where it is compressed with bgzip.
        notes: what was made, and where.
    """

    fasta: Path
    fai: Path
    gzi: Path | None
    notes: tuple[str, ...] = ()


def find_index(path: str | os.PathLike[str], plain_gzip: PlainGzip) -> IndexedFasta:
    """Return a FASTA file with its index, which is made where it is missing, older than the file, or of another.

    It is made beside the file (`.fai`, and `.gzi` for bgzip), or in the cache folder where that place cannot be
    written; a note and a line of the log say so.

    Args:
        path: the file: plain, or compressed with bgzip or gzip.
        plain_gzip: what to do with a file compressed with gzip, in which no place can be reached: `"unpack"` it into
            the cache folder, or `"refuse"` it.

    Raises:
        DataError: the file is missing, empty, no FASTA file or cannot be indexed (line named), or there is no place
            for what must be made.
    """
    file = given = Path(os.path.abspath(path))
    packed, blocks = _compression(file)
    notes: tuple[str, ...] = ()
    if packed and not blocks:
        if plain_gzip == "refuse":
            raise DataError(
                f"{file}: expected a genome that is not compressed, or compressed with bgzip; write "
                f"gunzip -c {file.name} | bgzip > genome.fa.gz. Received: a file compressed with gzip",
                file=str(file),
            )
        file, notes = _unpacked_copy(file)
    beside, cached = _index_in(file.parent, file, blocks), _index_in(_cache_folder(file), file, blocks)
    for found, oldest in ((beside, file.stat().st_mtime_ns), (cached, 0)):
        if _is_current(found, oldest) and (blocks or fits(found.fai, file)):
            return IndexedFasta(found.fasta, found.fai, found.gzi, notes)
    made = _made(beside, cached, given)
    return IndexedFasta(made.fasta, made.fai, made.gzi, notes + made.notes)


def _compression(file: Path) -> tuple[bool, bool]:
    """Return whether a file is compressed, and whether with bgzip; refuse what is not a FASTA file."""
    with open_regular(file, what=_WHAT, error=DataError) as stream:
        compression = compression_of(stream)
        packed = compression != "none"
        text = next(unpacked_blocks(file, stream), b"") if packed else stream.read(_HEAD)
    if text.startswith(b"\xef\xbb\xbf"):
        raise _refused(file, 1, "no byte order mark; remove it with sed -i '1s/^\\xef\\xbb\\xbf//'", "one")
    first = text.lstrip()
    if not first.startswith(b">"):
        found = recognise(text) if text else None
        line = first.split(b"\n", 1)[0].decode("utf-8", "replace")
        received = found.name if found else f"a first line {shortened(line)!r}" if line else "an empty file"
        raise DataError(f"{file}: expected {_WHAT}, which begins with '>'. Received: {received}", file=str(file))
    return packed, compression == "bgzip"


def _index_in(folder: Path, file: Path, blocks: bool) -> IndexedFasta:
    return IndexedFasta(file, folder / f"{file.name}.fai", folder / f"{file.name}.gzi" if blocks else None)


def _is_current(index: IndexedFasta, oldest: int) -> bool:
    """Say whether the files of an index are there, hold something and are not older than a time in nanoseconds."""
    try:
        parts = [part.stat() for part in (index.fai, index.gzi) if part is not None]
    except OSError:
        return False
    return all(part.st_mtime_ns >= oldest and part.st_size > 0 for part in parts)


def _made(beside: IndexedFasta, cached: IndexedFasta, given: Path) -> IndexedFasta:
    """Make an index in the first place that can be written; errors name the file that was given, not its copy."""
    try:
        missing = _make(beside, given)
        place = beside
    except OSError as problem:
        try:
            cached.fai.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            missing = _make(cached, given)
        except OSError as second:
            raise DataError(
                f"{given}: expected a place for the genome's index: its folder ({problem.strerror or problem}), or the "
                f"cache folder, which XDG_CACHE_HOME names. Received: {cached.fai.parent}: {second.strerror or second}",
                file=str(given),
            ) from second
        place = cached
    name = place.fasta.name
    notes = [f"The index of {name} was made: {place.fai}."]
    if missing:
        notes.append(f"{missing} sequences of {name} have no bases and are left out.")
    for note in notes:
        logger.info(note)
    return IndexedFasta(place.fasta, place.fai, place.gzi, tuple(notes))


def _make(index: IndexedFasta, given: Path) -> int:
    """Write the files of an index, and return how many entries without bases it leaves out."""
    pysam = library("pysam", "A genome")
    with contextlib.ExitStack() as stack:
        fai = stack.enter_context(replacing(index.fai))
        options = ["--fai-idx", str(fai)]
        if index.gzi is not None:
            options += ["--gzi-idx", str(stack.enter_context(replacing(index.gzi)))]
        stack.enter_context(quiet_htslib(pysam))
        try:
            pysam.faidx(str(index.fasta), *options, catch_stdout=False)
        except pysam.SamtoolsError as error:
            raise _explained(index.fasta, index.gzi is not None, said(error), given) from error
        return _check_names(index.fasta, fai, index.gzi is not None, given)


def _check_names(file: Path, fai: Path, packed: bool, given: Path) -> int:
    """Refuse a name that two chromosomes have, of which htslib takes the first without a word."""
    indexed = {line.split("\t", 1)[0] for line in fai.read_text("utf-8", "surrogateescape").splitlines()}
    seen: dict[bytes, int] = {}
    for number, name in _headers(file, packed):
        if not name or name in seen:
            earlier = f"that of line {seen[name]} again" if name else "none"
            raise _refused(
                given, number, "each chromosome must have a name of its own", f"{name.decode()!r}, {earlier}"
            )
        seen[name] = number
    return len(seen) - len(indexed)


def _headers(file: Path, packed: bool) -> Iterator[tuple[int, bytes]]:
    """Give each header's line and name, without looking at every line of a genome in Python."""
    lines, rest = 1, b""
    with open_regular(file, what=_WHAT, error=DataError) as stream:
        blocks = unpacked_blocks(file, stream) if packed else iter(lambda: stream.read(1 << 20), b"")
        for block in blocks:
            whole, newline, tail = (rest + block).rpartition(b"\n")
            if newline:
                yield from _headers_in(whole, lines)
                lines += whole.count(b"\n") + 1
            rest = tail
    yield from _headers_in(rest, lines)


def _headers_in(text: bytes, lines: int) -> Iterator[tuple[int, bytes]]:
    place = 0
    for found in _HEADER.finditer(text):
        lines += text.count(b"\n", place, found.start())
        place = found.start()
        yield lines, found[1]


def _explained(file: Path, packed: bool, reason: str, given: Path) -> DataError:
    """Return why htslib could not index a file, with the line where that can be found."""
    length, short = 0, 0
    number = 0
    way_out = "all lines of a chromosome but its last must have one length; rewrite them with seqtk seq -l 60"
    with open_regular(file, what=_WHAT, error=DataError) as stream:
        lines = gzip.open(stream) if packed else stream
        try:
            for number, line in enumerate(lines, start=1):
                bare = line.rstrip(b"\r\n")
                if b"\r" in bare:
                    return _refused(given, number, "lines must end with a newline; write dos2unix -c mac", "a bare CR")
                if bare.startswith(b">"):
                    length, short = 0, 0
                elif short and bare:
                    return _refused(given, short, way_out, "a shorter or blank line before others")
                elif length and len(line) > length:
                    return _refused(given, number, way_out, f"{len(bare)} bases after lines of {length - 1}")
                elif length and len(line) < length:
                    short = number
                else:
                    length = len(line)
        except (OSError, EOFError, zlib.error) as error:
            return _refused(given, number + 1, "expected sound gzip data", said(error))
    return DataError(f"{given}: expected a FASTA file that can be indexed. Received: {reason}", file=str(given))


def _cache_folder(file: Path) -> Path:
    """Return the folder of the cache that belongs to a file as it is now."""
    status = file.stat()
    identity = f"{file.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_cache("genomes", f"{file.name}-{digest}")


def _unpacked_copy(file: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the copy of a gzip file in the cache folder, unpacked where it is not there yet."""
    folder = _cache_folder(file)
    copy = folder / (file.stem if file.suffix.lower() in (".gz", ".bgz") else file.name)
    if copy.is_file():
        return copy, ()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_regular(file, what=_WHAT, error=DataError) as stream, replacing(copy) as aside:
            size = 0
            with aside.open("wb") as out:
                for block in unpacked_blocks(file, stream):
                    size += len(block)
                    check_compression(file, size, stream.tell())
                    out.write(block)
    except OSError as problem:
        free = f", {size_text(shutil.disk_usage(folder).free)} free" if folder.is_dir() else ""
        raise DataError(
            f"{file}: expected a place for the unpacked genome in the cache folder, which XDG_CACHE_HOME names; or "
            f"compress it with bgzip. Received: {folder}{free}: {problem.strerror or problem}",
            file=str(file),
        ) from problem
    note = f"{file.name} is compressed with gzip, and was unpacked to {copy} ({size_text(size)})."
    logger.warning(note)
    return copy, (note,)


def _refused(file: Path, line: int, expected: str, received: str) -> DataError:
    return DataError(f"{file}, line {line}: {expected}. Received: {received}", file=str(file), line=line)
