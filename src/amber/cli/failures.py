"""From errors to exit codes: 0 success, 1 the run failed, 2 the user's mistake, 130 interrupted."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from amber.errors import AmberError, StorageError

DEBUG_VARIABLE = "AMBER_DEBUG"
RUN_FAILED, USER_MISTAKE, INTERRUPTED = 1, 2, 130

Command = TypeVar("Command", bound=Callable[..., Any])


class RunFailed(AmberError, RuntimeError):
    """The command was understood and could not be done, such as a search in which nothing could be trained."""


def reported(command: Command) -> Command:
    """Wraps a command: an error becomes one message on standard error and an exit code.

    A traceback is shown with `amber --debug` or AMBER_DEBUG=1.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            _say("Interrupted. What was finished is kept.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader went away, as `amber sample | head` does; nothing more can be said to it.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")
            raise typer.Exit(0) from None
        except AmberError as error:
            _explain(str(error))
            raise typer.Exit(exit_code(error)) from error
        except Exception as error:
            _explain(f"Unexpected {type(error).__name__}: {error}", hint=f"{DEBUG_VARIABLE}=1 shows where.")
            raise typer.Exit(RUN_FAILED) from error

    return run  # type: ignore[return-value]


def exit_code(error: AmberError) -> int:
    """Returns 1 for what went wrong in a run, 2 for a mistake in what was asked."""
    return RUN_FAILED if isinstance(error, (RunFailed, StorageError)) else USER_MISTAKE


def _explain(message: str, hint: str = "") -> None:
    if os.environ.get(DEBUG_VARIABLE, "") not in ("", "0"):
        traceback.print_exc(file=sys.stderr)
    _say(f"{message}\n{hint}" if hint else message)


def _say(message: str) -> None:
    from rich.console import Console
    from rich.text import Text

    # soft_wrap: a path or a key is never broken over lines, so that it can be searched for and copied.
    Console(stderr=True).print(Text("Error: ", style="bold red") + Text(message, style="red"), soft_wrap=True)
