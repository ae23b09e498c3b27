"""Run chosen tests in a fork of a process that has already loaded the libraries: a run costs no start-up of seconds.

`python -m benchmarks.mutants.forking` reads one job a line from its input and answers each with one line, both JSON.
It loads nothing of AMBER before it forks, so a job sees the files as they are then. With `--loaded` it loads AMBER too,
and a fork gives the changed function its changed code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

LIBRARIES = (
    *("numpy", "torch", "keras", "scipy.stats", "sklearn.linear_model", "sklearn.metrics", "optuna", "h5py"),
    *("pydantic", "yaml", "hypothesis", "sqlalchemy", "cloudpickle", "pebble", "filelock", "typer"),
)
PACKAGES = ("architect", "data", "evaluation", "graph", "modeler", "search", "supernet", "training")
# The answer of a fork that cannot change a loaded function.
NOT_PATCHED = 77
# A change may ask for any amount of memory.
MOST_BYTES = 8 << 30


class Chosen:
    """A pytest plug-in that runs the chosen tests, in the order given, and notes which failed."""

    def __init__(self, tests: list[str], answer: Path) -> None:
        self.order = {test: number for number, test in enumerate(tests)}
        self.answer = answer

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen tests; all where none is chosen by name."""
        if self.order:
            items[:] = sorted(
                (item for item in items if item.nodeid in self.order), key=lambda item: self.order[item.nodeid]
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            self.answer.write_text(report.nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that a file of tests cannot be imported."""
        if report.failed:
            self.answer.write_text(report.nodeid, encoding="utf-8")


def patch(file: str, source: str, function: str) -> bool:
    """Give a loaded function or method the code that it has in `source`; False where that cannot be done.

    Args:
        file: of its module.
        source: of the whole module, changed.
        function: qualified name of the outermost function around the change.
    """
    codes = [code for code in _codes(compile(source, file, "exec", dont_inherit=True)) if code.co_qualname == function]
    path = os.path.abspath(file)
    own = [each for each in gc.get_objects() if isinstance(each, FunctionType) and each.__code__.co_filename == path]
    live = [each for each in own if each.__code__.co_qualname == function]
    # What a function made before, such as a rule of a table, keeps its old code.
    made = any(each.__code__.co_qualname.startswith(f"{function}.<locals>.") for each in own)
    if made or len(codes) != 1 or len({each.__code__ for each in live}) != 1:
        return False
    if any(each.__code__.co_freevars != codes[0].co_freevars for each in live):
        return False
    for each in live:
        each.__code__ = codes[0]
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _load_all() -> None:
    """Import every module of the packages that are changed."""
    for package in PACKAGES:
        module = importlib.import_module(f"amber.{package}")
        for found in pkgutil.walk_packages(module.__path__, f"amber.{package}."):
            try:
                importlib.import_module(found.name)
            except ImportError:  # of an extra, or of a backend that is not used here
                continue


def _fork(job: Mapping[str, Any], answer: Path) -> int:
    """Return the process that runs tests and exits with pytest's code."""
    seconds = job["seconds"]
    process = os.fork()
    if process:
        return process
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    # Seconds of computing, which others on the machine do not lengthen.
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    nowhere = os.open(answer.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    code = 3
    try:
        if "function" in job and not patch(job["file"], job["source"], job["function"]):
            os._exit(NOT_PATCHED)
        options = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--tb=short"]
        code = int(pytest.main([*options, *job["files"]], plugins=[Chosen(job["tests"], answer)]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def _wait(process: int, seconds: float) -> int | None:
    """Return the exit code (negative for a signal), or None after killing a process that took too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def answer_to(job: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Run one job: `files` and `tests` in them within `seconds`; return `outcome` and the first `test` that failed.

    Where the job names a `function` of a `file` with its changed `source`, it is changed first.
    """
    answer = folder / "failed"
    answer.unlink(missing_ok=True)
    code = _wait(_fork(job, answer), 4 * job["seconds"])
    failed = answer.read_text(encoding="utf-8") if answer.exists() else ""
    if code is None or -code in (signal.SIGXCPU, signal.SIGKILL):
        return {"outcome": "slow", "test": failed}
    if code == NOT_PATCHED:
        return {"outcome": "not patched", "test": ""}
    if code == pytest.ExitCode.OK:
        return {"outcome": "lives", "test": ""}
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and not failed:
        return {"outcome": "no tests", "test": ""}
    return {"outcome": "noticed", "test": failed or f"exit code {code}"}


def main() -> None:
    """Load the libraries, then answer jobs until the input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    if "--loaded" in sys.argv:
        _load_all()
    answers = os.fdopen(os.dup(1), "w")
    print("ready", file=answers, flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for line in sys.stdin:
            print(json.dumps(answer_to(json.loads(line), Path(temporary))), file=answers, flush=True)


if __name__ == "__main__":
    main()
