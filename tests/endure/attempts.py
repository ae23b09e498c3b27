"""Starts a command again and again, ends it at a random moment of a phase, and says what became of its files.

`python -m tests.endure.attempts PHASES TRIES SEED SIGNAL`, with KERAS_BACKEND set, prints one JSON line for each try.
Packages are loaded once, and commands are forked from this process before a backend has done anything.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import types
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.cli.interrupting import PROGRAM
from tests.endure.runs import PHASES, Phase, make_templates, write_configuration
from tests.search.executors.cluster import Cluster

# All that commands import, so that those that are forked have it.
import amber.cli.entry
import amber.cli.main
import amber.experiment.explaining
import amber.experiment.running
import amber.report
import amber.search.executors
import amber.search.one_shot
import amber.search.samplers  # noqa: F401

# Seconds until a phase must have begun, and until a command must have ended.
_BEGIN, _END = 1800.0, 60.0
# Seconds that processes of a command may outlive it.
_LINGER = 60.0
# A command that ends with 0 so soon after a signal, in seconds, had done all that it had to do.
_ENDING = 0.1
_STOPPED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}


def start(arguments: Sequence[str], folder: Path) -> int:
    """Fork the command `amber` in a folder, as the leader of a session, and return its process."""
    names = {"CONFIG": "c.yaml", "RUN": "run"}
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0), write_through=True)
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", 0), write_through=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # Workers import this of their driver, and that of the command is small.
        sys.modules["__main__"] = types.ModuleType("__main__")
        if arguments[0] == "program":
            exec(PROGRAM, {"__name__": "program"})
        else:
            sys.argv = ["amber", *(names.get(each, each) for each in arguments)]
            amber.cli.entry.main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(code)


def wait(process: int, seconds: float) -> int | None:
    """Return how a process ended, or None where it has not by then."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


class Attempts:
    """Tries of all phases, in a temporary folder.

    Args:
        folder: for everything.
        number: the signal.
        seed: of the moments.
        names: the phases.
    """

    def __init__(self, folder: Path, number: signal.Signals, seed: int, names: Sequence[str]) -> None:
        self.folder, self.number = folder, number
        self.random = random.Random(seed)
        if any(PHASES[name].template for name in names):
            make_templates(folder, lambda arguments, place: wait(start(arguments, place), 600))

    def attempt(self, name: str, cluster: str) -> dict[str, Any]:
        """Run one command of a phase, end it, and return what was seen; sooner in the phase where it had ended."""
        phase, spread = PHASES[name], PHASES[name].spread
        while True:
            place = Path(tempfile.mkdtemp(dir=self.folder))
            try:
                moment = self.random.uniform(0, spread)
                found = self._once(phase, moment, place, cluster)
                if found is not None:
                    return {"phase": name, "moment": round(moment, 2), **found}
            finally:
                shutil.rmtree(place, ignore_errors=True)
            spread *= 0.7

    def _once(self, phase: Phase, moment: float, place: Path, cluster: str) -> dict[str, Any] | None:
        write_configuration(place, phase.configuration(cluster))
        run = place / "run"
        if phase.template:
            shutil.copytree(self.folder / phase.template, run)
        kept = content(run)
        process = start(phase.command, place)
        if not began(phase, process, place):
            return None
        code = wait(process, moment)
        if code is not None:
            if code:
                raise RuntimeError(f"{phase}: ended with {code}: {(place / 'output.txt').read_text()[-3000:]}")
            return None
        (os.kill if self.number == signal.SIGKILL else os.killpg)(process, self.number)
        sent = time.monotonic()
        code = wait(process, _END)
        seconds = time.monotonic() - sent
        if code is None:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        orphans = left_processes(place)
        for each in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        faults = look(run, kept)
        said = (place / "output.txt").read_text(errors="replace")
        of_program = phase.command[0] == "program" and self.number != signal.SIGKILL
        expected = 0 if of_program else _STOPPED[self.number]
        if code == 0 and not of_program and seconds < _ENDING and not any(faults) and not orphans:
            return None
        right = code == expected and "Traceback" not in said and "ignored" not in said
        right &= not of_program or said.endswith("interrupted True\n")
        return {
            "code": code,
            "seconds": round(seconds, 2),
            "right": right,
            "files": faults[0],
            "trials": faults[1],
            "orphans": len(orphans),
            "said": "" if right and not any(faults) and not orphans else said[-2000:],
        }


def began(phase: Phase, process: int, place: Path) -> bool:
    """Wait until the phase has begun; False where the command ended before that was seen."""
    limit = time.monotonic() + _BEGIN
    while time.monotonic() < limit:
        is_file, is_started = phase.begins.startswith("."), (place / "output.txt").is_file()
        text = (place / "output.txt").read_text(errors="replace") if is_started else ""
        if (place / "run" / phase.begins).exists() if is_file else is_started and phase.begins in text:
            return True
        if wait(process, 0.01) is not None:
            if is_file:
                return False
            raise RuntimeError(f"{phase}: ended before it began: {text[-3000:]}")
    raise RuntimeError(f"{phase}: has not begun in {_BEGIN:g} s")


def content(run: Path) -> dict[str, Any]:
    """Return the trials of a run, and which files of a finished one it has."""
    if not run.is_dir():
        return {"trials": [], "files": []}
    return {"trials": trials(run), "files": [path.name for path in run.iterdir() if path.name.startswith("best.")]}


def trials(run: Path) -> list[tuple[int, tuple[int, ...], float | None]]:
    """Return what the journal of a run holds."""
    from amber.search import RunDirectory

    if not (run / "trials.jsonl").is_file():
        return []
    return [(each.number, each.tokens, each.score) for each in RunDirectory.open(run).trials()]


def look(run: Path, kept: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return what is wrong with the files and with the trials of a run."""
    from amber.files import complete_replacement

    files, lost = [], []
    if run.is_dir():
        with contextlib.suppress(FileNotFoundError):
            complete_replacement(run)
        files = [f"{name} is gone" for name in kept["files"] if not (run / name).is_file()]
        files += [f"{path.name}: {fault}" for path, fault in broken(run)]
    try:
        now = trials(run)
    except Exception as error:
        return files, [f"{type(error).__name__}: {error}"]
    if now[: len(kept["trials"])] != kept["trials"]:
        lost.append(f"{len(kept['trials'])} trials were {kept['trials']}, are {now}")
    if len({each[0] for each in now}) != len(now):
        lost.append("a trial is there twice")
    return files, lost


def broken(run: Path) -> Iterator[tuple[Path, str]]:
    """Find files that are not whole."""
    import h5py

    for path in run.rglob("*"):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(run).parts):
            continue
        try:
            if path.suffix == ".keras" and zipfile.ZipFile(path).testzip() is not None:
                yield path, "a damaged archive"
            elif path.suffix == ".json":
                json.loads(path.read_text("utf-8"))
            elif path.suffix == ".h5":
                h5py.File(path).close()
            elif path.suffix == ".png" and not path.read_bytes().endswith(b"IEND\xaeB\x60\x82"):
                yield path, "truncated"
            elif path.suffix == ".svg" and not path.read_text("utf-8").rstrip().endswith("</svg>"):
                yield path, "truncated"
            elif path.suffix == ".html" and not path.read_text("utf-8").rstrip().endswith("</html>"):
                yield path, "truncated"
        except Exception as error:
            yield path, f"{type(error).__name__}: {error}"


def left_processes(place: Path) -> list[int]:
    """Return the processes that work in a folder still after a while."""
    limit, found = time.monotonic() + _LINGER, [0]
    while found and time.monotonic() < limit:
        found = []
        for each in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if each.name.isdecimal() and Path(os.readlink(each / "cwd")).is_relative_to(place):
                    found.append(int(each.name))
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def cluster_for(names: Sequence[str], folder: Path) -> Iterator[str]:
    """Start a Dask scheduler and two workers where a phase needs them; gives the address."""
    if "dask" not in names:
        yield ""
        return
    (folder / "cluster").mkdir()
    made = Cluster(folder / "cluster")
    try:
        made.start_scheduler()
        made.start_worker()
        made.start_worker()
        yield made.address
    finally:
        made.close()


def main(phases: str, tries: int, seed: int, name: str) -> None:
    """Print one line for each try."""
    names = phases.split(",")
    with tempfile.TemporaryDirectory() as folder:
        attempts = Attempts(Path(folder), signal.Signals[name], seed, names)
        with cluster_for(names, Path(folder)) as cluster:
            for phase in names:
                for _ in range(tries):
                    print(json.dumps(attempts.attempt(phase, cluster)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
