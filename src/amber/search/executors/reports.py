"""What a task tells of itself while it runs, and the way there from a worker process.

A training reports its metrics after every epoch and learns whether to stop. Who decides that (Optuna's study, its
pruner, listeners) is in the process that searches. Each executor has its own way: a call, a socket of this machine
(here), or messages over a Dask scheduler.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# How long a task waits for an answer before it goes on without, seconds.
ANSWER_LIMIT = 30.0
# A report is a few numbers; longer lines are nobody's, bytes.
_LONGEST = 2**20
# Paths of sockets are at most about so long, bytes.
_LONGEST_PATH = 100


class Reporter(Protocol):
    """What a task reports to: in the process that searches, or on a worker as its representative.

    Attributes:
        may_stop: whether the answer matters, so that it is waited for.
    """

    @property
    def may_stop(self) -> bool:
        """Whether the answer matters."""

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        """Report a step and return whether to stop.

        Args:
            step: the epoch, from 1.
            metrics: by name.
            earlier: whether the step was trained before a checkpoint, so that nothing can be stopped.
        """


@dataclass(frozen=True)
class ReportAddress:
    """Where a task in a worker process reports to; sent with the task.

    Attributes:
        place: the path of a socket, or host and port.
        secret: what a connection begins with.
        task: which task, as no other is called.
        may_stop: whether the answer is waited for.
    """

    place: str | tuple[str, int]
    secret: str
    task: str
    may_stop: bool


@dataclass(frozen=True)
class Received:
    """A report that has arrived, with the way back.

    Attributes:
        task: which task it is of.
        step: the epoch, from 1.
        metrics: by name.
        earlier: as `Reporter.report` has it.
        answer: tells whether to stop; does nothing where the worker is gone, or does not wait.
    """

    task: str
    step: int
    metrics: Mapping[str, float]
    earlier: bool
    answer: Callable[[bool], None]


class ReportServer:
    """Receives the reports of worker processes, one thread for each; a worker may die at any point of it.

    Args:
        folder: only this user may enter it; the socket lies there where its path is short enough.
        receive: is given each report, in some thread.

    Raises:
        OSError: no socket can be opened.
    """

    def __init__(self, folder: Path, receive: Callable[[Received], None]) -> None:
        self._receive = receive
        self._secret = secrets.token_hex(16)
        self._closed = False
        path = str(folder / "reports")
        if hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= _LONGEST_PATH:
            self._place: str | tuple[str, int] = path
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(path)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.bind(("127.0.0.1", 0))
            self._place = self._socket.getsockname()
        self._socket.listen(128)
        threading.Thread(target=self._accept, name="amber-reports", daemon=True).start()

    def address(self, task: str, may_stop: bool) -> ReportAddress:
        """Return where a task reports to."""
        return ReportAddress(self._place, self._secret, task, may_stop)

    def close(self) -> None:
        """Accept no more; connections end with their workers."""
        self._closed = True
        with contextlib.suppress(OSError):
            _connect(self._place).close()  # wakes the thread that waits for one
        self._socket.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="amber-reports", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            if not hmac.compare_digest(lines.readline(100).strip(), self._secret.encode("ascii")):
                return
            while True:
                line = lines.readline(_LONGEST)
                if not line.endswith(b"\n"):
                    return  # its worker is gone
                task, step, metrics, earlier, waits = json.loads(line)
                answer = _answering(connection) if waits else _no_answer
                self._receive(Received(task, step, metrics, earlier, answer))


class WorkerReporter:
    """Reports from a worker process; where nobody answers the task goes on.

    Args:
        address: where to.
        limit: seconds to wait for each answer.
    """

    def __init__(self, address: ReportAddress, limit: float = ANSWER_LIMIT) -> None:
        self._address, self._limit = address, limit
        self._socket: socket.socket | None = None

    @property
    def may_stop(self) -> bool:
        """Whether an answer is waited for."""
        return self._address.may_stop

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        """Send a step to the process that searches, and return what it answers."""
        waits = self.may_stop and not earlier
        line = json.dumps([self._address.task, step, dict(metrics), earlier, waits]) + "\n"
        try:
            if self._socket is None:
                self._socket = _connect(self._address.place, self._limit)
                self._socket.sendall(f"{self._address.secret}\n".encode("ascii"))
            self._socket.sendall(line.encode("utf-8"))
            if not waits:
                return False
            answer = self._socket.recv(1)
        except OSError:
            answer = b""
        if not answer:
            # What is answered too late goes to a connection that is no more.
            self._drop()
        return answer == b"1"

    def close(self) -> None:
        """End the connection, once all that was sent has arrived: a task ends after its last report."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
                while self._socket.recv(64):
                    pass
            self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _connect(place: str | tuple[str, int], limit: float = 1.0) -> socket.socket:
    family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(limit)
        made.connect(place)
    except BaseException:
        made.close()
        raise
    return made


def _answering(connection: socket.socket) -> Callable[[bool], None]:
    def answer(stop: bool) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"1" if stop else b"0")

    return answer


def _no_answer(stop: bool) -> None:
    """Answer nobody."""
