"""Mark what is deprecated: since which version, until which version it works, and what replaces it.

Python shows a `FutureWarning` once for each line that uses the old name. The line is the caller's.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, cast

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def warn_deprecated(what: str, instead: str, *, since: str, removed_in: str, stacklevel: int = 2) -> None:
    """Warn that something is deprecated.

    Args:
        what: the old name, as users write it.
        instead: what to write instead.
        since: first version that warns.
        removed_in: first version without it.
        stacklevel: 1 is the line that calls this function, 2 (the default) the line that calls its caller.
    """
    message = f"{what} is deprecated since AMBER {since} and will be removed in {removed_in}. Use {instead}."
    warnings.warn(message, FutureWarning, stacklevel=stacklevel + 1)


def deprecated(
    instead: str, *, since: str, removed_in: str
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Make a function warn, each time it is called, that it is deprecated.

    Args:
        instead: what to call instead.
        since: first version that warns.
        removed_in: first version without it.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(function)
        def warning(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            warn_deprecated(f"{function.__qualname__}()", instead, since=since, removed_in=removed_in)
            return function(*args, **kwargs)

        return warning

    return decorate


def deprecated_arguments(
    former: Iterable[str], translate: Callable[[dict[str, Any]], str], *, since: str, removed_in: str
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a function accept keyword arguments that it had in an earlier version.

    Args:
        former: names of the arguments that it no longer has.
        translate: replaces those arguments, in the dictionary of all arguments by name, by what the function takes
            now; returns what to write instead. Called only where at least one of them is given.
        since: first version that warns.
        removed_in: first version without them.
    """
    names = tuple(former)

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(function)
        def accepting(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            given = [name for name in names if name in kwargs]
            if given:
                what = f"{function.__qualname__}({', '.join(f'{name}=' for name in given)})"
                others = {name: value for name, value in kwargs.items() if name not in given}
                # Given by place, an argument may be one that the former ones now belong to.
                by_name = {**inspect.signature(function).bind_partial(*args, **others).arguments, **kwargs}
                instead = translate(by_name)
                warn_deprecated(what, instead, since=since, removed_in=removed_in)
                return cast(Callable[..., Result], function)(**by_name)
            return function(*args, **kwargs)

        return accepting

    return decorate
