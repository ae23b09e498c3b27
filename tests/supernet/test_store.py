"""Supernet files of a stranger: refused by name before anything large is allocated."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.supernet.spaces import make_ann

from amber.errors import AmberError, StorageError
from amber.supernet import load_supernet


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("supernet") / "supernet.h5"
    make_ann().supernet.save(path)
    return path.read_bytes()


def replace(file: h5py.File, name: str, value: Any, **options: Any) -> None:
    del file[name]
    file.create_dataset(name, data=value, **options)


def link(file: h5py.File, kind: Any) -> None:
    del file["weights/00000"]
    file["weights/00000"] = kind


def virtual(file: h5py.File) -> None:
    shape = file["weights/00000"].shape
    del file["weights/00000"]
    layout = h5py.VirtualLayout(shape=shape, dtype="float32")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape=shape)
    file["weights"].create_virtual_dataset("00000", layout)


def external(file: h5py.File) -> None:
    shape = file["weights/00000"].shape
    del file["weights/00000"]
    file["weights"].create_dataset("00000", shape=shape, dtype="float32", external=[("/etc/passwd", 0, 100)])


def describe(file: h5py.File, change: Callable[[dict[str, Any]], Any]) -> None:
    description = json.loads(file["supernet"][()])
    changed = change(description)
    replace(file, "supernet", json.dumps(description if changed is None else changed))


def widen(description: dict[str, Any], units: int) -> None:
    for layer in description["config"]["model_space"]:
        layer[0]["units"] = units


BAD: dict[str, Callable[[h5py.File], None]] = {
    "another shape": lambda file: replace(file, "weights/00000", np.zeros((3, 1000), "float32")),
    "a scalar": lambda file: replace(file, "weights/00000", 3.0),
    "nothing": lambda file: replace(file, "weights/00000", h5py.Empty("f")),
    "objects": lambda file: replace(file, "weights/00000", ["a", "b"], dtype=h5py.string_dtype()),
    "ragged": lambda file: file["weights"].create_dataset("9", (3,), h5py.vlen_dtype(np.float32)),
    "complex numbers": lambda file: replace(file, "weights/00000", np.zeros((5, 5), "complex64")),
    "a weight too few": lambda file: file["weights"].__delitem__("00001"),
    "a weight too many": lambda file: file["weights"].create_dataset("zz", data=np.zeros(3)),
    "no weights": lambda file: file.__delitem__("weights"),
    "weights that are an array": lambda file: replace(file, "weights", np.zeros(3)),
    "weights in another file": lambda file: (
        file.__delitem__("weights"),
        file.__setitem__("weights", h5py.ExternalLink("other.h5", "/weights")),
    ),
    "a weight in another file": lambda file: link(file, h5py.ExternalLink("/etc/passwd", "/x")),
    "a soft link": lambda file: link(file, h5py.SoftLink("/weights/00001")),
    "a soft link to itself": lambda file: link(file, h5py.SoftLink("/weights/00000")),
    "a virtual array": virtual,
    "an array of raw bytes elsewhere": external,
    "groups within each other": lambda file: file["weights"].__setitem__("loop", file["weights"]),
    "an array that is not written": lambda file: (
        file["weights"].__delitem__("00000"),
        file["weights"].create_dataset("00000", (10**6, 10**6), "float32"),
    ),
    "zeros, compressed": lambda file: (
        file["weights"].__delitem__("00000"),
        file["weights"].create_dataset("00000", data=np.zeros(10**7, "float32"), compression="gzip"),
    ),
    "no format": lambda file: file.attrs.__delitem__("format"),
    "another format": lambda file: file.attrs.__setitem__("format", np.zeros(3)),
    "no description": lambda file: file.__delitem__("supernet"),
    "a description that is an array": lambda file: replace(file, "supernet", np.zeros(3)),
    "a description that is not JSON": lambda file: replace(file, "supernet", "{"),
    "a deep description": lambda file: replace(file, "supernet", "[" * 100_000),
    "a description that is a list": lambda file: describe(file, lambda found: [found]),
    "no class": lambda file: describe(file, lambda found: found.pop("class_name") and None),
    "a class of Python": lambda file: describe(
        file, lambda found: found.update(module="os", class_name="system", registered_name="system")
    ),
    "a layer of Keras": lambda file: describe(
        file, lambda found: found.update(module="keras.layers", class_name="Dense", registered_name=None)
    ),
    "no configuration": lambda file: describe(file, lambda found: found.update(config=None)),
    "no space": lambda file: describe(file, lambda found: found["config"].update(model_space=3)),
    "an unknown argument": lambda file: describe(file, lambda found: found["config"].update(foo=3)),
    "wider than its weights": lambda file: describe(file, lambda found: widen(found, 2**40)),
    "a little wider than its weights": lambda file: describe(file, lambda found: widen(found, 60)),
    "a lambda": lambda file: describe(
        file,
        lambda found: found["config"].update(
            feature_model={"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}}
        ),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BAD)
def test_a_crafted_file_is_refused_by_name(kind: str, saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "supernet.h5"
    path.write_bytes(saved)
    with h5py.File(path, "r+") as file:
        BAD[kind](file)
    with pytest.raises(StorageError) as refused:
        load_supernet(path)
    assert str(path) in str(refused.value) and len(str(refused.value)) < 1500
    if kind == "a lambda":
        return  # part of no weight: a supernet that is there takes over the weights beside it
    supernet = make_ann().supernet
    before = supernet.get_weights()
    with pytest.raises(AmberError):
        supernet.load(path)
    assert all(np.array_equal(one, other) for one, other in zip(before, supernet.get_weights(), strict=True))


def test_what_is_not_hdf5(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "supernet.h5"
    for data in (b"", b"text", saved[:300], saved[: len(saved) // 2], b"\x89HDF\r\n\x1a\n" + b"\xff" * 3000):
        path.write_bytes(data)
        with pytest.raises(StorageError, match="supernet file"):
            load_supernet(path)
    os.mkfifo(tmp_path / "pipe.h5")
    for name, said in (("pipe.h5", "not a regular file"), ("no.h5", "no such file"), ("", "a folder")):
        with pytest.raises(StorageError, match=said):
            load_supernet(tmp_path / name)


def test_a_good_file_is_read(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "supernet.h5"
    path.write_bytes(saved)
    made = make_ann().supernet.load(path)
    for one, other in zip(made.get_weights(), load_supernet(path).get_weights(), strict=True):
        assert np.array_equal(one, other)
