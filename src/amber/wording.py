"""Values in messages: short, on one line, and safe to show."""

from __future__ import annotations

import reprlib

from amber.redaction import redacted

_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxdict = _REPR.maxlist = _REPR.maxtuple = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxarray = 6
_REPR.maxstring = _REPR.maxother = 80


def shortened(text: str, length: int = 80) -> str:
    """Return text of at most `length` characters, with three dots where something was left out."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def said(error: BaseException, length: int = 400) -> str:
    """Return what an error says, on one line of at most `length` characters and without passwords."""
    return shortened(redacted(" ".join(str(error).split())), length) or type(error).__name__


def shown(value: object, length: int = 200) -> str:
    """Return the `repr` of any value, however large or deep, in at most `length` characters and without passwords."""
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"a whole number of {value.bit_length():,} bits"
    return shortened(redacted(_REPR.repr(value)), length)
