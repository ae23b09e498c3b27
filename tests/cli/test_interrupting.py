"""Ctrl-C during `amber search`, in real processes at random moments: none is lost, and nothing that was finished is."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.interrupting import LIMIT, PROGRAM, heed_signals, interrupt, settled

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")]
# Other moments each time: a moment at which it is lost is a fault wherever it is.
MOMENT = random.Random()


@pytest.mark.parity
@pytest.mark.parametrize("phase", ["search", "final"])
def test_ctrl_c_ends_a_phase(phase: str, tmp_path: Path) -> None:
    found = interrupt(phase, MOMENT.uniform(0, 4), tmp_path)
    assert found.code == 130, (found.moment, found.said)
    assert found.seconds < LIMIT, (found.moment, found.said)
    assert "Stopping" in found.said
    assert "Traceback" not in found.said and "ignored" not in found.said


@pytest.mark.parametrize("phase", ["loading", "processes", "one_shot"])
def test_ctrl_c_ends_every_phase_on_torch(phase: str, tmp_path: Path) -> None:
    found = interrupt(phase, MOMENT.uniform(0.6, 4), tmp_path)
    assert found.code == 130, (found.moment, found.said)
    assert found.seconds < LIMIT, (found.moment, found.said)
    assert "Traceback" not in found.said


def test_what_was_finished_is_kept_and_taken_up(tmp_path: Path) -> None:
    first = interrupt("search", 5.0, tmp_path)
    assert first.code == 130
    second = interrupt("search", 3.0, tmp_path, options=("--resume",))
    assert second.code == 130
    assert second.trials >= first.trials
    assert f"Taken up after {first.trials} proposals" in second.said or not first.trials


def test_termination_is_heard_in_the_same_way(tmp_path: Path) -> None:
    found = interrupt("processes", 6.0, tmp_path, number=signal.SIGTERM)
    assert found.code == 143, found.said
    assert found.seconds < LIMIT
    assert "failed" not in (tmp_path / "run" / "trials.jsonl").read_text()  # workers got the signal too


def test_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    found = interrupt("processes", 3.0, tmp_path, again=0.3)
    assert found.code == 130, found.said
    assert found.seconds < 2
    settled(tmp_path)


def test_ctrl_c_while_the_command_itself_is_imported(tmp_path: Path) -> None:
    script = (
        "import os, signal, time\n"
        "from amber.cli.entry import main\n"
        "class Slow:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT); time.sleep(3)\n"
        "import sys; sys.meta_path.insert(0, Slow()); sys.argv[1:] = ['--help']; main()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=heed_signals)
    assert done.returncode == 130 and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parity
def test_program_that_searches_gets_what_was_finished(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, bufsize=0, preexec_fn=heed_signals
    )
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    time.sleep(MOMENT.uniform(0, 4))
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert output == b"interrupted True\n"
