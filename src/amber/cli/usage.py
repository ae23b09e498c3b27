"""Mistakes on the command line: what was expected, what was received, and where the options are listed.

What may be changed here: the words. Only what Typer's errors have in every version is read of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import typer

from amber.cli.command_table import ListedCommands
from amber.cli.completion import completion_for_named_shell
from amber.cli.failures import USER_MISTAKE, explain
from amber.errors import AmberError, message_of
from amber.wording import shown

_USAGE_ERROR = cast(type[Exception], typer.BadParameter.__mro__[1])


class Commands(ListedCommands):
    """The commands, with mistakes in their words told as every other mistake is."""

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Parse the options that stand before the command."""
        with _told(None):
            return super().make_context(*arguments, **extra)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse them, after the one option that may name a shell."""
        completion_for_named_shell(args)
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def invoke(self, ctx: Any) -> Any:
        """Parse what follows and run the command."""
        with _told(ctx):
            return super().invoke(ctx)


@contextmanager
def _told(context: Any) -> Iterator[None]:
    try:
        yield
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        explain(describe_usage(error, context))
        raise typer.Exit(USER_MISTAKE) from error
    except AmberError as error:  # of the check of an argument
        explain(message_of(error))
        raise typer.Exit(USER_MISTAKE) from error


def describe_usage(error: Any, context: Any) -> str:
    """Return a usage error in words.

    Args:
        error: of Typer; its context is that of the command where it has one.
        context: of the group of commands, to name the command otherwise.
    """
    own = getattr(error, "ctx", None)
    path = own.command_path if own is not None else _path_of(context)
    return f"{_mistake(error, own, path)}\n{path} -h lists what it takes."


def _path_of(context: Any) -> str:
    if context is None:
        return "amber"
    return " ".join(each for each in (context.command_path, context.invoked_subcommand) if each)


def _mistake(error: Any, context: Any, path: str) -> str:
    kind, said = type(error).__name__, str(error.format_message())
    parameter = getattr(error, "param", None)
    if kind == "NoSuchOption":
        guessed = _guessed(getattr(error, "possibilities", None) or ())
        return f"{path}: expected {_options(context)}. Received: {error.option_name}{guessed}"
    if kind == "MissingParameter" and parameter is not None:
        help_text = getattr(parameter, "help", None)
        about = f": {help_text.rstrip('.')}" if help_text else ""
        return f"{path}: expected {_name(parameter)}{about}. Received: nothing in its place"
    if kind == "BadOptionUsage":
        wanted = "no value" if "not take a value" in said else "a value"
        return f"{error.option_name}: expected {wanted}. Received: {'one' if wanted == 'no value' else 'none'}"
    if unknown := re.match(r"No such command '(.*?)'", said):
        return f"{path}: expected one of {_commands(context)}. Received: {unknown[1]}{_guessed(_after(said, unknown))}"
    if extra := re.match(r"Got unexpected extra arguments? ?\(?s?\)? ?\((.*)\)", said):
        return f"{path}: expected {_arguments(context)}. Received: also {extra[1]}"
    if kind == "BadParameter" and parameter is not None:
        return f"{_name(parameter)}: expected {_expected(parameter, error)}. Received: {_received(error)}"
    return str(error.message).removeprefix("Invalid value: ")


def _after(said: str, match: re.Match[str]) -> Sequence[str]:
    """Return the names that a message proposes."""
    return re.findall(r"'([^']+)'", said[match.end() :])


def _guessed(names: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""


def _options(context: Any) -> str:
    parameters = [] if context is None else context.command.params
    names = [_name(each) for each in parameters if each.param_type_name == "option" and not each.hidden]
    named = [name for name in names if not name.endswith("-completion")]
    return f"one of {', '.join(named)}" if named else "no options"


def _commands(context: Any) -> str:
    return ", ".join(context.command.list_commands(context)) if context is not None else "the commands"


def _arguments(context: Any) -> str:
    parameters = [] if context is None else context.command.params
    return " and ".join(_name(each) for each in parameters if each.param_type_name == "argument") or "no more words"


def _name(parameter: Any) -> str:
    """Return an option's long name, or an argument's name in the help."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.human_readable_name).strip("[]")
    return str(max(parameter.opts, key=len))


def _expected(parameter: Any, error: Any) -> str:
    message = str(error.message)
    if choices := re.search(r"is not one of (.*?)\.?$", message):
        return f"one of {choices[1].replace(chr(39), '')}"
    # Typer has them itself, or the type of click that it is given.
    limits = [
        getattr(parameter, name, getattr(getattr(parameter, "type", None), name, None)) for name in ("min", "max")
    ]
    least, most = limits
    if least is None and most is None and "valid" not in message:
        return message.rstrip(".")
    number = "a whole number" if "int" in message or "range" in message or isinstance(least, int) else "a number"
    if least is not None and most is not None:
        return f"{number} from {least:,} to {most:,}"
    return number + ("" if least is None else f" of at least {least:,}") + ("" if most is None else f" up to {most:,}")


def _received(error: Any) -> str:
    details = getattr(error.__cause__, "errors", None)
    found = details() if callable(details) else []
    if found:
        return shown(found[0].get("input"))
    word = re.match(r"'?(.*?)'? is not ", str(error.message))
    return shown(word[1]) if word else "another value"
