"""Damaged files of every source: a data set, or an error that names the file, what was expected and what was there."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from amber.data.encoding.coding import SequenceForm
from amber.data.from_examples import DatasetSpec, dataset_of
from amber.data.sources import ArraysSource, FastaSource, IntervalsSource, Source, TableSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

TRIALS = 200
_PIECES = [b"\n", b"\r\n", b"\t", b",", b";", b'"', b"\0", b"\xff", b"N", b"-", b">", b"NaN", b"inf", b"-1", b"1e400"]
_BASES = "ACGTTGCAACGGTCAT"


def _sequence(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("ACGT") for _ in range(length))


def _originals(folder: Path) -> dict[str, tuple[Source, Path]]:
    """Return a source of each kind, with the file of it that is damaged."""
    rng = random.Random(0)
    table = "seq,label,x\n" + "".join(f"{_sequence(rng, 8)},{'ab'[k % 2]},{k}\n" for k in range(30))
    (folder / "t.csv").write_text(table)
    (folder / "a.fa").write_text("".join(f">a{k} y={k % 2}\n{_sequence(rng, 8)}\n" for k in range(30)))
    (folder / "g.fa").write_text(f">chr1\n{_BASES * 30}\n>chr2\n{_BASES * 10}\n")
    rows = "".join(f"chr{1 + k % 2}\t{9 + 3 * k}\t{15 + 3 * k}\tn{k}\t{k}\t+\n" for k in range(30))
    (folder / "a.bed").write_text(rows)
    others = "".join(f"chr{1 + k % 2}\t{12 + 5 * k}\t{18 + 5 * k}\tn{k}\t{k}\t-\n" for k in range(20))
    (folder / "b.bed").write_text(others)
    header = "chrom\tstart\tend\tlabel\n"
    (folder / "c.tsv").write_text(header + "".join(f"chr1\t{9 + k}\t{15 + k}\t{'uv'[k % 2]}\n" for k in range(30)))
    codes = np.arange(240, dtype=np.uint8).reshape(30, 8) % 4
    np.savez(folder / "d.npz", seq=codes, label=np.array(["a", "b"] * 15))
    peaks: dict[str, str] = {"a": "a.bed", "b": "b.bed"}
    made: dict[str, tuple[Source, str]] = {
        "table": (TableSource("t.csv"), "t.csv"),
        "fasta": (FastaSource("a.fa", labels=r"(?P<label>y=\d)"), "a.fa"),
        "intervals": (IntervalsSource(peaks, "g.fa", 12), "a.bed"),
        "bins": (IntervalsSource(peaks, "g.fa", 12, bins=10, overlap=0), "b.bed"),
        "interval table": (IntervalsSource("c.tsv", "g.fa", 12, at_end="pad"), "c.tsv"),
        "genome": (IntervalsSource(peaks, "g.fa", 12, at_end="shift"), "g.fa"),
        "arrays": (ArraysSource("d.npz"), "d.npz"),
    }
    return {kind: (source.at(folder), folder / file) for kind, (source, file) in made.items()}


KINDS = ["table", "fasta", "intervals", "bins", "interval table", "genome", "arrays"]


def _damaged(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 4))):
        place, other = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        match rng.randrange(5):
            case 0:
                data = data[:place] + rng.choice(_PIECES) + data[place:]
            case 1:
                data = data[:place] + data[other:]
            case 2:
                data = data[:place] + rng.choice(_PIECES) + data[place + 1 :]
            case 3:
                data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
            case 4:
                data = data[:other] + data[place:]
    if rng.random() < 0.1:
        data = gzip.compress(data, 1, mtime=0)
        data = data[: rng.randrange(1, len(data))] if rng.random() < 0.5 else data
    return data


def _trial(source: Source, label: str, wanted: Wanted, folder: Path) -> str:
    """Return what the error says; nothing where there is a data set."""
    for index in folder.glob("g.fa.*"):
        index.unlink()
    try:
        spec = DatasetSpec({"output": TargetSpec(label, "classes")}, SplitSpec("random"))
        dataset = dataset_of(source.examples(wanted), spec, "mutant", next(Path(file) for _, file in source.files()))
    except DataError as error:
        return str(error)
    assert np.isfinite(dataset.train.x if isinstance(dataset.train.x, np.ndarray) else 0).all()
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_set_or_an_error_that_says_what_is_wrong(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source, path = _originals(tmp_path)[kind]
    label = "a" if kind == "bins" else "label"
    original = path.read_bytes()
    wanted = Wanted(form=SequenceForm(length=None if kind == "arrays" else 8))
    assert not _trial(source, label, wanted, tmp_path)
    read = 0
    for seed in range(TRIALS):
        path.write_bytes(_damaged(random.Random(f"{kind}{seed}"), original))
        message = _trial(source, label, wanted, tmp_path)
        read += not message
        assert not message or "Received: " in message, message
        # What is wrong with the parts as a whole is about the column.
        assert not message or "olumn" in message or "part must" in message or str(tmp_path) in message, message
        assert len(message) < 3000
    assert 0 < read < TRIALS
