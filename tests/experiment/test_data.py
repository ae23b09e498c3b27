"""Which file `data.source` means, from whatever folder a command runs, and what a run directory keeps of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import TINY

from amber.errors import AmberError, ConfigError
from amber.experiment.configuration.reading import config_from_text, load_config
from amber.experiment.data import data_file, load_data, text_with_data_file

Amber = Callable[..., Any]


def rows(length: int) -> str:
    lines = [f"{'ACGT'[k % 4] * length},{'ab'[k % 2]}" for k in range(40)]
    return "\n".join(["seq,label", *lines]) + "\n"


def with_source(tiny: str, source: str) -> str:
    return tiny.replace("seed: 3\n", f"seed: 3\ndata: {{source: {source}}}\n")


@pytest.fixture
def folders(tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder has a d.csv of length 8, its folder `sub` a configuration and another, of length 12."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "d.csv").write_text(rows(8))
    (tmp_path / "sub" / "d.csv").write_text(rows(12))
    (tmp_path / "sub" / "c.yaml").write_text(with_source(tiny, "d.csv"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMBER_DATA_DIR", raising=False)
    return tmp_path


@pytest.mark.parametrize("written", ["sub/c.yaml", "./sub/../sub/c.yaml", None])
def test_a_relative_path_counts_from_the_configuration(folders: Path, written: str | None) -> None:
    data = load_data(load_config(written or folders / "sub" / "c.yaml"))
    assert data.input_shape == (12, 4)
    assert data.path == folders / "sub" / "d.csv"


def test_a_file_in_the_working_folder_only(folders: Path) -> None:
    (folders / "sub" / "d.csv").unlink()
    with pytest.raises(ConfigError) as raised:
        load_data(load_config("sub/c.yaml"))
    message = str(raised.value)
    assert message.startswith("sub/c.yaml, line 3, key data.source: a relative path counts from the folder of the conf")
    assert f"write ../d.csv or {folders / 'd.csv'}" in message and "Received: 'd.csv'" in message


def test_no_such_file_and_no_such_column(folders: Path, tiny: str) -> None:
    with pytest.raises(
        ConfigError, match=f"key data.source: there is no {folders / 'sub' / 'e.csv'}. Expected an exis"
    ):
        load_data(config_from_text(with_source(tiny, "e.csv"), "sub/c.yaml"))
    split = with_source(tiny, "d.csv, split: fold")
    with pytest.raises(ConfigError, match="key data.split: .*column 'fold'.*write split: random"):
        load_data(config_from_text(split, "sub/c.yaml"))
    (folders / "sub" / "d.csv").write_text(rows(12).replace("label", "class"))
    with pytest.raises(ConfigError, match="line 3, key data: .*column 'label'.*Write data.label to name another."):
        load_data(config_from_text(with_source(tiny, "d.csv"), "sub/c.yaml"))


def test_home_folder_data_folder_and_packaged_data(
    folders: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (folders / "sub" / "d.csv").unlink()
    for source in ("~/d.csv", str(folders / "d.csv")):
        loaded = config_from_text(with_source(tiny, source), "sub/c.yaml")
        assert data_file(loaded) == str(tmp_path / "d.csv")
    monkeypatch.setenv("AMBER_DATA_DIR", str(tmp_path))
    assert data_file(config_from_text(with_source(tiny, "d"), "sub/c.yaml")) == str(tmp_path / "d.csv")
    (folders / "sub" / "splice").write_text("not this")
    assert data_file(config_from_text(tiny, "sub/c.yaml")) == "splice"


def test_text_with_the_absolute_path(folders: Path, tiny: str) -> None:
    for source in ("d.csv", "'d.csv'", '"d.csv"', "./d.csv", "../sub/d.csv"):
        text = with_source(tiny, source) + "references: {d.csv: 0.5}\n"
        loaded = config_from_text(text, "sub/c.yaml")
        changed = config_from_text(text_with_data_file(loaded, load_data(loaded)), "elsewhere/c.yaml")
        assert changed.config.data.source == str(folders / "sub" / "d.csv")
        left = {"data": None}
        assert changed.config.model_copy(update=left) == loaded.config.model_copy(update=left)
    anchored = "run_directory: &x d.csv\n" + tiny.replace("seed: 3\n", "seed: 3\ndata: {source: *x }\n")
    loaded = config_from_text(anchored, "sub/c.yaml")
    assert text_with_data_file(loaded, load_data(loaded)) == anchored


@pytest.mark.slow
def test_a_run_is_used_again_from_any_folder(
    folders: Path, amber: Amber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert amber("search", "sub/c.yaml", "-d", "run", "-q").exit_code == 0
    (folders / "elsewhere").mkdir()
    monkeypatch.chdir(folders / "elsewhere")
    done = amber("evaluate", "../run", "--json")
    assert done.exit_code == 0, done.stderr
    again = amber("search", "../run/config.yaml", "-d", "again", "-q")
    assert again.exit_code == 0, again.stderr
    tests = [json.loads((run / "test.json").read_text()) for run in (folders / "run", Path("again"))]
    assert tests[0]["model"] == tests[1]["model"] and tests[0]["data"] == "d"
    resumed = amber("search", "../run/config.yaml", "-d", "../run", "-q", "--resume", "--trials", 3)
    assert resumed.exit_code == 0, resumed.stderr


@pytest.mark.parametrize(("make", "words"), [("mkdir", "a folder"), ("mkfifo", "a pipe")])
def test_what_is_not_a_file(folders: Path, make: str, words: str) -> None:
    import os

    (folders / "sub" / "d.csv").unlink()
    getattr(os, make)(folders / "sub" / "d.csv")
    with pytest.raises(ConfigError, match=f"a regular file. Received: {words}"):
        load_data(load_config("sub/c.yaml"))


def test_a_home_folder_of_nobody_is_a_file_that_is_not_there(tmp_path: Path) -> None:
    for data in ("{source: ~no_such_user/d.csv}", "{source: {fasta: {a: ~no_such_user/a.fa, b: b.fa}}}"):
        path = tmp_path / "c.yaml"
        path.write_text(f"{TINY}data: {data}\n")
        with pytest.raises(AmberError, match="~no_such_user"):
            load_data(load_config(path))
