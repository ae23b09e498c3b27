"""JSON: what a stranger may have written, read within limits; and what AMBER writes, which every reader understands.

Everything AMBER reads as JSON that somebody else may have made goes through `read_json` or `parse_json`; everything it
writes goes through `json_text`.
"""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from amber.errors import AmberError, StorageError
from amber.files import limits, read_bounded
from amber.wording import shortened

if TYPE_CHECKING:
    from amber.types import JsonValue

# What Python says -> what stands there, in words.
_RECEIVED = {
    "Expecting value": "no value",
    "Extra data": "more text after the end",
    "Expecting property name enclosed in double quotes": "no key in double quotes",
    "Expecting ',' delimiter": "no comma between two entries",
    "Expecting ':' delimiter": "no colon after a key",
    "Unterminated string starting at": "a text without its closing quote",
}


def read_json(
    path: str | os.PathLike[str],
    *,
    what: str,
    limit: int = limits.JSON_BYTES,
    error: type[AmberError] = StorageError,
    nan_is_null: bool = False,
) -> Any:
    """Return what a JSON file holds.

    Args:
        path: the file.
        what: what the file should be, for messages, such as `"the best.json of a finished search"`.
        limit: in bytes.
        error: the class to raise.
        nan_is_null: read `NaN` and `Infinity`, which are not JSON but which earlier versions wrote, as None.

    Raises:
        AmberError: (of the class `error`) the file cannot be read, is not a regular file, is too large, or does not
            hold JSON within the limits of `amber.files.limits`; names the file, and the line where there is one.
    """
    data = read_bounded(path, limit=limit, what=what, error=error)
    return parse_json(data, what=what, source=os.fspath(path), error=error, nan_is_null=nan_is_null)


def parse_json(
    text: str | bytes,
    *,
    what: str,
    source: str = "",
    error: type[AmberError] = StorageError,
    nan_is_null: bool = False,
    bits: int = 64,
) -> Any:
    """Return what a JSON text holds.

    Args:
        text: the text; bytes are UTF-8.
        what: what it should be, for messages.
        source: where it is from, for messages.
        error: the class to raise.
        nan_is_null: see `read_json`.
        bits: of whole numbers; states of random generators have more than 64.

    Raises:
        AmberError: (of the class `error`) it is not JSON, holds a repeated key, a number beyond these bits, one that
            is not finite, or half a surrogate pair, or is deeper or longer than `amber.files.limits` allows.
    """
    where = f"{source}: " if source else ""
    try:
        return _parse(text, nan_is_null, bits)
    except json.JSONDecodeError as problem:
        place = f"{source}, line {problem.lineno}, column {problem.colno}: " if source else ""
        at = "" if source else f" (line {problem.lineno}, column {problem.colno})"
        received = _RECEIVED.get(problem.msg, problem.msg)
        raise error(f"{place}expected {what}, as JSON. Received: {received}{at}") from problem
    except RecursionError:
        raise error(
            f"{where}expected {what}, as JSON of at most {limits.DEPTH} levels. Received: more levels"
        ) from None
    except ValueError as problem:
        raise error(f"{where}expected {what}, as JSON. Received: {problem}") from problem


def _parse(text: str | bytes, nan_is_null: bool, bits: int) -> object:
    if not isinstance(text, (str, bytes)):
        raise ValueError(f"a value of type {type(text).__name__}")
    if isinstance(text, bytes):
        text = _decoded(text)
    _check_count(text)
    value = json.loads(
        text,
        parse_int=functools.partial(_integer, bits=bits),
        parse_float=_number,
        parse_constant=_null if nan_is_null else _refuse_constant,
        object_pairs_hook=_without_repeats,
    )
    check_plain(value)
    return value


def check_plain(value: object) -> None:
    """Check that lists and mappings are within the limits of depth and count, and no text holds half a surrogate pair.

    Other values than those of JSON are not looked into.

    Raises:
        ValueError: says what is wrong.
    """
    level: list[Any] = [value]
    count = 0
    for _ in range(limits.DEPTH + 1):
        count += len(level)
        if count > limits.JSON_VALUES:
            raise ValueError(f"more than {limits.JSON_VALUES:,} values")
        below: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                below += each.values()
                _check_texts(key for key in each if isinstance(key, str))
            elif isinstance(each, (list, tuple)):
                below += each
        _check_texts(each for each in level if isinstance(each, str))
        if not below:
            return
        level = below
    raise ValueError(f"more than {limits.DEPTH} levels of lists and mappings")


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"text with half a surrogate pair, {ascii(text)[:80]}")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ValueError(f"byte {data[problem.start]:#04x} in line {line}, which is not UTF-8") from problem


def _check_count(text: str) -> None:
    # Each value but the first follows one of these; those within texts count too, which does no harm.
    if sum(text.count(sign) for sign in ",[{:") > limits.JSON_VALUES:
        raise ValueError(f"more than {limits.JSON_VALUES:,} values")


def _integer(digits: str, bits: int) -> int:
    if len(digits) > limits.DIGITS or not -(2 ** (bits - 1)) <= int(digits) < 2 ** (bits - 1):
        raise ValueError(f"a whole number beyond {bits} bits, {shortened(digits, 24)}")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= limits.DIGITS else math.inf
    if not math.isfinite(value):
        raise ValueError(f"a number beyond 1.8e308 or of more than {limits.DIGITS} digits, {shortened(digits, 24)}")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name}, which JSON does not have; null stands for what is not known")


def _null(name: str) -> None:
    """Read a constant as None."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {shortened(key, 80)!r} twice in one object")
            seen.add(key)
    return found


def json_text(value: object, *, indent: int | None = 2, default: Callable[[object], object] | None = None) -> str:
    """Return a value as strict JSON, ended by a line feed; what is not a finite number becomes null.

    Args:
        value: mappings, lists, tuples, text, numbers (NumPy's scalars too), True, False and None.
        indent: of each level; None writes one line.
        default: gives something JSON-ready for a value of any other type; by default such a value is refused.

    Raises:
        TypeError: a value of another type, and no `default`.
    """
    return json.dumps(_strict(value, default), indent=indent, allow_nan=False) + "\n"


def _strict(value: object, default: Callable[[object], object] | None) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(name): _strict(each, default) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(each, default) for each in value]
    if isinstance(value, str):
        # Half a surrogate pair, as a message of an exception may hold it, is not text to most readers.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    to_number = getattr(value, "item", None)
    if hasattr(value, "dtype") and getattr(value, "shape", None) == () and callable(to_number):
        return _strict(to_number(), default)
    if default is None:
        raise TypeError(f"Expected a value that JSON can hold. Received: {type(value).__name__}")
    return _strict(default(value), default)
