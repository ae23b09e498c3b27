"""The process of a command: it hears signals from the beginning, and ends whatever somebody's code has started."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable

from amber.backend import interrupts

# Seconds that threads of others may take to end when a command has ended.
_THREADS_END_WITHIN = 10.0


def run_as_command(run: Callable[[], None]) -> None:
    """Run a command, which leaves with SystemExit, as all that this process does."""
    interrupts.guard_command()
    _show_warnings()
    try:
        run()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        threading.Thread(target=_end, args=(code,), name="amber-end", daemon=True).start()
        raise
    finally:
        interrupts.leave()


def _show_warnings() -> None:
    """Show warnings, also in worker processes, where Python was asked to make errors of them.

    A library's warning is not a reason to end a command.
    """
    if any(action == "error" for action, *_ in warnings.filters):
        warnings.simplefilter("default")
        sys.warnoptions[:] = ["default"]
        os.environ["PYTHONWARNINGS"] = "default"


def _end(code: int) -> None:
    """End this process where a thread that a layer or plug-in has started would keep it for ever."""
    time.sleep(_THREADS_END_WITHIN)
    own = (threading.main_thread(), threading.current_thread())
    names = [each.name for each in threading.enumerate() if each not in own and not each.daemon]
    if not names:
        return
    sys.stderr.write(f"Ended without threads that somebody's code has started and that go on: {', '.join(names)}\n")
    sys.stderr.flush()
    os._exit(code)
