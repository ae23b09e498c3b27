"""kill -9 at random moments while trials are recorded: every trial that was recorded is there, once and whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.search.stores.journaling import trial

from amber.search import RunDirectory

KILLS = 20


def test_killed_twenty_times_while_recording_nothing_is_lost(tmp_path: Path) -> None:
    run, rng, recorded = tmp_path / "run", random.Random(5), 0
    RunDirectory.create(run)
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__).parent / "journaling.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    with server:
        assert server.stdin is not None and server.stdout is not None
        for _ in range(KILLS):
            server.stdin.write(f"{run}\n")
            while not (line := server.stdout.readline()).startswith("pid "):
                recorded = max(recorded, int(line) + 1)
            child = int(line.split()[1])
            killer = threading.Thread(target=_kill, args=(child, rng.uniform(0.005, 0.15)))
            killer.start()
            while not (line := server.stdout.readline()).startswith("ended "):
                recorded = max(recorded, int(line) + 1)
            killer.join()
            assert line == f"ended {-signal.SIGKILL}\n"
            found = RunDirectory.open(run).trials()
            # One may have been recorded and not said.
            assert recorded <= len(found) <= recorded + 1
            assert found == [trial(number) for number in range(len(found))]
            recorded = len(found)
        server.stdin.close()
    assert recorded > 2 * KILLS


def _kill(process: int, seconds: float) -> None:
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
