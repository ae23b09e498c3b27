"""kill -9 at random moments of whole runs: search, last training, writing, and the resuming of what was finished."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from amber.experiment.run_files.finished import FinishedRun
from amber.files import complete_replacement
from amber.search import RunDirectory

KILLS = int(os.environ.get("AMBER_TEST_KILLS", "6"))


@pytest.mark.slow
def test_killed_run_loses_no_file_and_no_trial(tmp_path: Path, tiny: str) -> None:
    """Each run that comes to its end is followed by one that is longer, or trains its best in another way."""
    configurations = []
    for number in range(4):
        text = tiny.replace("trials: 2", f"trials: {2 + number // 2}").replace(
            "final:\n  epochs: 1", f"final:\n  epochs: {1 + number % 2}"
        )
        configurations.append(tmp_path / f"tiny-{number}.yaml")
        configurations[-1].write_text(text, encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__).parent / "killed_run.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert server.stdin is not None and server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    def start(configuration: Path, seconds: float | None) -> tuple[int, float]:
        began = time.monotonic()
        stdin.write(f"{run} {configuration}\n")
        process = int(stdout.readline())
        if seconds is not None:
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return int(stdout.readline()), time.monotonic() - began

    run = tmp_path / "run"
    with server:
        stdin.write(f"{tmp_path / 'first'} {configurations[0]}\n")
        assert stdout.readline() == "ready\n"
        code, whole = start(configurations[0], None)
        assert code == 0
        moments, kept, killed, ended = random.Random(11), trials(run), 0, 0
        current = 1
        while killed < KILLS:
            code, seconds = start(configurations[current % 4], moments.uniform(0, whole))
            assert code in (0, -signal.SIGKILL)
            killed += code != 0
            if code == 0:  # it came to its end first: the machine has become faster
                current, ended, whole = current + 1, ended + 1, min(whole, seconds)
            now = trials(run)
            assert now[: len(kept)] == kept and len({each[0] for each in now}) == len(now)
            kept = now
            check_whole(run)
        assert start(configurations[3], None)[0] == 0
        stdin.close()
    check_whole(run)
    assert set(json.loads((run / "best.json").read_text())["final"]["epochs"]) == {2}
    print(f"{killed} killed, {ended} had come to their end before")
    left = [path.name for path in run.iterdir() if path.name.startswith(".") and path.name != ".lock"]
    assert not left and not (run / "checkpoints").exists()


def trials(run: Path) -> list[tuple[int, tuple[int, ...], float | None]]:
    return [(each.number, each.tokens, each.score) for each in RunDirectory.open(run).trials()]


def check_whole(run: Path) -> None:
    """A run that was finished once is finished at any time, and every file is whole."""
    complete_replacement(run)  # what the next resume does first
    assert FinishedRun.of(RunDirectory.open(run)) is not None
    with zipfile.ZipFile(run / "best.keras") as archive:
        assert archive.testzip() is None
    for name in ("best.json", "test.json", "search.json"):
        json.loads((run / name).read_text("utf-8"))
    assert (run / "best.svg").read_text("utf-8").rstrip().endswith("</svg>")
    assert (run / "best.png").read_bytes().endswith(b"IEND\xaeB\x60\x82")
    assert (run / "results.txt").stat().st_size > 500
