"""Propose how to read a delimited table: the column of sequences, the label column, and the split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from amber.data import Table, read_table
from amber.data.sources import ParquetSource
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.table import Layout, shown_names
from amber.data.targets.tasks import may_be_either
from amber.errors import DataError
from amber.starting.proposal import (
    RANDOM,
    SIMILAR,
    Line,
    Proposal,
    SplitOption,
    alphabet_of,
    of_alphabet,
    of_lengths,
    relative,
    said_of_lengths,
)

_SEQUENCES = ("seq", "sequence", "sequences", "dna", "rna", "protein", "peptide", "promoter", "oligo", "guide")
_LABELS = (
    *("label", "labels", "class", "target", "y", "response", "outcome", "phenotype", "activity", "efficiency"),
    *("affinity", "expression", "enrichment", "fitness", "intensity", "score", "value"),
)
# Texts of more kinds than these are rather names, such as those of genes, than classes.
_MOST_CLASSES = 20
_PARTS = ("gsplit", "split")
# Columns of numbers that are not measured.
_NO_MEASURES = ("group", "start", "end", "position", "pos", "id", "index", "row", "fold", "weight")
_LETTERS = re.compile(r"[A-Za-z*-]{6,}")
_AMINO_ACIDS, _SHORT_PEPTIDE = frozenset("ACDEFGHIKLMNPQRSTVWYBXZUO*-"), 8
_LOOKED_AT, _MOSTLY = 500, 0.95
_BINARY = frozenset({"0", "1", "0.0", "1.0", ""})


def propose_table(path: Path, folder: Path, label: str | None) -> Proposal:
    """Propose the section `data` for a table.

    Args:
        path: the table.
        folder: of the configuration.
        label: the column to predict; None: guessed.

    Raises:
        DataError: a file that is not a table, or one in which nothing looks like a label or an input.
    """
    return _of_table(read_table(path, layout=Layout()), {"table": relative(path, folder)}, label)


def propose_parquet(path: Path, folder: Path, label: str | None) -> Proposal:
    """Propose the section `data` for a Parquet file; arguments and errors are those of `propose_table`."""
    return _of_table(ParquetSource(str(path)).table(), {"parquet": relative(path, folder)}, label)


def _of_table(table: Table, source: dict[str, str], label: str | None) -> Proposal:
    path = table.path
    sequence = _sequence(table)
    targets = label_lines(list(table.columns), table.columns, [sequence] if sequence else [], label, str(path))
    used = {name for name in (sequence, *_columns_of(targets, list(table.columns))) if name is not None}
    lines = [Line("source", source, f"{len(table):,} rows", guess=False)]
    seen = [("File", f"{path.name}: a table of {len(table):,} rows and {len(table.columns)} columns")]
    if sequence is None:
        blocks = _groups(table, used)
        lines.append(Line("blocks", blocks, "groups of columns by the prefix of their names"))
        seen.append(("Inputs", ", ".join(blocks)))
    else:
        texts = table[sequence]
        lengths = np.array([len(each.strip()) for each in texts], np.int64)
        alphabet = alphabet_of(texts)
        lines += [Line("sequence", sequence, "its fields are sequences"), *of_alphabet(alphabet), *of_lengths(lengths)]
        numbers = _beside(table, used)
        if numbers:
            lines.append(beside_sequence(sequence, numbers))
            seen.append(("Numbers", f"not used, but named in a comment: {shown_names(numbers)}"))
        seen.append(("Sequences", f"column {sequence}: {said_of_lengths(lengths, alphabet)}"))
    return Proposal(_stem(path), [*lines, *targets], _splits(table, sequence is not None), seen)


def label_lines(names: Sequence[str], columns: Any, taken: Sequence[str], label: str | None, where: str) -> list[Line]:
    """Return the lines that say what to predict.

    Args:
        names: of all columns.
        columns: name -> values.
        taken: columns that are inputs.
        label: the label column, where it is given.
        where: the file, for messages.

    Raises:
        DataError: the column is not there, or none looks like a label.
    """
    free = [name for name in names if name not in taken and name.lower() not in (*_PARTS, "group")]
    if label is not None:
        several = _chosen(label, names, where)
        if len(several) > 1:
            return [_several(several, columns, list(names))]
        return [Line("label", several[0], "as you said", guess=False), *_task(columns[several[0]])]
    known = {name.lower(): name for name in free}
    named = next((known[name] for name in (*_LABELS, "cell_type") if name in known), None)
    if named is not None:
        return [Line("label", named, "by its name"), *_task(columns[named])]
    binary = [name for name in free if {str(each).strip() for each in columns[name]} <= _BINARY]
    if len(binary) > 1:
        return [Line("labels", _as_range(binary, list(names)), f"{len(binary)} columns of 0 and 1")]
    if binary:
        return [Line("label", binary[0], "its fields are 0 and 1")]
    repeated = [name for name in free if 1 < len(set(map(str, columns[name]))) < max(3, len(columns[name]) // 2)]
    few = [name for name in repeated if len(set(map(str, columns[name]))) <= _MOST_CLASSES]
    numbers = [name for name in free if _is_numbers(columns[name])]
    measured = [name for name in numbers if name not in repeated and name.lower() not in _NO_MEASURES]
    chosen = (few or measured or repeated or numbers)[-1:]
    if not chosen:
        raise DataError(
            f"{where}: expected a column that could be the label; name one with --label. "
            f"Received: {shown_names(list(names))}"
        )
    said = "the last column that could be the label; --label names another"
    return [Line("label", chosen[0], said), *_task(columns[chosen[0]])]


def _chosen(label: str, names: Sequence[str], where: str) -> list[str]:
    """Return the columns that --label names: one, or several between commas, as ranges and patterns too.

    Raises:
        DataError: a column that is not there, or a pattern that matches none.
    """
    if label in names:
        return [label]
    try:
        return BlockSpec.parse([each.strip() for each in label.split(",")], "--label").select(names, "--label")
    except DataError as error:
        several = any(sign in label for sign in (",", "..", "*", "?", "["))
        expected = "columns, ranges first..last and patterns" if several else "the column"
        raise DataError(
            f"{where}: expected {expected} {label!r} that --label names. Received: {shown_names(list(names))}"
        ) from error


def _task(values: Sequence[Any]) -> list[Line]:
    """Return the line for the task of numbers that may be names of classes too; nothing where it is plain."""
    if not may_be_either(list(map(str, values))):
        return []
    return [Line("task", "regression", "its numbers may also be names of classes; then write classification")]


def _several(chosen: list[str], columns: Any, names: list[str]) -> Line:
    """Return the line for several columns: labels where all are 0 and 1, numbers, or else an output for each."""
    if all({str(each).strip() for each in columns[name]} <= _BINARY for name in chosen):
        return Line("labels", _as_range(chosen, names), "columns of 0 and 1, as you said", guess=False)
    if all(_is_numbers(columns[name]) for name in chosen):
        return Line("label", chosen, "several numbers, as you said", guess=False)
    return Line("outputs", {name: {"column": name} for name in chosen}, "several outputs, as you said", guess=False)


def beside_sequence(sequence: str, numbers: Sequence[str]) -> Line:
    """Return the line that takes numbers beside a sequence, in a comment."""
    blocks = {"sequence": {"sequence": sequence}, "numbers": list(numbers)}
    said = "instead of `sequence`, where these numbers are known before the label is"
    return Line("blocks", blocks, said, commented=True)


def _beside(table: Table, used: set[str]) -> list[str]:
    """Return the columns of numbers that are neither input nor label, and do not look like places or names."""
    free = [name for name in table.columns if name not in used and name.lower() not in (*_PARTS, *_NO_MEASURES)]
    return [name for name in free if len(set(table[name])) > 1 and _is_numbers(table[name])]


def _sequence(table: Table) -> str | None:
    known = {name.lower(): name for name in table.columns}
    named = [known[name] for name in _SEQUENCES if name in known]
    looks = [name for name in table.columns if _is_mostly_letters(table[name][:_LOOKED_AT])]
    # Of several that look like one, the longest: words are short.
    looks.sort(key=lambda name: -sum(map(len, table[name][:_LOOKED_AT])))
    return next((name for name in named if name in looks), next(iter(_many_letters(table, looks)), None))


def _is_mostly_letters(fields: Sequence[str]) -> bool:
    """Say whether fields are words of letters, but for a few, which are named by line when the data are read."""
    found = sum(_LETTERS.fullmatch(each.strip()) is not None for each in fields)
    return found >= _MOSTLY * len(fields)


def _many_letters(table: Table, names: Sequence[str]) -> list[str]:
    """Return the columns of nucleotides, of amino acids in capitals, or of what is long; the latter mostly unique."""
    found = []
    for name in names:
        fields = table[name][:_LOOKED_AT]
        nucleotides = set("".join(fields).upper()) <= set("ACGTUNRYSWKMBDHV-")
        unique = len(set(fields)) > len(fields) / 2
        # Names of genes are shorter, and have digits.
        peptides = set("".join(fields)) <= _AMINO_ACIDS and sum(map(len, fields)) >= _SHORT_PEPTIDE * len(fields)
        if nucleotides or (unique and (peptides or min(map(len, fields)) >= 20)):
            found.append(name)
    return found


def _groups(table: Table, used: set[str]) -> dict[str, Any]:
    numbers = [name for name in table.columns if name not in used and _is_numbers(table[name])]
    if not numbers:
        raise DataError(
            f"{table.path}: expected a column of sequences, or columns of numbers. "
            f"Received: {shown_names(list(table.columns))}"
        )
    groups: dict[str, list[str]] = {}
    for name in numbers:
        head = re.split(r"[_.]", name)[0]
        groups.setdefault(re.sub(r"\d+$", "", head) or head, []).append(name)
    if max(map(len, groups.values())) == 1:
        groups = {"features": numbers}
    return {name: _as_range(columns, list(table.columns)) for name, columns in groups.items()}


def _as_range(columns: Sequence[str], names: list[str]) -> Any:
    """Return columns as a configuration names them: one, a range where they stand together, else a list."""
    if len(columns) == 1:
        return columns[0]
    places = [names.index(name) for name in columns]
    together = places == list(range(places[0], places[0] + len(places)))
    plain = all(".." not in name for name in (columns[0], columns[-1]))
    return f"{columns[0]}..{columns[-1]}" if together and plain else list(columns)


def _columns_of(lines: Sequence[Line], names: list[str]) -> set[str]:
    found: set[str] = set()
    for line in lines:
        if line.key == "task":
            continue
        for each in line.value if isinstance(line.value, (list, dict)) else [line.value]:
            first, _, last = str(each).partition("..")
            found |= set(names[names.index(first) : names.index(last or first) + 1])
    return found


def _is_numbers(values: Sequence[Any]) -> bool:
    try:
        return bool(np.isfinite([float(each) for each in values if str(each).strip()]).all())
    except ValueError:
        return False


def _splits(table: Table, has_sequence: bool) -> list[SplitOption]:
    known = {name.lower(): name for name in table.columns}
    found = [SplitOption(known[name], "the column decides it") for name in _PARTS if name in known]
    if "group" in known:
        found.append(SplitOption("grouped", "examples of one `group` stay in one split"))
    return [*found, *([SIMILAR] if has_sequence else []), RANDOM]


def _stem(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", path.name.split(".")[0]).strip("_") or "search"
