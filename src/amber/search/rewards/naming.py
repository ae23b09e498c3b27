"""Name a user's function in the error that it raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from amber.errors import AmberError, describe_error


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Raise RuntimeError, which begins with `what`, for an error of the block.

    It is not an AmberError, which would end a search: one candidate that cannot be scored must not. What AMBER raises
    itself, and FloatingPointError of predictions that are not finite, stay as they are.
    """
    try:
        yield
    except (AmberError, FloatingPointError):
        raise
    except Exception as error:
        raise RuntimeError(f"{what} failed: {describe_error(error)}") from error
