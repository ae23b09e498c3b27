"""Ctrl-C during `amber search`, in real processes at random moments: none is lost, and nothing that was finished is.

That it ends within seconds is a figure (`make test-endure`): here it must end at all, whatever else the machine does.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.interrupting import PROGRAM, heed_signals, interrupt, settled

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")]
# Other moments each time: a moment at which it is lost is a fault wherever it is.
MOMENT = random.Random()


@pytest.mark.parity
@pytest.mark.parametrize("phase", ["search", "final"])
def test_ctrl_c_ends_a_phase(phase: str, tmp_path: Path) -> None:
    found = interrupt(phase, MOMENT.uniform(0, 4), tmp_path)
    assert found.code == 130, (found.moment, found.said)
    assert "Stopping" in found.said
    assert "Traceback" not in found.said and "ignored" not in found.said


@pytest.mark.parametrize("phase", ["loading", "processes", "one_shot"])
def test_ctrl_c_ends_every_phase_on_torch(phase: str, tmp_path: Path) -> None:
    found = interrupt(phase, MOMENT.uniform(0, 4), tmp_path)
    assert found.code == 130, (found.moment, found.said)
    assert "Traceback" not in found.said


def test_what_was_finished_is_kept_and_taken_up(tmp_path: Path) -> None:
    first = interrupt("search", 5.0, tmp_path)
    assert first.code == 130
    taken_up = f"Taken up after {first.trials} proposals" if first.trials else "Search of"
    second = interrupt("search", 3.0, tmp_path, begins=taken_up, options=("--resume",))
    assert second.code == 130
    assert second.trials >= first.trials


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_termination_and_hanging_up_are_heard_in_the_same_way(number: int, code: int, tmp_path: Path) -> None:
    found = interrupt("processes", 6.0, tmp_path, number=number)
    assert found.code == code, found.said
    assert "failed" not in (tmp_path / "run" / "trials.jsonl").read_text()  # workers got the signal too


def test_second_ctrl_c_leaves_a_journal_that_can_be_read(tmp_path: Path) -> None:
    found = interrupt("processes", 3.0, tmp_path, again=0.3)
    assert found.code == 130, found.said
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
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, preexec_fn=heed_signals)
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
        output, _ = process.communicate(timeout=600)
    finally:
        process.kill()
    assert output == b"interrupted True\n"
