"""Ctrl-C (and for a command SIGTERM and SIGHUP), heard at safe places and never lost.

Python raises KeyboardInterrupt wherever the main thread happens to be. In a callback of the garbage collector (JAX has
one) or a ``__del__`` it is printed and dropped, and in the middle of noting a result it does harm. Within `guarded` a
signal only says that the end is wanted. Then, in this order:

1. `check`, called between batches and proposals, raises KeyboardInterrupt.
2. Code that does not call `check` for a second gets the KeyboardInterrupt where it is, but not in such a callback and
   not within `shielded`; again, until somebody calls `acknowledge`.
3. A command that a long call of native code keeps from hearing is ended: nothing that is recorded depends on its end.

A second signal ends a command at once, and raises KeyboardInterrupt in a program.
"""

from __future__ import annotations

import _thread
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

# Seconds after the first signal: until running code is broken off, and until a command that does not hear is ended.
_BREAK_AFTER, _END_AFTER = 1.0, 4.0
# Seconds until a command is ended that has heard, and is still busy with closing.
_CLOSE_WITHIN = 30.0
# Seconds between tries to break off, and from one that was made until it is taken for lost.
_TRY, _LOST = 0.05, 2.0
# Whoever forwards signals (make, a shell, a job scheduler) may send the same one twice.
_SAME = 0.2
_SHOW_CURSOR = b"\x1b[?25h"


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Hear Ctrl-C at safe places within the block; does nothing outside the main thread or within another `guarded`.

    A handler of SIGINT that is not Python's own is respected. KeyboardInterrupt leaves the block at the latest at its
    end, and the handler is put back.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    if _State.active is not None or not _may_handle():
        yield
        return
    state = _State.active = _State()
    state.install(signal.SIGINT)
    try:
        yield
    finally:
        _State.active, heard = None, state.acknowledged
        state.restore_for_certain()
    if state.number is not None and not heard:
        raise KeyboardInterrupt


def guard_command() -> None:
    """Hear Ctrl-C, SIGTERM and SIGHUP at safe places until this process ends; see the top of this file."""
    if _State.active is not None or not _may_handle():
        return
    state = _State.active = _State()
    state.install(signal.SIGINT)
    if hasattr(signal, "pthread_kill"):
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # under nohup SIGHUP is ignored
                state.install(number)
        state.watch_for_command()


def check() -> None:
    """Raise KeyboardInterrupt where the end is wanted and nobody has acknowledged that; costs next to nothing."""
    if _State.active is not None:
        _State.active.check()


def requested() -> bool:
    """Say whether a signal has asked for the end of what is guarded."""
    return _State.active is not None and _State.active.number is not None


def due() -> bool:
    """Say whether a signal has asked for the end, and nobody has acknowledged that."""
    return _State.active is not None and _State.active.number is not None and not _State.active.acknowledged


def is_interrupt(error: BaseException) -> bool:
    """Say whether an error is a KeyboardInterrupt that somebody asked for.

    In a command, which hears every signal itself, one without a signal was raised by somebody's layer, as an error.
    """
    state = _State.active
    of_command = state is not None and state.is_of_command
    return isinstance(error, KeyboardInterrupt) and not (of_command and not requested())


def take_late() -> bool:
    """Acknowledge a signal that is due where nothing is left to break off; returns whether there was one."""
    if not due():
        return False
    acknowledge()
    return True


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """Let a first signal end the block only, whatever error that becomes there; the next `check` raises it again."""
    try:
        yield
    except (Exception, KeyboardInterrupt):
        if not due():
            raise


def exit_code() -> int | None:
    """Return the exit code of a command that a signal ended: 130, of SIGTERM 143, of SIGHUP 129; None without one."""
    state = _State.active
    return None if state is None or state.accepted or state.number is None else 128 + state.number


def leave() -> None:
    """End a command that a signal interrupted, with its exit code; do nothing without a signal.

    All has been said and closed by then. Interpreters with several backends loaded take seconds to end by themselves.
    """
    code = exit_code()
    if code is None:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def acknowledge() -> None:
    """Say that a KeyboardInterrupt has arrived where it is handled; from here on only a second signal raises one."""
    if _State.active is not None:
        _State.active.acknowledged = True


def accept() -> None:
    """Say that the signal is what a command waits for to end: its exit code is then that of success."""
    if _State.active is not None:
        _State.active.acknowledged = _State.active.accepted = True


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Let the block, which records something, come to its end before a first signal breaks it off."""
    state = _State.active
    if state is None:
        yield
        return
    state.shields += 1
    try:
        yield
    finally:
        state.shields -= 1


@contextlib.contextmanager
def before_hard_end(action: Callable[[], None]) -> Iterator[None]:
    """Have something short done, should this command be ended within the block without leaving it."""
    state = _State.active
    if state is None:
        yield
        return
    state.last_actions.append(action)
    try:
        yield
    finally:
        state.last_actions.remove(action)


@contextlib.contextmanager
def kept_from_children() -> Iterator[None]:
    """Start processes and threads within the block that Ctrl-C in the terminal does not reach."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # Python starts it with the first process, and takes SIGINT for not blocked afterwards.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _State:
    """What is known of signals within one `guarded`.

    Attributes:
        active: that of this process; None outside of any.
        number: the signal that came first; None before.
        acknowledged: whether a KeyboardInterrupt has arrived where it is handled.
        shields: how many `shielded` are entered.
        push: held while a signal of ours is sent.
        last_actions: what is done before a command is ended that does not hear, or hears a second signal.
    """

    active: _State | None = None

    def __init__(self) -> None:
        self.number: int | None = None
        self.acknowledged = False
        self.accepted = False
        self.shields = 0
        self.last_actions: list[Callable[[], None]] = []
        self._since = 0.0
        self._raised = 0.0
        self._pushes = 0
        self._pushing = False
        self._before: dict[int, Any] = {}
        self._owner = threading.get_ident()
        self._pipe: tuple[int, int] | None = None
        self._done = threading.Event()
        self._first = threading.Lock()
        self.push = threading.Lock()

    @property
    def is_of_command(self) -> bool:
        """Whether this is that of `guard_command`, on a system where all signals are watched."""
        return self._pipe is not None

    def install(self, number: signal.Signals) -> None:
        """Handle a signal."""
        self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Put the handlers back, once no signal of ours is on its way to them."""
        self.acknowledged = True
        with self.push:
            self._done.set()
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, handler)

    def restore_for_certain(self) -> None:
        """Put the handlers back, also where a signal breaks that off; the caller raises what is due."""
        while True:
            try:
                return self.restore()
            except KeyboardInterrupt:
                self.acknowledged = True

    def check(self) -> None:
        """Raise KeyboardInterrupt where it is due."""
        if self.number is not None and not self.acknowledged and threading.get_ident() == self._owner:
            self._raised = time.monotonic()
            raise KeyboardInterrupt

    def watch_for_command(self) -> None:
        """Start a thread that hears signals also while native code keeps Python from running its handlers."""
        self._pipe = reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(reading,), name="amber-signals", daemon=True).start()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Note a signal. Python runs this in the main thread, between two of its instructions."""
        if self._pushing:
            self._pushing = False
            if not self.acknowledged and not self.shields and not _is_in_callback(frame):
                self._raised = time.monotonic()
                raise KeyboardInterrupt
        elif self.number is None:
            self._note(number)
            if self._pipe is None:
                threading.Thread(target=self._push_until_heard, name="amber-signals", daemon=True).start()
        elif self._pipe is None and time.monotonic() - self._since > _SAME:
            self.acknowledged = True
            raise KeyboardInterrupt

    def _note(self, number: int) -> None:
        """Say once that the end is wanted, and only then make it known: the process may be gone a moment later."""
        if self._first.acquire(blocking=False):
            _say("Stopping; what was finished is kept. Ctrl-C again ends at once.")
            self._since, self.number = time.monotonic(), number

    def _watch(self, reading: int) -> None:
        """Answer the first signal, and end the process at a second one."""
        answered = False
        while True:
            for number in os.read(reading, 64):
                if self._pushes:
                    self._pushes -= 1
                elif number not in self._before:
                    continue
                elif not answered:
                    answered = True
                    self._note(number)
                    threading.Thread(target=self._push_until_heard, name="amber-stopping", daemon=True).start()
                elif time.monotonic() - self._since > _SAME:
                    _end(self.number or number)

    def _push_until_heard(self) -> None:
        """Break off what runs, again and again, until the KeyboardInterrupt has arrived; end a deaf command."""
        while not self._done.wait(_TRY):
            now = time.monotonic()
            waited = now - self._since
            if self._pipe is not None and waited > (_CLOSE_WITHIN if self.acknowledged else _END_AFTER):
                _end(self.number or signal.SIGINT)
            if self.acknowledged or self._pushing or waited < _BREAK_AFTER or now - self._raised < _LOST:
                continue
            with self.push:
                if not self._done.is_set():
                    self._break_off()

    def _break_off(self) -> None:
        """Send the main thread a signal that `_handle` makes a KeyboardInterrupt of."""
        self._pushing = True
        self._pushes += self._pipe is not None
        if hasattr(signal, "pthread_kill"):
            # Unlike interrupt_main, this also ends a wait.
            signal.pthread_kill(self._owner, signal.SIGINT)
        else:
            _thread.interrupt_main()


def _may_handle() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    return in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _is_in_callback(frame: FrameType | None) -> bool:
    """Whether an exception raised here would be printed and dropped: in a destructor or a callback of the collector."""
    dropping = {getattr(each, "__code__", None) for each in gc.callbacks}
    while frame is not None:
        if frame.f_code.co_name == "__del__" or frame.f_code in dropping:
            return True
        frame = frame.f_back
    return False


def _say(line: str) -> None:
    """Write a line to the terminal, past everything that may be locked at this moment."""
    with contextlib.suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


def _end(number: int) -> NoReturn:
    for action in _State.active.last_actions if _State.active else ():
        with contextlib.suppress(Exception):
            action()
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)  # hidden by a live display
    os._exit(128 + number)


def _forget() -> None:
    """Make a forked child hear signals as any Python process, and not write to its parent's pipe."""
    state, _State.active = _State.active, None
    if state is not None:
        signal.set_wakeup_fd(-1)
        state.push = threading.Lock()  # a thread that is not there any more may have held it
        state.restore()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
