"""Nothing in a run directory leads out of it: neither what is read nor what is written."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from tests.cli.conftest import TINY, invoke
from tests.security.test_no_code_runs import OUTPUTS

from amber.errors import StorageError
from amber.search import RunDirectory, load_best

FILES = ("trials.jsonl", "search.json", "search.log", "config.yaml", "best.json", "best.keras", "test.json", ".lock")


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_link_out_of_the_run_is_neither_read_nor_written(run: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes((run / name).read_bytes() if (run / name).exists() else b"mine\n")
    before = secret.read_bytes()
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(secret)
    for command in ("report", "export"):
        done = invoke(command, run, "-o", tmp_path / OUTPUTS[command])
        assert done.exit_code == 2 and str(run / name) in done.stderr
    for make in (RunDirectory.open, RunDirectory.resume, lambda path: RunDirectory.create(path, overwrite=True)):
        with pytest.raises(StorageError, match="leads out of its run directory"):
            make(run)
    if name in ("best.json", "best.keras"):
        assert invoke("evaluate", run).exit_code == 2
    if name == "best.json":
        with pytest.raises(StorageError, match="leads out"):
            load_best(run)
    done = invoke("search", run / "config.yaml", "-d", run, "--overwrite")
    assert done.exit_code == 2 and "leads out" in done.stderr
    assert secret.read_bytes() == before


def test_linked_folder_in_a_run_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="checkpoints leads out"):
        RunDirectory.open(run)


def test_links_within_and_to_a_run_are_fine(run: Path, tmp_path: Path) -> None:
    (run / "latest.json").symlink_to("best.json")
    (tmp_path / "alias").symlink_to(run)
    assert RunDirectory.open(tmp_path / "alias").trials()
    assert load_best(tmp_path / "alias")["tokens"]


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "..", ".hidden", "a\\b", "a\nb"])
def test_name_of_a_search_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("name: tiny", f"name: {json.dumps(name)}"), encoding="utf-8")
    done = invoke("search", path)
    assert done.exit_code == 2 and "key name" in done.stderr
    assert os.listdir(tmp_path) == ["tiny.yaml"]


def test_run_directory_of_a_configuration_overwrites_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    path = tmp_path / "tiny.yaml"
    path.write_text(f"{TINY}run_directory: {mine}\n", encoding="utf-8")
    done = invoke("search", path)
    assert done.exit_code == 2 and "not empty" in done.stderr
    assert os.listdir(mine) == ["thesis.txt"]


def test_archive_member_that_climbs_out(run: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(run / "best.keras", "a") as archive:
        archive.writestr("../../climbed", "out")
        archive.writestr(str(tmp_path / "climbed"), "out")
    invoke("evaluate", run)
    assert not list(tmp_path.rglob("climbed")) and not (tmp_path.parent / "climbed").exists()


def test_weights_that_link_to_another_file_are_not_read(run: Path, tmp_path: Path) -> None:
    import io

    import h5py

    with zipfile.ZipFile(run / "best.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["weights"] = [1.0]
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        paths: list[str] = []
        file.visititems(lambda name, item: paths.append(name) if isinstance(item, h5py.Dataset) else None)
        for path in paths:
            del file[path]
            file[path] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/weights")
    parts["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(run / "best.keras", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    done = invoke("evaluate", run)
    assert done.exit_code == 2 and "best.keras" in done.stderr, done.output
