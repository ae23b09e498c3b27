"""Sources of every kind, each with a file that is damaged at random; `tests.security.readers` tries many of them."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amber.data.encoding.coding import SequenceForm
from amber.data.from_examples import DatasetSpec, dataset_of
from amber.data.sources import (
    AnnDataSource,
    ArraysSource,
    FastaSource,
    IntervalsSource,
    ParquetSource,
    Source,
    TableSource,
    Wanted,
    ZarrSource,
)
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

_PIECES = [b"\n", b"\r\n", b"\t", b",", b";", b'"', b"\0", b"\xff", b"N", b"-", b">", b"NaN", b"inf", b"-1", b"1e400"]
_BASES = "ACGTTGCAACGGTCAT"


def _sequence(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("ACGT") for _ in range(length))


def originals(folder: Path) -> dict[str, tuple[Source, Path]]:
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
    made |= _binary(folder, rng)
    return {kind: (source.at(folder), folder / file) for kind, (source, file) in made.items()}


def _binary(folder: Path, rng: random.Random) -> dict[str, tuple[Source, str]]:
    """Return sources of formats that others' libraries read, with the file of each that is damaged."""
    import h5py
    import pyarrow
    import pyarrow.parquet
    import pybigtools
    import zarr

    labels = ["a", "b"] * 15
    texts = [_sequence(rng, 8) for _ in labels]
    pyarrow.parquet.write_table(pyarrow.table({"seq": texts, "label": labels}), folder / "t.parquet")
    codes = np.arange(240, dtype=np.uint8).reshape(30, 8) % 4
    with h5py.File(folder / "d.h5", "w") as file:
        file["seq"], file["label"] = codes, np.array(labels, dtype="S1")
    with h5py.File(folder / "c.h5ad", "w") as file:
        file["X"] = np.arange(90, dtype=np.float32).reshape(30, 3)
        for name, index in (("obs", [f"c{k}" for k in range(30)]), ("var", ["u", "v", "w"])):
            group = file.create_group(name)
            group.attrs["_index"] = "_index"
            group.attrs["column-order"] = ["label"] if name == "obs" else []
            group["_index"] = np.array(index, dtype=object)
        file["obs"]["label"] = np.array(labels, dtype=object)
    store = zarr.open_group(str(folder / "d.zarr"), mode="w")
    for name, values in (("seq", codes), ("label", np.arange(30) % 2)):
        store.create_array(name, data=values)
    values = [("chr1", place, place + 1, float(place % 7)) for place in range(400)]
    pybigtools.open(str(folder / "s.bw"), "w").write({"chr1": 480, "chr2": 160}, values)
    signals = {"label": "s.bw"}
    return {
        "parquet": (ParquetSource("t.parquet"), "t.parquet"),
        "hdf5": (ArraysSource("d.h5"), "d.h5"),
        "anndata": (AnnDataSource("c.h5ad"), "c.h5ad"),
        "zarr metadata": (ZarrSource("d.zarr"), "d.zarr/seq/zarr.json"),
        "zarr chunk": (ZarrSource("d.zarr"), "d.zarr/seq/c/0/0"),
        "signals": (IntervalsSource("c.tsv", "g.fa", 12, at_end="pad", signals=signals, missing="zero"), "s.bw"),
    }


TEXT = ["table", "fasta", "intervals", "bins", "interval table", "genome"]
# Their shapes are those of the files, so that no length is asked for.
ARRAYS = ["arrays", "hdf5", "anndata", "zarr metadata", "zarr chunk"]
KINDS = [*TEXT, *ARRAYS, "parquet", "signals"]


def damaged(rng: random.Random, data: bytes) -> bytes:
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


def trial(source: Source, label: str, wanted: Wanted, folder: Path) -> str:
    """Return what the error says; nothing where there is a data set.

    Raises:
        AssertionError: the error does not say in which file or column, or what was there; or data are not finite.
    """
    for index in folder.glob("g.fa.*"):
        index.unlink()
    try:
        kind = "number" if isinstance(source, IntervalsSource) and source.signals else "classes"
        spec = DatasetSpec({"output": TargetSpec(label, kind)}, SplitSpec("random"))
        dataset = dataset_of(source.examples(wanted), spec, "mutant", next(Path(file) for _, file in source.files()))
    except DataError as error:
        said = str(error)
        # What is wrong with the parts as a whole is about the column.
        named = "olumn" in said or "part must" in said or str(folder) in said
        assert named and "Received: " in said and len(said) < 3000, said
        return said
    assert np.isfinite(dataset.train.x if isinstance(dataset.train.x, np.ndarray) else 0).all()
    return ""


@dataclass(frozen=True)
class Damaged:
    """A source with a file that is written anew for each trial."""

    kind: str
    source: Source
    path: Path
    original: bytes

    @classmethod
    def of(cls, kind: str, folder: Path) -> Damaged:
        source, path = originals(folder)[kind]
        return cls(kind, source, path, path.read_bytes())

    def write(self, seed: object) -> None:
        self.path.write_bytes(damaged(random.Random(f"{self.kind}{seed}"), self.original))

    def read(self, folder: Path) -> str:
        """Return what the error says; nothing where there is a data set."""
        wanted = Wanted(form=SequenceForm(length=None if self.kind in ARRAYS else 8))
        return trial(self.source, "a" if self.kind == "bins" else "label", wanted, folder)
