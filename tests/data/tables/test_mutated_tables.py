"""Whatever a table holds, it becomes a data set, or an error of ours that names the file or the column."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from amber.data import Dataset, TargetSpec, load_blocks, load_dataset
from amber.errors import AmberError, DataError

# What people, programs and attackers put into tables.
_FIELDS = (
    "", " ", "NA", "nan", "None", "inf", "-inf", "1", "1.0", "01", "1e999", "9" * 400, "0,5", "TRUE", "a", "A ", "é",
    "\u2028", "\x00", '"', '""', '"a', "a,b", "\t", ";", "=1+1", "ACGTX", "acgu", "N" * 500, "-", "train", "Test",
    "val ", "dev", "x" * 5000, "\ud83e\uddec", "\r", "#", ">", "1_000", "\u0661", "0x10", "1e5", "-0",
)  # fmt: skip
_BYTES = (
    b"\xff",
    b"\xfe\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\r",
    b"\n\n",
    b'"',
    b",",
    b"\x1f\x8b",
    b"PK\x03\x04",
)


def original(rng: random.Random) -> list[list[str]]:
    """Return the header and rows of a sound table: sequences, classes, numbers, parts and groups."""
    rows = [["seq", "label", "dose", "rna_1", "rna_2", "gsplit", "group"]]
    for number in range(rng.choice([4, 12, 40])):
        numbers = [f"{rng.gauss(0, 1):.3f}" for _ in range(3)]
        sequence = "".join(rng.choices("ACGT", k=6))
        rows.append([sequence, "ab"[number % 2], *numbers, ("train", "val", "test")[number % 3], f"g{number // 2}"])
    return rows


def mutated(rng: random.Random) -> bytes:
    """Return the bytes of a table after one to four changes."""
    rows, sign, end = original(rng), rng.choice([",", ",", ",", "\t", ";"]), rng.choice(["\n", "\n", "\r\n"])
    for _ in range(rng.randrange(4)):
        row = rng.randrange(len(rows))
        column = rng.randrange(len(rows[row])) if rows[row] else 0
        match rng.randrange(8):
            case 0 | 1 if rows[row]:
                rows[row][column] = rng.choice(_FIELDS)
            case 2:
                rows[row].append(rng.choice(_FIELDS))
            case 3:
                rows[row] = rows[row][:column]
            case 4:
                rows.insert(row, list(rows[row]))
            case 5 if len(rows) > 1:
                del rows[row]
            case 6:
                field = rng.choice(_FIELDS)
                rows[1:] = [[*each[:column], field, *each[column + 1 :]] for each in rows[1:]]
            case 7:
                rows[1:] = [[*each[:column], str(number), *each[column + 1 :]] for number, each in enumerate(rows[1:])]
    data = end.join(sign.join(row) for row in rows).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice([0, 0, 1, 3])):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data = data[:place] + rng.choice(_BYTES) + data[place:]
            case 1:
                data = data[:place]
            case 2:
                data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
            case 3:
                data = data[place:] + data[:place]
    if rng.random() < 0.2:
        data = gzip.compress(data, 1, mtime=0)
        if rng.random() < 0.5:
            place = rng.randrange(len(data))
            data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
    return data


def load(path: Path, rng: random.Random) -> Dataset:
    """Load a table in one of the ways there are."""
    split = rng.choice(["auto", "auto", "random", "grouped", "gsplit", "none_such"])
    if rng.random() < 0.5:
        label = TargetSpec(
            rng.choice(["label", "label", "dose", "group"]),
            rng.choice([None, None, "classes", "number"]),  # type: ignore[arg-type]
            rng.choice([None, None, ["a", "b"], ["0", "1", "1.0"]]),
        )
        return load_dataset(path, split, label=label)
    inputs = rng.choice([{"rna": "rna_*"}, {"rna": "rna_1..rna_2", "dna": {"sequence": "seq"}}])
    return load_blocks(path, inputs, {"x": "label", "y": rng.choice(["dose", "group"])}, split)


def trial(seed: int, path: Path) -> str:
    """Load one mutant; return the error's words, or nothing where it was read."""
    rng = random.Random(seed)
    path.write_bytes(mutated(rng))
    try:
        data = load(path, rng)
    except AmberError as error:
        assert isinstance(error, DataError), repr(error)
        message = str(error)
        named = path.name in message or "olumn " in message or error.field
        assert named and "Received: " in message and len(message) < 2500, message
        return message
    assert min(data.sizes.values()) > 0 and len(data.fingerprint) == 32
    assert all(target.describe() for target in data.targets)
    return ""


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_a_data_set_or_a_named_error(tmp_path: Path, start: int) -> None:
    found = [trial(seed, tmp_path / "mutant.csv") for seed in range(start, start + 100)]
    # The maker of mutants is worth something while some are read and most kinds of refusals occur.
    assert "" in found and len({message.split("Received: ")[0][-40:] for message in found}) > 10
