"""Keras's errors about shapes that do not fit, in plain words."""

from __future__ import annotations

import re

from amber.errors import message_of, printable

# Keras wraps an error within `call` in a report of the call, with terminal codes in it.
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*m")
_CALL_BEFORE = re.compile(r"^Exception encountered when calling \S+\.call\(\)\.\s*")
_CALL_AFTER = "Arguments received by "
# Keras repeats what it was given as Python values; shapes and attributes are said already.
_RECEIVED = re.compile(r"\.?\s*(Received:?\s|Full shape received).*$")
_NOTHING_LEFT = "output size would be zero or negative"
_AXES = re.compile(r"expected (min_)?ndim=(\d+), found ndim=(\d+)")
_AXES_WANTED = {1: "one vector for each example", 2: "positions x channels", 3: "height x width x channels"}


def plain_words(error: Exception) -> str:
    """Return why a layer cannot take its input, in one line, without Keras's argument values and call."""
    text = _CALL_BEFORE.sub("", _TERMINAL_CODES.sub("", message_of(error)))
    text = printable(text.split(_CALL_AFTER)[0])
    if _NOTHING_LEFT in text:
        return "its input is too short and nothing would be left of it (padding: same keeps the length)"
    if "Concatenate" in text and "matching shapes" in text:
        return (
            "inputs of these shapes cannot be concatenated; flatten or pool the longer ones first, or give each input "
            "layers of its own, as builder branch does"
        )
    axes = _AXES.search(text)
    if axes:
        # Keras counts the batch.
        wanted, found = int(axes[2]) - 1, int(axes[3]) - 1
        meaning = f" ({_AXES_WANTED[wanted]})" if wanted in _AXES_WANTED else ""
        return f"it needs an input of {'at least ' if axes[1] else ''}{_axes(wanted)}{meaning}; this one has {found}"
    return _RECEIVED.sub("", text) or text


def _axes(number: int) -> str:
    return "1 axis" if number == 1 else f"{number} axes"
