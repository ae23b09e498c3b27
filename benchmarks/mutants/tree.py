"""A copy of the repository in which one place at a time is changed, with the processes that run tests there."""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.mutants.places import Place, changed
from benchmarks.mutants.reach import ROOT


class Tree:
    """A copy of the repository at `folder`.

    Attributes:
        unfit: whether each test that failed in a changed tree also fails in the unchanged one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unfit: dict[str, bool] = {}
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("src", "tests", "examples", "docs", "benchmarks", ".ci", ".github"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for file in ROOT.iterdir():
            if file.is_file() and file.name != ".git":
                shutil.copy(file, folder / file.name)
        # Compiled once; a changed file is compiled whenever it is read, as nothing is written afterwards.
        compileall.compile_dir(folder / "src", quiet=2)
        # Both start before anything is changed.
        self._servers = {option: self._server(option) for option in ("", "--loaded")}
        self._place: tuple[str, Place] | None = None

    @contextmanager
    def change(self, file: str, place: Place) -> Iterator[None]:
        """Change one place for as long as the context lasts."""
        path = self.folder / file
        source = path.read_text(encoding="utf-8")
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        path.write_text(changed(source, place), encoding="utf-8")
        self._place = (file, place)
        try:
            yield
        finally:
            self._place = None
            path.write_text(source, encoding="utf-8")

    def run(self, tests: list[str], seconds: float, files: list[str] | None = None) -> dict[str, str]:
        """Run tests until one fails; return `outcome` (`lives`, `noticed`, `slow`, `no tests`) and that `test`.

        Args:
            tests: names of tests, in order; all tests of `files` where there are none.
            seconds: of computing that they may take.
            files: where the tests are; by default the files in their names.
        """
        files = files or sorted({test.split("::")[0] for test in tests})
        job: dict[str, object] = {"files": files, "tests": tests, "seconds": seconds}
        if self._place is None or not self._place[1].function:
            return self._ask("", job)
        file, place = self._place
        source = (self.folder / file).read_text(encoding="utf-8")
        answer = self._ask("--loaded", job | {"file": file, "source": source, "function": place.function})
        return self._ask("", job) if answer["outcome"] == "not patched" else answer

    def _server(self, option: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.mutants.forking", *option.split()],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the process that runs tests did not start")
        return process

    def _ask(self, option: str, job: dict[str, object]) -> dict[str, str]:
        stdin, stdout = self._servers[option].stdin, self._servers[option].stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process that runs tests has no pipes")
        stdin.write(json.dumps(job) + "\n")
        stdin.flush()
        answer: dict[str, str] = json.loads(stdout.readline())
        return answer

    def fails_anyway(self, test: str, seconds: float) -> bool:
        """Return whether a test fails in the unchanged copy too."""
        if test not in self.unfit:
            files = [test.split("::")[0]] if "::" in test else []
            self.unfit[test] = bool(files) and self.run([test], seconds, files)["outcome"] != "lives"
        return self.unfit[test]

    def close(self) -> None:
        """End the processes."""
        for process in self._servers.values():
            if process.stdin is not None:
                process.stdin.close()
            process.wait()
