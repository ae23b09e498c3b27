"""The live display as a person meets it: in a terminal of 80 columns, and in a log file."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import termios
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console
from tests.new_process import warm

from amber.search.pace import Pace
from amber.search.progress import SearchProgress
from amber.search.result import SearchResult
from amber.search.trial import Trial

LOADED = ("amber.search.progress", "amber.search.result", "amber.search.trial")
SCRIPT = """
import os, sys
if sys.argv[1:]:
    terminal = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    os.dup2(terminal, 1), os.dup2(terminal, 2)
    for name in ("COLUMNS", "NO_COLOR", "CI"):
        os.environ.pop(name, None)
from amber.search.progress import SearchProgress
from amber.search.result import SearchResult, rank
from amber.search.result import SearchResult
from amber.search.trial import Trial
shown = SearchProgress()
shown.on_search_begin(12, "val_accuracy", "maximize")
trials, tokens = [], (3, 0, 1) * 10
for number in range(6):
    shown.on_trial_begin(number, tokens)
    shown.on_epoch_end(number, 3, 8, {"val_accuracy": 0.5})
    failed = number == 2
    error = "ValueError: [bold]a reason[/bold] " + "that is long " * 20 if failed else None
    status, score = ("failed", None) if failed else ("complete", number / 10)
    trial = Trial(number, tokens, str(number), status, score, error=error)
    trials.append(trial)
    shown.on_trial_end(trial)
shown.on_trial_end(Trial(6, tokens, "0", "duplicate", 0.1))
shown.on_search_end(SearchResult(tuple(rank(trials, "maximize")), "val_accuracy", "maximize", 0, "interrupted"))
"""


def in_terminal(columns: int) -> str:
    """Runs the script in a pseudo terminal and returns all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(warm(*LOADED).run, SCRIPT, ["-c", os.ttyname(theirs)], None, {"TERM": "xterm-256color"})
        written = b""
        while not running.done() or select.select([ours], [], [], 0)[0]:
            if select.select([ours], [], [], 0.05)[0]:
                written += os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert running.result().returncode == 0, running.result()
    return written.decode("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 50])
def test_terminal_shows_all_that_matters_on_whole_lines(columns: int) -> None:
    written = in_terminal(columns)
    assert "\x1b[" in written
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "")
    last = plain[plain.rindex("Search") :].rstrip("\n").split("\n")
    assert all(len(line) <= columns for line in last)
    text = "\n".join(last)
    assert "val_accuracy 0.5000" in text and "trial 5" in text
    assert "1, last trial 2: ValueError" in text and "1 duplicate" in text and "interrupted" in text
    # What is too long for its line is cut.
    assert [line.split()[0] for line in last[-5:]] == ["best", "now", "failed", "time", "skipped"]
    if columns == 80:
        assert [line.split()[0] for line in last] == ["Search", "best", "now", "failed", "time", "skipped"]
        assert re.search(r"6/12 trained .* (a minute|an hour), about [0-9:]+ left", text)


def test_log_has_one_plain_line_for_each_trial() -> None:
    done = warm(*LOADED).run(SCRIPT, ["-c"])
    assert done.returncode == 0 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 9 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr)
    assert lines[1].startswith("[1/12] trial 0 complete  val_accuracy 0.0000")
    assert "[bold]a reason[/bold]" in lines[3] and "left" in lines[3]
    assert lines[-1].endswith("best val_accuracy 0.5000 (trial 5), 1 failed")


@pytest.mark.parametrize("more", [0, 1, 40])
def test_many_in_a_row_that_are_not_trained_are_counted(more: int) -> None:
    log = io.StringIO()
    shown = SearchProgress(Console(file=log, width=40))
    shown.on_search_begin(9, "val_loss", "minimize")
    skipped = [Trial(n, (n,), "", "invalid", error=f"no network {n}") for n in range(3 + more)]
    for trial in [*skipped, Trial(80, (1,), "f", "complete", score=0.5), *(skipped[0] for _ in range(5))]:
        shown.on_trial_end(trial)
    shown.on_search_end(SearchResult((), "val_loss", "minimize", 0))
    lines = log.getvalue().splitlines()
    assert [line.split()[2] for line in lines[1:4]] == ["0", "1", "2"]
    said = {
        0: "",
        1: "1 more proposal was not trained; it was trial 3, invalid",
        40: "40 more proposals were not trained",
    }
    rest = lines[5:] if more else lines[4:]
    assert not more or (lines[4].startswith(said[more]) and f"no network {2 + more}" in lines[4])
    assert "trial 80 complete" in rest[0] and rest[4].startswith("2 more proposals") and len(rest) == 6


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ([], "Taken up after 0 proposals, 0 trained"),
        ([Trial(0, (0,), "a", "failed", error="x")], "Taken up after 1 proposals, 1 trained"),
        (
            [
                Trial(0, (0,), "a", "complete", 0.25),
                Trial(1, (1,), "b", "complete", 0.5),
                Trial(2, (1,), "b", "duplicate"),
            ],
            "Taken up after 3 proposals, 2 trained, best val_loss 0.2500",
        ),
    ],
)
def test_a_search_that_is_taken_up_says_from_where(trials: list[Trial], said: str) -> None:
    log = io.StringIO()
    shown = SearchProgress(Console(file=log, width=40))
    shown.on_search_begin(9, "val_loss", "minimize")
    shown.on_resume(trials)
    assert log.getvalue().splitlines() == ["Search of 9 architectures for the lowest val_loss", said]


def test_rungs_are_named_as_such() -> None:
    log = io.StringIO()
    shown = SearchProgress(Console(file=log, width=200))
    for rung, epochs in ((1, 1), (2, 3)):
        shown.on_rung_begin(rung, 2, epochs)
        shown.on_search_begin(6 // rung, "val_loss", "minimize")
        shown.on_search_end(SearchResult((), "val_loss", "minimize", 0, "finished"))
    first, ended, second, _ = log.getvalue().splitlines()
    assert first == "Rung 1 of 2: 6 architectures, 1 epoch each for the lowest val_loss"
    assert ended.startswith("Rung 1 of 2 finished after")
    assert second == "Rung 2 of 2: 3 architectures, 3 epochs each for the lowest val_loss"
    terminal = io.StringIO()
    live = SearchProgress(Console(file=terminal, width=100, force_terminal=True))
    live.on_rung_begin(2, 3, 4)
    live.on_search_begin(2, "val_loss", "minimize")
    live.on_search_end(SearchResult((), "val_loss", "minimize", 0, "finished"))
    assert "Rung 2 of 3, 4 epochs each" in terminal.getvalue()


def test_time_left_is_not_that_of_a_reference_network(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("amber.search.progress.Pace", lambda **given: Pace(lambda: clock[0], **given))
    log = io.StringIO()
    shown = SearchProgress(Console(file=log, width=200))
    shown.on_search_begin(12, "val_loss", "minimize")
    reference = Trial(0, (), "a", "complete", 0.6, reference="deepbind")
    for trial, seconds in ((reference, 8.0), (Trial(1, (0,), "b", "complete", 0.4), 20.0)):
        shown.on_trial_begin(trial.number, trial.tokens)
        clock[0] += seconds
        shown.on_trial_end(trial)
    assert "about 3:20 left" in log.getvalue().splitlines()[-1]
