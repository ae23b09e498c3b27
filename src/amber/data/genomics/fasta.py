"""FASTA files that are read as a whole: DNA, RNA or protein sequences, one example each.

What may be changed here: how entries are found. `genome` reads windows of a FASTA file that is too large to hold;
`amber.data.encoding.sequences` says which bases there are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from amber.data.text.reading import Expected, read_lines
from amber.display import one_line
from amber.errors import DataError
from amber.wording import shortened

_FASTA = Expected("a FASTA file, whose entries begin with '>'", accepted=("fasta",))


@dataclass(frozen=True)
class Fasta:
    """The entries of a FASTA file.

    Attributes:
        path: the file.
        names: the first word of each header.
        descriptions: the rest of each header; empty where there is none.
        sequences: as they stand in the file, case and gaps kept, without line ends and blanks.
        lines: the line of each header, counted from 1.
        notes: one sentence for whatever was changed.
    """

    path: Path
    names: list[str]
    descriptions: list[str]
    sequences: list[str]
    lines: list[int]
    notes: tuple[str, ...] = ()
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.names)

    def where(self, entry: int) -> str:
        """Return file, line and name of an entry, as messages name it."""
        return f"{self.path}, line {self.lines[entry]} ({shortened(self.names[entry], 40)})"


def read_fasta(path: str | os.PathLike[str], *, size_limit: int | None = None) -> Fasta:
    """Read all entries of a FASTA file, plain or compressed with gzip or bgzip.

    Blank lines, blanks within lines, comments (`;` at the beginning of a line), CRLF and a byte order mark are left
    out. Letters are not looked at, so DNA, RNA, proteins and alignments are read alike.

    Args:
        path: the file.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.

    Returns:
        The entries, at least one.

    Raises:
        DataError: the file is missing, empty, of another format, too large, not UTF-8 or not sound gzip; a sequence
            stands before the first header, a header has no name, or an entry has no sequence.
    """
    file = Path(path)
    lines = read_lines(file, _FASTA, size_limit)
    names: list[str] = []
    descriptions: list[str] = []
    sequences: list[str] = []
    starts: list[int] = []
    parts: list[str] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith(">"):
            if names:
                sequences.append(_joined(file, starts[-1], names[-1], parts))
            name, _, description = line[1:].strip().partition(" ")
            if not name:
                raise _error(file, number, "a header must give a name after '>'", repr(shortened(line)))
            name, _, rest = name.partition("\t")
            names.append(name)
            descriptions.append(f"{rest} {description}".strip())
            starts.append(number)
            parts = []
        elif line and not line.startswith(";"):
            if not names and line.strip():
                raise _error(file, number, "expected a header, which begins with '>', first", repr(shortened(line)))
            parts.append(line)
    if not names:
        raise DataError(f"{file}: expected {_FASTA.what}. Received: {_nothing(lines)}", file=str(file))
    sequences.append(_joined(file, starts[-1], names[-1], parts))
    return Fasta(file, names, descriptions, sequences, starts, _notes(file, names))


def _joined(file: Path, line: int, name: str, parts: list[str]) -> str:
    sequence = "".join(parts)
    if not (sequence.isalpha() and sequence.isascii()):
        sequence = "".join(sequence.split())
    if not sequence:
        raise _error(
            file, line, "an entry must have a sequence; remove those without one", f"{shortened(name)!r} alone"
        )
    return sequence


def _nothing(lines: list[str]) -> str:
    return "blank lines and comments only" if lines else "an empty file"


def _notes(file: Path, names: list[str]) -> tuple[str, ...]:
    repeated = len(names) - len(set(names))
    return (f"{repeated:,} of {len(names):,} names in {file.name} occur more than once.",) if repeated else ()


def _error(file: Path, line: int, expected: str, received: str) -> DataError:
    return DataError(f"{file}, line {line}: {expected}. Received: {received}", file=str(file), line=line)
