"""`amber init` for formats of others' libraries: Parquet, npz, HDF5, Zarr, AnnData, bigWig; what is written runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import pybigtools
import pytest
import yaml
import zarr
from typer.testing import CliRunner

from amber.cli.main import app
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.reading import load_config
from amber.experiment.data import load_data
from amber.starting import start

ROWS, LENGTH = 120, 40
RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 4, (ROWS, LENGTH)).astype(np.uint8)
TEXTS = ["".join("ACGT"[code] for code in row) for row in CODES]
NUMBERS = RNG.normal(size=(ROWS, 5)).astype(np.float32)
LABELS = np.arange(ROWS) % 2


def parquet(folder: Path) -> list[Path]:
    columns = {"seq": TEXTS, "label": ["a", "b"] * (ROWS // 2), "age": NUMBERS[:, 0]}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "t.parquet")
    return [folder / "t.parquet"]


def npz(folder: Path) -> list[Path]:
    np.savez(folder / "d.npz", promoters=np.array(TEXTS), y=LABELS)
    return [folder / "d.npz"]


def npz_of_numbers(folder: Path) -> list[Path]:
    np.savez(folder / "n.npz", x=NUMBERS, y=LABELS)
    return [folder / "n.npz"]


def hdf5(folder: Path) -> list[Path]:
    one_hot = np.eye(4, dtype=np.float32)[CODES]
    with h5py.File(folder / "d.h5", "w") as file:
        for part, rows in (("train", slice(0, 80)), ("valid", slice(80, 100)), ("test", slice(100, None))):
            file[f"{part}/x"], file[f"{part}/y"] = one_hot[rows], NUMBERS[rows, 0]
    return [folder / "d.h5"]


def stored(folder: Path) -> list[Path]:
    group = zarr.open_group(str(folder / "d.zarr"), mode="w")
    group.create_array("x", data=CODES)
    group.create_array("y", data=RNG.integers(0, 2, (ROWS, 3)))
    return [folder / "d.zarr"]


def anndata(folder: Path) -> list[Path]:
    with h5py.File(folder / "c.h5ad", "w") as file:
        file["X"] = NUMBERS
        for name, index in (("obs", [f"c{row}" for row in range(ROWS)]), ("var", list("uvwxy"))):
            group = file.create_group(name)
            group.attrs["_index"] = "_index"
            group.attrs["column-order"] = ["cell_type", "group"] if name == "obs" else []
            group["_index"] = np.array(index, dtype=object)
        file["obs"]["cell_type"] = np.array(["B", "T"] * (ROWS // 2), dtype=object)
        file["obs"]["group"] = np.array([f"d{row // 10}" for row in range(ROWS)], dtype=object)
    return [folder / "c.h5ad"]


def bigwig(folder: Path) -> list[Path]:
    genome = "".join(RNG.choice(list("ACGT"), size=20_000))
    (folder / "g.fa").write_text(f">chr1\n{genome}\n")
    (folder / "p.bed").write_text("".join(f"chr1\t{100 + 150 * k}\t{200 + 150 * k}\n" for k in range(ROWS)))
    values = [("chr1", place, place + 1, float(place % 97)) for place in range(20_000)]
    pybigtools.open(str(folder / "s.bw"), "w").write({"chr1": 20_000}, values)
    return [folder / "p.bed", folder / "s.bw"]


CASES: dict[str, tuple[Callable[[Path], list[Path]], dict[str, Any], str, str]] = {
    "parquet": (parquet, {"source": {"parquet": "t.parquet"}, "sequence": "seq", "label": "label"}, "sim", "motif_cnn"),
    "npz": (npz, {"source": {"arrays": "d.npz"}, "sequence": "promoters", "label": "y"}, "sim", "motif_cnn"),
    "npz of numbers": (
        npz_of_numbers,
        {"source": {"arrays": "n.npz"}, "blocks": {"x": "x"}, "label": "y"},
        "random",
        "feature_groups",
    ),
    "hdf5": (
        hdf5,
        {"source": {"arrays": "d.h5"}, "sequence": "x", "label": "y", "task": "regression"},
        "split",
        "motif_cnn",
    ),
    "zarr": (stored, {"source": {"zarr": "d.zarr"}, "sequence": "x", "labels": "y_*"}, "sim", "motif_cnn"),
    "anndata": (anndata, {"source": {"anndata": "c.h5ad"}, "label": "cell_type"}, "grouped", "feature_groups"),
    "bigwig": (bigwig, {"label": "s"}, "sim", "motif_cnn"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_is_written_is_complete_and_its_data_are_read(case: str, tmp_path: Path) -> None:
    write, data, split, preset = CASES[case]
    files = write(tmp_path)
    genome = tmp_path / "g.fa" if case == "bigwig" else None
    output = tmp_path / "config.yaml"
    start(files, output, genome=genome)
    config = yaml.safe_load(output.read_text())
    assert data.items() <= config["data"].items()
    assert str(config["data"]["split"]).startswith(split)
    assert config["model_space"] == {"preset": preset}
    assert {"training", "search", "final"} <= set(config) and config["search"]["trials"] >= 8
    if case == "bigwig":
        assert config["data"]["source"]["signals"] == {"s": "s.bw"}
    done = CliRunner().invoke(app, ["data", str(output), "-o", str(tmp_path / "card.html")])
    assert done.exit_code == 0, done.output
    assert "train" in done.output and (tmp_path / "card.html").is_file()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["s.bw"], r"bigWig file can only be read beside intervals"),
        (["s.bw", "d.npz"], r"needs intervals beside it. Received: d\.npz \(arrays\)"),
        (["d.npz", "n.npz"], "Expected one arrays; join the files first. Received: 2 files"),
        (["words.npz"], r"words\.npz: expected an array of sequences .* Received: 'y'"),
        (["folder"], "another folder"),
        (["calls.vcf"], r"amber variants MODEL FILE --genome FASTA.* Received: a VCF file"),
    ],
)
def test_what_does_not_go_together_is_named(names: list[str], message: str, tmp_path: Path) -> None:
    for write in (npz, npz_of_numbers, bigwig):
        write(tmp_path)
    np.savez(tmp_path / "words.npz", y=LABELS)
    (tmp_path / "folder").mkdir()
    (tmp_path / "calls.vcf").write_text("##fileformat=VCFv4.2\nchr1\t10\ta\tG\tA\t.\t.\t.\n")
    with pytest.raises((ConfigError, DataError), match=message):
        start([tmp_path / name for name in names], tmp_path / "config.yaml")
    assert not (tmp_path / "config.yaml").exists()


def test_arrays_of_numbers_beside_a_sequence_are_said(tmp_path: Path) -> None:
    path, said = tmp_path / "d.npz", []
    np.savez(path, x=np.array(TEXTS), y=LABELS, age=NUMBERS[:, 0], doses=NUMBERS[:, 1:], split=["train"] * ROWS)
    start([path], tmp_path / "config.yaml", say=lambda head, text: said.append(f"{head} {text}"))
    text = (tmp_path / "config.yaml").read_text()
    assert "  # blocks: {sequence: {sequence: x}, numbers: [age, doses]}" in text
    assert "Numbers not used, but named in a comment: 'age', 'doses'" in said
    written = text.replace("  # blocks:", "  blocks:").replace("  sequence: x", "  #")
    (tmp_path / "more.yaml").write_text(written.replace("split: split", "split: random"))
    assert load_data(load_config(tmp_path / "more.yaml")).input_shape == {"sequence": (LENGTH, 4), "numbers": (5,)}
