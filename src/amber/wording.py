"""Values in messages: short, on one line, and safe to show."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Collection, Mapping

from amber.redaction import redacted

# Bell, backspace, and what begins a command to a terminal.
TERMINAL_CODES = re.compile("[\x07\x08\x1b\x9b]")
_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxdict = _REPR.maxlist = _REPR.maxtuple = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxarray = 6
_REPR.maxstring = _REPR.maxother = 80
# Names that a message lists at most, how many of more, and how like the given one these are.
_MOST_LISTED, _NEAREST, _LIKE = 24, 3, 0.7
_OF_OWN = "One of your own is in a plug-in, which stands before the command: amber --plugin FILE.py ..."
# Folders of Linux, macOS and Windows at the beginning of a word, with what follows them.
_ABSOLUTE = re.compile(r"""(?:(?<=^)|(?<=[\s('"]))(?:[A-Za-z]:)?(?:[/\\][^\s/\\,;:'"()]+){2,}""")


def shortened(text: str, length: int = 80) -> str:
    """Return text of at most `length` characters, with three dots where something was left out."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def unknown_name(kind: str, name: object, names: Collection[str], spellings: Mapping[str, str] | None = None) -> str:
    """Return the message for a name that is not known: the known ones, or the nearest of many, and how to add one.

    Args:
        kind: what the names are of, such as `"operation"`.
        name: as it was given.
        names: those that are known, in lower case.
        spellings: other names, and which of the known ones they stand for.
    """
    key = name.strip().lower() if isinstance(name, str) else ""
    many = len(names) > _MOST_LISTED
    cutoff = _LIKE if many else 0.6
    known = {**(spellings or {}), **{each: each for each in names}}
    close = list(dict.fromkeys(known[each] for each in difflib.get_close_matches(key, known, _NEAREST, cutoff)))
    expected = f"expected one of {f'{len(names)} names' if many else ', '.join(sorted(names))}."
    hint = (
        " Did you mean " + " or ".join(f"'{each}'" for each in close[: _NEAREST if many else 1]) + "?" if close else ""
    )
    return f"Unknown {kind}: {expected}{hint} {_OF_OWN} Received: {shown(name)}"


def without_folders(text: str) -> str:
    """Return text in which absolute paths are the names of their files, for what is passed on to others."""
    return _ABSOLUTE.sub(lambda path: re.split(r"[/\\]", path.group())[-1], text)


def said(error: BaseException, length: int = 400) -> str:
    """Return what an error says, on one line of at most `length` characters and without passwords."""
    return shortened(redacted(" ".join(str(error).split())), length) or type(error).__name__


def shown(value: object, length: int = 200) -> str:
    """Return the `repr` of any value, however large or deep, in at most `length` characters and without passwords."""
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"a whole number of {value.bit_length():,} bits"
    return shortened(redacted(_REPR.repr(value)), length)
