"""Model files of a stranger: refused by name before Keras reads them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from amber.errors import ConfigError
from amber.files import hdf5_probe
from amber.modeler.model_files import load_model_file

Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    path = tmp_path_factory.mktemp("model") / "m.keras"
    inputs = keras.Input((6, 4))
    x = keras.layers.Flatten()(keras.layers.BatchNormalization()(keras.layers.Conv1D(3, 3)(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 6, 4)), np.zeros((4, 2)), verbose=0)
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, parts: Parts, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def described(change: Callable[[Any], Any]) -> Callable[[Parts], Parts]:
    def changed(parts: Parts) -> Parts:
        description = json.loads(parts["config.json"])
        change(description)
        return {**parts, "config.json": json.dumps(description).encode()}

    return changed


def weights(change: Callable[[h5py.File], Any]) -> Callable[[Parts], Parts]:
    def changed(parts: Parts) -> Parts:
        content = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(content, "r+") as file:
            change(file)
        return {**parts, "model.weights.h5": content.getvalue()}

    return changed


def first_layer(name: str, value: Any) -> Callable[[Parts], Parts]:
    return described(lambda found: found["config"]["layers"][1]["config"].update({name: value}))


BAD: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "no description": (lambda parts: {"model.weights.h5": parts["model.weights.h5"]}, "config.json"),
    "no weights": (lambda parts: {"config.json": parts["config.json"]}, "model.weights.h5"),
    "a list": (lambda parts: {**parts, "config.json": b"[]"}, "without a mapping"),
    "not JSON": (lambda parts: {**parts, "config.json": b"{"}, "as JSON"),
    "deep": (lambda parts: {**parts, "config.json": b"[" * 100_000}, "levels"),
    "large": (lambda parts: {**parts, "config.json": b" " * 17_000_000}, "16,777,216"),
    "filters": (first_layer("filters", 2**40), "at least 1,099,511,627,776 weights"),
    "a product of sizes": (
        described(lambda found: found["config"]["layers"][-1]["config"].update(units=1000)),
        "weights, of which the file holds",
    ),
    "kernel": (first_layer("kernel_size", [2**20]), "weights, of which the file holds"),
    "text for a number": (first_layer("filters", "many"), "model"),
    "not HDF5": (lambda parts: {**parts, "model.weights.h5": b"x" * 3000}, "model"),
    "a link": (weights(lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/"))), "link"),
    "unwritten": (weights(lambda file: file.create_dataset("x", (10**6, 10**6))), "written out in full"),
    "leads out": (lambda parts: {**parts, "../x": b""}, "leads out"),
    "absolute": (lambda parts: {**parts, "/x": b""}, "leads out"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_crafted_file_is_refused_by_name(kind: str, parts: Parts, tmp_path: Path) -> None:
    change, said = BAD[kind]
    path = write(tmp_path / "m.keras", change(dict(parts)))
    with pytest.raises(ConfigError, match=said) as refused:
        load_model_file(path)
    assert str(refused.value).startswith(f"{path}: expected a model saved by Keras 3. Received: ")


def test_an_archive_that_grows_is_not_unpacked(parts: Parts, tmp_path: Path) -> None:
    grown = {**parts, "model.weights.h5": b"\0" * 100_000_000}
    with pytest.raises(ConfigError, match="would become 100,000,000"):
        load_model_file(write(tmp_path / "m.keras", grown, zipfile.ZIP_DEFLATED))


def test_what_is_not_an_archive(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"text")
    for name in ("m.keras", "no.keras", ""):
        with pytest.raises(ConfigError, match="expected a model saved by Keras 3"):
            load_model_file(tmp_path / name)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_good_file_is_read(parts: Parts, tmp_path: Path, compression: int) -> None:
    model = load_model_file(write(tmp_path / "m.keras", parts, compression))
    assert model.output_shape == (None, 2)


def test_weights_that_crash_the_library_are_refused_by_name(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "m.keras", parts)
    assert load_model_file(path).count_params() > 0
    monkeypatch.setattr(hdf5_probe, "_READ", hdf5_probe._READ.replace("read(file)", "import os; os.abort()"))
    with pytest.raises(
        ConfigError, match="m.keras: expected a model saved by Keras 3. Received: weights that are damaged"
    ):
        load_model_file(path)


@pytest.mark.parametrize(
    ("module", "name"), [("amber_plugin_lab", "lab>Fine"), ("__main__", "Mine"), (None, "Custom>own_function")]
)
def test_layer_of_somebody_s_code_is_named_with_the_way_to_load_it(
    module: str | None, name: str, parts: Parts, tmp_path: Path
) -> None:
    def change(description: Any) -> None:
        layer = description["config"]["layers"][1]
        layer.update(module=module, registered_name=name, class_name=name.split(">")[-1])

    path = write(tmp_path / "m.keras", described(change)(parts))
    with pytest.raises(ConfigError, match=rf"m\.keras: .*Received: one with {name}.*--plugin my_layers\.py"):
        load_model_file(path)
