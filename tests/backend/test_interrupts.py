"""Ctrl-C in real processes, at moments when Python by itself would lose it, and in programs that have their own way.

What is asserted holds on a machine of any load: signals are sent once a script has printed a line within what is
tested, and a second one once the first was heard; times that would decide are set in the script.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tests.cli.interrupting import heed_signals

import amber

SOURCE = str(Path(amber.__file__).parents[1])
pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals of POSIX systems")
# Seconds that none of these scripts needs, on whatever machine.
PATIENCE = 300
START = """
import gc, signal, sys, time
from amber.backend import interrupts
"""


def run(script: str, *pauses: float, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
    """Run a script, send the signal after each pause, and return its code, output and errors.

    The first pause begins with the script's first line, others when it has said that it stops.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", START + script],
            env={**os.environ, "PYTHONPATH": SOURCE},
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=heed_signals,
            bufsize=0,  # so that reading a line reads no more than that
        )
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            for index, pause in enumerate(pauses):
                while index and b"Stopping" not in os.pread(errors.fileno(), 10_000, 0) and process.poll() is None:
                    time.sleep(0.01)
                time.sleep(pause)
                process.send_signal(number)
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        return process.returncode, (first + output).decode(), os.pread(errors.fileno(), 10_000, 0).decode()


IN_COLLECTOR = """
def collecting(phase, info):
    end = time.monotonic() + 0.05
    while time.monotonic() < end: pass
gc.callbacks.append(collecting)
try:
    with interrupts.guarded():
        print("begun", flush=True)
        while True:
            gc.collect()
            time.sleep(0.03)
            %s
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize("look", ["interrupts.check()", "pass"])
def test_signal_in_a_callback_of_the_collector_is_not_lost(look: str) -> None:
    code, output, errors = run(IN_COLLECTOR % look, 0.5)
    assert (code, output) == (0, "begun\nheard\n"), errors
    assert "Exception ignored" not in errors
    assert "Stopping" in errors


def test_destructor_does_not_swallow_it() -> None:
    script = """
class Slow:
    def __del__(self): time.sleep(0.1)
try:
    with interrupts.guarded():
        print("begun", flush=True)
        while True:
            Slow()
            time.sleep(0.1)
except KeyboardInterrupt:
    print("heard")
"""
    code, output, errors = run(script, 0.5)
    assert (code, output) == (0, "begun\nheard\n"), errors
    assert "Exception ignored" not in errors


def test_code_that_swallows_it_gets_it_again() -> None:
    script = """
swallowed = 0
try:
    with interrupts.guarded():
        print("begun", flush=True)
        while True:
            try:
                time.sleep(0.05)
            except KeyboardInterrupt:
                swallowed += 1
                if swallowed == 2: raise
except KeyboardInterrupt:
    print("heard")
"""
    code, output, errors = run(script, 0.3)
    assert (code, output) == (0, "begun\nheard\n"), errors


def test_what_is_shielded_comes_to_its_end() -> None:
    script = """
try:
    with interrupts.guarded():
        with interrupts.shielded():
            print("begun", flush=True)
            while not interrupts.due(): time.sleep(0.01)
            end = time.monotonic() + 2.5
            while time.monotonic() < end: time.sleep(0.01)
            print("recorded")
        time.sleep(60)
except KeyboardInterrupt:
    print("heard")
"""
    code, output, errors = run(script, 0.2)
    assert (code, output) == (0, "begun\nrecorded\nheard\n"), errors


def test_second_signal_breaks_even_that_and_the_handler_is_put_back() -> None:
    script = """
try:
    with interrupts.guarded():
        with interrupts.shielded():
            print("begun", flush=True)
            while True: time.sleep(0.01)
except KeyboardInterrupt:
    print("heard", signal.getsignal(signal.SIGINT) is signal.default_int_handler, interrupts.requested())
"""
    code, output, errors = run(script, 0.2, 1.0)
    assert (code, output) == (0, "begun\nheard True False\n"), errors


def test_signal_that_came_last_is_raised_at_the_end() -> None:
    script = """
try:
    with interrupts.guarded():
        print("begun", flush=True)
        while not interrupts.requested(): time.sleep(0.01)
    print("not reached")
except KeyboardInterrupt:
    print("heard")
"""
    code, output, errors = run(script, 0.2)
    assert (code, output) == (0, "begun\nheard\n"), errors


def test_handler_of_the_program_is_respected() -> None:
    script = """
heard = []
signal.signal(signal.SIGINT, lambda number, frame: heard.append("mine"))
with interrupts.guarded():
    print("begun", flush=True)
    while not heard: time.sleep(0.01)
    interrupts.check()
print(*heard, "end", interrupts.requested(), sep="\\n")
"""
    assert run(script, 0.2)[1] == "begun\nmine\nend\nFalse\n"


def test_other_threads_and_nested_blocks_change_nothing() -> None:
    script = """
import threading
def other():
    with interrupts.guarded(): interrupts.check()
with interrupts.guarded():
    with interrupts.guarded(): pass
    thread = threading.Thread(target=other); thread.start(); thread.join()
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    assert run(script)[1] == "False\nTrue\n"


# A command that has all the time it needs to end: what it does is not what a slow machine makes of it.
COMMAND = """
interrupts._END_AFTER = 1000
interrupts.guard_command()
try:
    print("begun", flush=True)
    %s
except KeyboardInterrupt:
    interrupts.acknowledge()
    print("heard")
interrupts.leave()
"""
# Native code that lets other threads run, and hears nothing itself for longer than anybody waits.
NATIVE = 'import hashlib; hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2**31 - 1)'


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_command_ends_with_the_code_of_its_signal(number: signal.Signals, code: int) -> None:
    found, output, errors = run(COMMAND % "time.sleep(600)", 0.2, number=number)
    assert (found, output) == (code, "begun\nheard\n"), errors
    assert errors.count("Stopping") == 1


@pytest.mark.slow
def test_command_in_native_code_says_at_once_that_it_stops_and_ends_in_time() -> None:
    code, output, errors = run(COMMAND.replace("_END_AFTER = 1000", "_END_AFTER = 4") % NATIVE, 0.3)
    assert (code, output) == (130, "begun\n"), errors
    assert "Stopping" in errors


@pytest.mark.slow
def test_program_in_native_code_is_not_ended_and_hears_it_afterwards() -> None:
    script = """
import hashlib
def native(number): hashlib.pbkdf2_hmac("sha256", b"x", b"y", number)
began = time.process_time(); native(300_000); number = int(300_000 * 3 / (time.process_time() - began))
interrupts._END_AFTER = 0.5
try:
    with interrupts.guarded():
        print("begun", flush=True)
        while not interrupts.requested(): native(number)
except KeyboardInterrupt:
    print("heard")
"""
    code, output, errors = run(script, 0.3)
    assert (code, output) == (0, "begun\nheard\n"), errors


def test_command_says_that_it_stops_though_it_ends_before_any_thread_gets_its_turn() -> None:
    script = """
import os, threading
threading.Thread.start = lambda self: None
interrupts.guard_command()
try:
    print("begun", flush=True)
    while True:
        interrupts.check()
except KeyboardInterrupt:
    interrupts.acknowledge()
    interrupts.leave()
"""
    code, _, errors = run(script, 0.3)
    assert code == 130, errors
    assert errors.count("Stopping") == 1


def test_second_signal_ends_a_command_at_once() -> None:
    code, output, errors = run(COMMAND % NATIVE, 0.3, 1.0)
    assert (code, output) == (130, "begun\n"), errors


def test_same_signal_forwarded_twice_is_one() -> None:
    code, output, errors = run("interrupts._SAME = 1000\n" + COMMAND % "time.sleep(600)", 0.3, 0.02)
    assert (code, output) == (130, "begun\nheard\n"), errors


def test_forked_child_that_gets_it_too_does_not_count_as_a_second() -> None:
    script = (
        COMMAND
        % """
    import os
    child = os.fork()
    if not child:
        for _ in range(3):
            time.sleep(0.4); os.kill(os.getpid(), signal.SIGTERM) if _ == 2 else None
    os.waitpid(child, 0)
    time.sleep(2)
    print("parent", interrupts.requested())
"""
    )
    assert run(script)[1].endswith("parent False\n")


def test_first_process_of_multiprocessing_does_not_hear_it_while_it_starts(tmp_path: Path) -> None:
    script = """
import multiprocessing, signal
from amber.backend import interrupts
def show(): print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
if __name__ == "__main__":
    for _ in range(2):
        with interrupts.kept_from_children():
            process = multiprocessing.get_context("spawn").Process(target=show)
            process.start()
        process.join()
    show()
"""
    path = tmp_path / "starting.py"
    path.write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    done = subprocess.run(
        [sys.executable, path], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout == "True\nTrue\nFalse\n"


def test_children_do_not_hear_what_their_parent_hears() -> None:
    script = """
import subprocess
with interrupts.kept_from_children():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1); print('child ends', flush=True)"])
print("begun", flush=True)
child.send_signal(signal.SIGINT)
child.wait()
"""
    assert "child ends\n" in run(script)[1]


def test_signal_while_the_handler_is_put_back_is_raised_and_none_of_ours_comes_afterwards() -> None:
    script = """
restore = interrupts._State.restore
def late(state):
    if state.number is None:
        signal.raise_signal(signal.SIGINT)
    sum(range(100_000))  # time for a signal of ours
    restore(state)
interrupts._State.restore = late
interrupts._BREAK_AFTER, interrupts._TRY = 0.0, 0.001
for _ in range(20):
    try:
        with interrupts.guarded(): pass
        print("not reached")
    except KeyboardInterrupt:
        pass
    time.sleep(0.01)
print("heard", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    code, output, errors = run(script)
    assert (code, output) == (0, "heard True\n"), errors
