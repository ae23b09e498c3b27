"""From errors to exit codes and messages, as a shell and a terminal see them."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.cli.conftest import TINY

from amber.cli.failures import RunFailed, exit_code, reported
from amber.errors import AmberError, ConfigError, DataError, OutputClosedError, StorageError
from amber.search.callbacks import SearchCallback, tell_epoch


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigError("key"), 2),
        (DataError("column"), 2),
        (StorageError("the run directory is not empty"), 2),
        (caused(StorageError("cannot be written"), PermissionError(errno.EACCES, "denied", "x")), 2),
        (caused(StorageError("cannot be written"), OSError(errno.ENOSPC, "no space", "x")), 1),
        (caused(StorageError("cannot be written"), OSError(errno.EIO, "input/output", "x")), 1),
        (caused(ConfigError("no such file"), FileNotFoundError(errno.ENOENT, "none", "x")), 2),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), 2),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 1),
        (RunFailed("nothing was trained"), 1),
    ],
)
def test_exit_code(error: AmberError, expected: int) -> None:
    assert exit_code(error) == expected


def ended(action: Callable[[], None], capfd: Any) -> tuple[int, str]:
    with pytest.raises(typer.Exit) as raised:
        reported(action)()
    return raised.value.exit_code, capfd.readouterr().err


def test_system_error_of_a_file_names_it(tmp_path: Path, capfd: Any) -> None:
    code, said = ended(lambda: (tmp_path / "folder\x1b[2J" / "none").read_text(), capfd)  # type: ignore[arg-type, return-value]
    assert code == 2
    assert said.startswith("Error: ") and said.endswith("folder\\x1b[2J/none: No such file or directory\n")


@pytest.mark.parametrize("text", ["bad \ud800", "ring\x07 \x1b[31mred", "two\nlines", "\u202etxt"])
def test_any_message_can_be_shown(text: str, capfd: Any) -> None:
    def fail() -> None:
        raise ConfigError(text)

    code, said = ended(fail, capfd)
    assert code == 2
    assert all(line.isprintable() for line in said.splitlines())
    assert len(said.splitlines()) == len(text.splitlines())


def test_exit_of_somebody_s_code_is_an_error_that_is_shown(capfd: Any) -> None:
    def leave() -> None:
        raise SystemExit(3)

    assert ended(leave, capfd) == (1, "Error: Unexpected SystemExit: 3\nAMBER_DEBUG=1 shows where.\n")


def test_error_without_a_message_of_its_own(capfd: Any) -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fail() -> None:
        raise Silent

    code, said = ended(fail, capfd)
    assert code == 1
    assert "Silent: (no message" in said


def test_reader_that_goes_away_is_no_error() -> None:
    def write() -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    with pytest.raises(typer.Exit) as raised:
        reported(write)()
    assert raised.value.exit_code == 0


@pytest.mark.slow
def test_reader_that_goes_away_from_a_search_ends_it_with_the_code_of_a_broken_pipe(tmp_path: Path, tiny: str) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(tiny)
    words = [sys.executable, "-m", "amber", "search", str(config), "-d", str(tmp_path / "run")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as search:
        assert search.stdout is not None and search.stderr is not None
        search.stdout.readline()
        search.stdout.close()
        said = search.stderr.read()
        assert search.wait(100) == 141
    assert not [line for line in said.splitlines() if "Error" in line or "Traceback" in line or "Exception" in line]


def test_reader_that_goes_away_is_not_the_fault_of_a_trial() -> None:
    class Printing(SearchCallback):
        def on_epoch_end(self, *arguments: Any) -> None:
            try:
                raise BrokenPipeError
            except BrokenPipeError:
                raise SystemExit(1)  # noqa: B904  as rich does

    with pytest.raises(OutputClosedError):
        tell_epoch([Printing()], 0, 1, 2, {})


def test_error_that_was_placed_is_told_with_file_line_and_key(
    amber: Callable[..., Any], tiny: str, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    members = {
        "run_directory": ("name: tiny", f"name: tiny\nrun_directory: {tmp_path}/file"),
        "search.storage": ("sampler: random", "sampler: random\n  storage: 'what://x'"),
        "model_space": (
            "  - - {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}\n    - {Layer_type: identity",
            "  - - {Layer_type: conv1d_transpose, filters: 4, kernel_size: 3, strides: 2, output_padding: 1}\n"
            "  - - {Layer_type: conv1d, kernel_size: 700",
        ),
        "data": ("model_space:", "data: {source: none.csv}\nmodel_space:"),
    }
    for key, (before, after) in members.items():
        text = tiny.replace(before, after, 1)
        if key == "model_space":
            text = re.sub(r"builder:\n(  .*\n)+", "builder: {type: sequential, flatten: true}\n", text)
        config = write_config(text)
        done = amber("search", config, *([] if key == "run_directory" else ["-d", tmp_path / "run"]))
        line = next(n for n, each in enumerate(text.splitlines(), 1) if key.rsplit(".", 1)[-1] in each)
        assert done.exit_code == 2, key
        assert f"Error: {config}, line {line}, key {key}" in done.stderr.replace("\n", " "), (key, done.stderr)


def test_option_that_stands_before_the_file_is_not_a_mistake_of_the_file(
    amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    config = write_config("run_directory: runs/first\n" + TINY)
    done = amber("search", config, "-d", tmp_path / "file")
    assert done.exit_code == 2
    assert "must be a folder" in done.stderr and config.name not in done.stderr
