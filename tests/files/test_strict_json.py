"""JSON of a stranger: within limits, or refused by name, line and what was received."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from amber.errors import ConfigError, StorageError
from amber.files import limits
from amber.files.strict_json import parse_json, read_json

WHAT = "a best.json"


def test_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": [1, -2.5, null, true, "\\u00e9", 9223372036854775807]}', encoding="utf-8")
    assert read_json(path, what=WHAT) == {"a": [1, -2.5, None, True, "é", 2**63 - 1]}


BAD: dict[str, tuple[Any, str]] = {
    "nothing": ("", "Received: no value"),
    "cut short": ('{"a": 1,\n "b": ', "line 2, column 7"),
    "not a number": ('{"a": NaN}', "NaN"),
    "infinity": ("[-Infinity]", "-Infinity"),
    "overflow": ("[1e400]", "beyond 1.8e308"),
    "10^400": ("1" + "0" * 400, "beyond 64 bits"),
    "digits beyond what int takes": ("[" + "9" * 5000 + "]", "beyond 64 bits"),
    "a fraction of many digits": ("[0." + "9" * 5000 + "]", "digits"),
    "2**63": ("[9223372036854775808]", "beyond 64 bits"),
    "a repeated key": ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' twice"),
    "half a surrogate pair": ('["\\ud800"]', "surrogate"),
    "half a surrogate pair in a key": ('{"\\udc00": 1}', "surrogate"),
    "open brackets": ("[" * 100_000, "level"),
    "deep": ("[" * 80 + "]" * 80, "levels"),
    "deep objects": ('{"a":' * 500 + "1" + "}" * 500, "levels"),
    "many values": ("[" + "1," * limits.JSON_VALUES + "1]", "values"),
    "no UTF-8": (b'{"a":\n "\xff"}', "0xff in line 2"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    "a control character": ('["\x00"]', "control character"),
    "two documents": ("{}{}", "more text after the end"),
    "no quotes": ("{a: 1}", "no key in double quotes"),
    "no comma": ("[1 2]", "no comma between two entries"),
    "no colon": ('{"a" 1}', "no colon after a key"),
    "an open text": ('["a', "a text without its closing quote"),
    "no text": (3, "type int"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_refused_is_named(kind: str) -> None:
    text, said = BAD[kind]
    started = time.process_time()
    with pytest.raises(ConfigError, match="expected a best.json") as refused:
        parse_json(text, what=WHAT, source="x.json", error=ConfigError)
    message = str(refused.value)
    assert message.startswith("x.json") and said in message and "Received: " in message
    assert len(message) < 400
    assert time.process_time() - started < 2


def test_nan_of_earlier_versions_is_null() -> None:
    assert parse_json('{"a": NaN, "b": -Infinity}', what=WHAT, nan_is_null=True) == {"a": None, "b": None}


def test_files_that_are_none(tmp_path: Path) -> None:
    sparse, pipe = tmp_path / "sparse.json", tmp_path / "pipe.json"
    with sparse.open("wb") as file:
        file.truncate(20 * 1024 * limits.MEBIBYTE)
    os.mkfifo(pipe)
    for path, said in ((sparse, "16.0 MiB"), (pipe, "a pipe"), (tmp_path, "a folder"), (tmp_path / "no", "no such")):
        with pytest.raises(StorageError, match=said) as refused:
            read_json(path, what=WHAT)
        assert str(path) in str(refused.value)
