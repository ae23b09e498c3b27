"""How many threads: by what the user says, the networks, and what else the machine does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import amber
from amber.backend import threads
from amber.backend.threads import choose_threads


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Eight cores, a load of 2.1, and no wish of the user."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "usable_processors", lambda: 8)
    monkeypatch.setattr(threads, "load", lambda: 2.1)
    return monkeypatch


@pytest.mark.parametrize(
    ("flops", "given", "variable", "expected", "reason"),
    [
        (1e6, None, None, 1, "small networks; 8 cores, load 2.1"),
        (1e11, None, None, 6, "large networks; 8 cores, load 2.1"),
        (1e11, None, "3", 3, "OMP_NUM_THREADS"),
        (1e11, None, "4,2", 4, "OMP_NUM_THREADS"),
        (1e6, 5, "3", 5, "search.threads"),
        (1e6, None, "many", 1, "small networks; 8 cores, load 2.1"),
        (1e6, None, "0", 1, "small networks; 8 cores, load 2.1"),
    ],
)
def test_choice(
    machine: pytest.MonkeyPatch, flops: float, given: int | None, variable: str | None, expected: int, reason: str
) -> None:
    if variable is not None:
        machine.setenv("OMP_NUM_THREADS", variable)
    found = choose_threads(flops, given)
    assert (found.threads, found.reason) == (expected, reason)


def test_a_machine_with_more_work_than_cores_leaves_one(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(threads, "load", lambda: 40.0)
    assert choose_threads(1e12).threads == 1


def test_work_that_has_begun_just_now_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    statistics = tmp_path / "stat"
    statistics.write_text("cpu 1 2\nprocs_running 4\nprocs_blocked 0\n")
    assert threads._running_now(statistics) == 3
    assert threads._running_now(tmp_path / "none") == 0
    monkeypatch.setattr(os, "getloadavg", lambda: (0.2, 5.0, 5.0))
    monkeypatch.setattr(threads, "_running_now", lambda: 3)
    assert threads.load() == 3
    monkeypatch.setattr(threads, "_running_now", lambda: 0)
    assert threads.load() == 0.2


def test_system_that_does_not_say_its_load(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(threads, "load", lambda: None)
    assert choose_threads(1e12) == threads.ThreadChoice(8, "large networks; 8 cores")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu.max": "what"}, None),
        ({}, None),
    ],
)
def test_limit_of_a_container(tmp_path: Path, files: dict[str, str], expected: float | None) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert threads._group_limit(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("first", ["use", "keras"])
def test_threads_reach_the_backend(first: str) -> None:
    script = (
        "from amber.backend import select; from amber.backend.threads import use_threads; name = select()\n"
        + ("use_threads(1)\nimport keras\n" if first == "use" else "import keras\nuse_threads(1)\n")
        + "if name == 'torch':\n    import torch; print(torch.get_num_threads())\n"
        "elif name == 'tensorflow':\n    import os, tensorflow as tf\n"
        "    print(tf.config.threading.get_intra_op_parallelism_threads() or os.environ['TF_NUM_INTRAOP_THREADS'])\n"
        "else:\n    import os; print(os.environ['NPROC'])\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    environment["PYTHONPATH"] = str(Path(amber.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


# It looks once, before its first operation, how many threads it was given.
_TORCH_BEGUN = "import torch; torch.get_num_threads()"


@pytest.mark.parametrize("ask", ["use_threads(1)", "use_threads(1); limit_numba()"])
def test_compiled_loops_take_no_more_threads_and_give_none_to_others(ask: str) -> None:
    script = (
        f"{_TORCH_BEGUN}; import numba; from amber.backend.threads import limit_numba, use_threads\n"
        f"{ask}; print(numba.get_num_threads(), torch.get_num_threads())"
    )
    assert _run_with_four_threads(script) == "1 1\n"


def test_compiled_loops_that_are_loaded_later_give_no_threads_to_others() -> None:
    script = (
        f"{_TORCH_BEGUN}; from amber.backend.threads import limit_numba, use_threads\n"
        "use_threads(1); import numba; limit_numba(); print(numba.get_num_threads(), torch.get_num_threads())"
    )
    assert _run_with_four_threads(script) == "1 1\n"


def _run_with_four_threads(script: str) -> str:
    environment = {**os.environ, "NUMBA_NUM_THREADS": "4", "PYTHONPATH": str(Path(amber.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_what_was_set_here_is_not_the_user_s_wish(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(threads, "limit_threads", lambda number: None)
    machine.setattr(threads, "_set_here", {})
    machine.setattr(threads, "_wished", {})
    machine.setattr(os, "environ", {})
    threads.use_threads(1)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert choose_threads(1e12).threads == 6


def test_the_wish_of_a_user_outlives_a_configuration_that_says_otherwise(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(threads, "limit_threads", lambda number: None)
    machine.setattr(threads, "_set_here", {})
    machine.setattr(threads, "_wished", {})
    machine.setattr(os, "environ", {"OMP_NUM_THREADS": "1"})
    threads.use_threads(choose_threads(1e12, given=2).threads)
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert choose_threads(1e12).threads == 1
    threads.use_threads(1)
    assert choose_threads(1e12).reason == "OMP_NUM_THREADS"
    os.environ["OMP_NUM_THREADS"] = "3"
    assert choose_threads(1e12).threads == 3
