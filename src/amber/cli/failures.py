"""From errors to exit codes.

0 success, 1 the run failed, 2 the user's mistake, 130 interrupted (143 by SIGTERM, 129 by SIGHUP), 141 a search whose
output nobody reads any more.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import typer

from amber.backend import interrupts
from amber.cli.hidden import without_secrets
from amber.cli.loading import announce_loading
from amber.errors import (
    AmberError,
    RunFailed,
    describe_error,
    is_output_closed,
    message_of,
    printable,
)

DEBUG_VARIABLE = "AMBER_DEBUG"
RUN_FAILED, USER_MISTAKE, INTERRUPTED, READER_GONE = 1, 2, 130, 141
# Commands that have work left when the reader of their output goes: what is finished is kept, --resume goes on.
_LONG = ("search", "compare")
_OF_DATABASES = ("sqlalchemy", "optuna", "psycopg")
# What the system says of paths that were named wrongly.
_OF_PATHS = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EINVAL,
    }
)

Command = TypeVar("Command", bound=Callable[..., Any])


def reported(command: Command) -> Command:
    """Wrap a command: an error becomes one message on standard error and an exit code.

    A traceback is shown with `amber --debug` or AMBER_DEBUG=1. What loads is said on standard error, but not with
    `--quiet`.
    """

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> object:
        try:
            if not options.get("quiet"):
                announce_loading(sys.stderr)
            return command(*arguments, **options)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            interrupts.acknowledge()
            _say("Interrupted. What was finished is kept.")
            raise typer.Exit(interrupts.exit_code() or INTERRUPTED) from None
        except BaseException as error:
            raise _ended(error, command.__name__, options.values()) from error

    return run  # type: ignore[return-value]


def _ended(error: BaseException, name: str, options: Iterable[object]) -> typer.Exit:
    """Say what went wrong in the command of a name, and return how it ends."""
    if is_output_closed(error):
        # The reader went away, as `amber sample | head` does; nothing more can be said to it.
        _print_no_more()
        return typer.Exit(READER_GONE if name in _LONG else 0)
    if isinstance(error, AmberError):
        from amber.experiment.run_files.plugins import with_missing

        explain(_with_place(with_missing(error, [each for each in options if isinstance(each, Path)])))
    elif isinstance(error, OSError):
        explain(_of_file(error))
    else:  # also SystemExit, which a layer or plug-in may raise
        explain(f"Unexpected {describe_error(error)}", hint=f"{DEBUG_VARIABLE}=1 shows where.")
        return typer.Exit(RUN_FAILED)
    return typer.Exit(exit_code(error))


def _print_no_more() -> None:
    """Send what is still printed nowhere: also what the interpreter flushes when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
            continue
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def exit_code(error: BaseException) -> int:
    """Return 1 for what went wrong in a run, 2 for a mistake in what was asked.

    A file that is not there or may not be read or written is a mistake in what was asked; a disk that is full, or a
    database that does not answer, is not.
    """
    if isinstance(error, RunFailed):
        return RUN_FAILED
    causes = list(_causes(error))
    out_of_reach = any(type(each).__module__.partition(".")[0] in _OF_DATABASES for each in causes)
    errors = [each.errno for each in causes if isinstance(each, OSError) and each.errno is not None]
    failed = isinstance(error, OSError) and (out_of_reach or any(number not in _OF_PATHS for number in errors))
    return RUN_FAILED if failed else USER_MISTAKE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _of_file(error: OSError) -> str:
    """Return what the system says of a file, with its name."""
    if error.filename is None:
        return f"Unexpected {describe_error(error)}"
    return f"{printable(os.fsdecode(error.filename))}: {error.strerror or type(error).__name__}"


def _with_place(error: AmberError) -> str:
    """Return the message of an error, after file, line and key where it does not name the file itself."""
    message = message_of(error)
    if not error.file or error.file in message:
        return message
    from amber.files.bounded_yaml import dotted

    line = "" if error.line is None else f", line {error.line}"
    key = f", key {dotted(error.field)}" if error.field else ""
    return f"{printable(error.file)}{line}{key}: {message}"


def explain(message: str, hint: str = "") -> None:
    """Say what went wrong on standard error, with a hint on a line of its own; the traceback where it is asked for."""
    if os.environ.get(DEBUG_VARIABLE, "") not in ("", "0"):
        sys.stderr.write(without_secrets(traceback.format_exc()))
    _say(without_secrets(f"{message}\n{hint}" if hint else message))


def _say(message: str) -> None:
    from rich.console import Console
    from rich.text import Text

    label = Text("" if message.startswith("Interrupted") else "Error: ", style="bold red")
    shown = "\n".join(_shown(line) for line in message.splitlines())
    # soft_wrap: a path or a key is never broken over lines, so that it can be searched for and copied.
    Console(stderr=True).print(label + Text(shown, style="red"), soft_wrap=True)


def _shown(line: str) -> str:
    """Return a line in which whatever a terminal would obey, or cannot show, is escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
