"""The options of a command as the fields of one frozen value, where they are many."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def grouped(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Give a command that takes one value an argument or option for each field of the value's class.

    Typer reads names, types and defaults from the signature of a function; here they stand in a dataclass.

    Args:
        options: dataclass whose fields are annotated as Typer wants parameters annotated.
    """
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=_default(each), annotation=hints[each.name]
        )
        for each in fields(options)  # type: ignore[arg-type]
    ]

    def decorate(command: Callable[[Options], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: object) -> None:
            command(options(**given))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = dict(hints)
        return run

    return decorate


def _default(field: Field[Any]) -> object:
    return inspect.Parameter.empty if field.default is MISSING else field.default
