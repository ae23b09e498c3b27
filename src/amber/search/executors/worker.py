"""What runs in a worker process: get ready once, then one task after another.

A worker is forgetful on purpose: all it knows is in files its parent wrote, so a fresh one can take over at any time.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amber.errors import AmberError, ExecutorError, describe_error, message_of, printable
from amber.search.executors.limits import WorkerLimits, apply_worker_settings
from amber.search.executors.reports import ReportAddress, WorkerReporter

# Of this worker process; its parent never fills it.
_loaded: dict[str, Any] = {}


def initialise(
    directory: Path, mark: Path, variables: Mapping[str, str], limits: WorkerLimits, settings: dict[str, object]
) -> None:
    """Make a fresh process a worker. What goes wrong is kept, and raised by the first task.

    Args:
        directory: holds the function (see `payload`) and data files of plug-ins.
        mark: where to say which process this is, while it works on a task.
        variables: of the environment, set before anything is loaded.
        limits: of the process.
        settings: AMBER's variables, Keras, and plug-ins; see `worker_settings`.
    """
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(variables)
    _loaded["mark"] = mark
    try:
        from amber.search.executors import payload

        apply_worker_settings(settings, directory)
        _loaded["function"] = payload.read(directory)
        limits.apply()
    except BaseException as error:
        _loaded["broken"] = f"{describe_error(error)}\n{traceback.format_exc()}"


def run(
    arguments: tuple[object, ...], options: Mapping[str, object], reports: ReportAddress | None
) -> tuple[str, object]:
    """Run one task and return ("value", value), ("error", exception) or (kind of failure, message).

    Args:
        arguments: of the function.
        options: of the function, by name.
        reports: where to report to; None: nowhere.
    """
    if reports is None:
        return _run(arguments, options)
    reporter = WorkerReporter(reports)
    try:
        return _run(arguments, {**options, "reporter": reporter})
    finally:
        reporter.close()


def _run(arguments: tuple[object, ...], options: Mapping[str, object]) -> tuple[str, object]:
    if "broken" in _loaded:
        return "error", ExecutorError(f"A worker process cannot load what it is to run: {_loaded['broken']}")
    function: Callable[..., Any] = _loaded["function"]
    mark: Path = _loaded["mark"]
    mark.write_text(str(os.getpid()), encoding="ascii")
    try:
        value = function(*arguments, **options)
        pickle.dumps(value)
        return "value", value
    except MemoryError as error:
        return "memory", printable(message_of(error)) or "the worker process is out of memory"
    except Exception as error:
        return "error", _sendable(error)
    except BaseException as error:  # SystemExit: a task may end itself, never the worker's loop
        return "crash", f"the task raised {describe_error(error)}"
    finally:
        mark.unlink(missing_ok=True)


def _sendable(error: Exception) -> Exception:
    """Return an error that can be raised in the parent, with where it came from."""
    with contextlib.suppress(Exception):
        pickle.loads(pickle.dumps(error))
        if isinstance(error, AmberError):
            return error
        error.add_note("In a worker process:\n" + traceback.format_exc())
        return error
    return ExecutorError(f"A worker process raised {describe_error(error)}\n{traceback.format_exc()}")


def _end_with_parent() -> None:
    """End this process when its parent ends, however it does: a killed search must not go on training."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
