"""What a scalar of YAML means: text, a number, True, False or nothing."""

from __future__ import annotations

import math
import re

from amber.files import limits
from amber.wording import shortened

_NOTHING = {"", "~", "null", "Null", "NULL"}
# YAML 1.1, as everywhere in Python: yes, no, on and off are True and False too.
_TRUE = {word for name in ("yes", "true", "on") for word in (name, name.capitalize(), name.upper())}
_FALSE = {word for name in ("no", "false", "off") for word in (name, name.capitalize(), name.upper())}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_OTHER_BASE = re.compile(r"[-+]?0([bB][01_]+|[oO][0-7_]+|[xX][0-9a-fA-F_]+)")
_PADDED = re.compile(r"[-+]?0[0-9_]+")
_NUMBER = re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def scalar_value(written: str, plain: bool) -> str | int | float | bool | None:
    """Return the value of a scalar.

    Args:
        written: the text, without quotes.
        plain: whether it stood there without quotes. Dates and times stay text.

    Raises:
        ValueError: a number beyond 64 bits, of more digits than `amber.files.limits` allows, that is not finite,
            or that begins with zeros. Says what was expected and received.
    """
    if not plain:
        return written
    if written in _NOTHING:
        return None
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    # Most scalars begin with a letter, and those are text.
    return _number(written) if written[0] in "0123456789.-+" else written


def _number(written: str) -> str | int | float:
    whole = _WHOLE.fullmatch(written) or _OTHER_BASE.fullmatch(written)
    if whole or _NUMBER.fullmatch(written):
        _check_digits(written)
    if whole:
        return _within_64_bits(int(written.replace("_", ""), 0), written)
    if _PADDED.fullmatch(written):
        raise ValueError(
            f"expected a number without zeros before it, or text in quotes, '{shortened(written, 24)}'. "
            f"Received: {shortened(written, 24)}"
        )
    if _NOT_FINITE.fullmatch(written):
        raise ValueError(f"expected a finite number, or text in quotes, '{written}'. Received: {written}")
    if not _NUMBER.fullmatch(written):
        return written
    value = float(written.replace("_", ""))
    if not math.isfinite(value):
        raise ValueError(f"expected a number of at most 1.8e308. Received: {shortened(written, 24)}")
    return value


def _check_digits(written: str) -> None:
    if len(written) > limits.DIGITS:
        raise ValueError(
            f"expected a number of at most {limits.DIGITS} digits. "
            f"Received: {shortened(written, 24)}, {len(written):,} digits"
        )


def _within_64_bits(value: int, written: str) -> int:
    if not limits.SMALLEST_INTEGER <= value <= limits.LARGEST_INTEGER:
        raise ValueError(
            f"expected a whole number of at most 64 bits, {limits.SMALLEST_INTEGER} to {limits.LARGEST_INTEGER}. "
            f"Received: {shortened(written, 24)}"
        )
    return value
