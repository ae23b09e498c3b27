"""Inputs as a stranger may send them: good ones, changed at random by a seeded generator.

The tests beside this file try a few of each kind; `python -m tests.security.readers KIND NUMBER SEED` tries many.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

# Values in YAML as a stranger may write them.
WORDS = [
    "!!bool foo",
    "!!int ''",
    "!mine {a: 1}",
    "!!python/name:os.system",
    "!!float x",
    "1" + "0" * 400,
    "9" * 5000,
    "9223372036854775808",
    "-9223372036854775809",
    "9223372036854775807",
    "4294967296",
    "-1",
    "0",
    "1",
    "7",
    "1e400",
    "1e300",
    "-0.5",
    "0.5",
    "2.0",
    ".nan",
    "-.inf",
    "010",
    "0x10",
    "1_000",
    "2024-01-01",
    "12:30",
    "true",
    "no",
    "~",
    "''",
    "' '",
    "text",
    "two words",
    "'=1+1'",
    "é",
    "\U0001f9ec",
    '"\\ud800"',
    '"\\0"',
    '"\\x1b[31m"',
    '"a\\nb"',
    "a" * 3000,
    "[]",
    "{}",
    "[[]]",
    "[1, 2]",
    "[text]",
    "[null]",
    "{a: 1}",
    "{text: {a: [1]}}",
    "[" * 100,
    "[" * 30 + "]" * 30,
    "*x",
    "&x [*x]",
    "{<<: 3}",
    "{<<: {a: 1}}",
    "../../etc/passwd",
    "/dev/zero",
    "/",
    "relu",
    "conv1d",
    "dense",
    "lambda",
    "input",
    "random",
    "val_loss",
    "same",
]
CHARACTERS = "\t\x00\x07 :-[]{}#&*!|>'\"%@`,?\n\r\u2028\ufeff\xa00aé"


def mutated_text(good: str, rng: random.Random) -> str:
    """Returns YAML text with one to three changes."""
    text = good
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        text = rng.choice(_TEXT_CHANGES)(text, rng)
    return text


def _change_value(text: str, rng: random.Random) -> str:
    places = [found.span(1) for found in re.finditer(r"[:\[,-] +([^\s,\]}{\[]+)", text)]
    if not places:
        return text
    start, end = rng.choice(places)
    return text[:start] + rng.choice(WORDS) + text[end:]


def _change_key(text: str, rng: random.Random) -> str:
    places = [found.span(1) for found in re.finditer(r"([A-Za-z_]+):", text)]
    if not places:
        return text
    start, end = rng.choice(places)
    key = text[start:end]
    at = rng.randrange(len(key))
    changed = rng.choice((key[:at] + key[at + 1 :], key + "s", key[::-1], "3", "yes", "[a]", "<<", '"' + key + '"', ""))
    return text[:start] + changed + text[end:]


def _change_line(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(6)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(other, lines[at])
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 3:
        lines[at] = rng.choice(("  ", "\t", " ", "- ", "? ", "---\n", "...\n", "%YAML 9\n")) + lines[at]
    elif way == 4:
        lines[at] = lines[at].removeprefix("  ")
    else:
        lines = lines[:at]
    return "\n".join(lines)


def _change_character(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice((rng.choice(CHARACTERS), "")) + text[at + rng.randrange(2) :]


def grown_text(text: str, rng: random.Random) -> str:
    """Adds anchors that repeat each other, or lists within lists."""
    ways = [
        "a0: &a0 [1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, rng.randrange(2, 30))),
        "b0: &b0 {x: 1}\n"
        + "".join(f"b{k}: &b{k} {{<<: [{','.join([f'*b{k - 1}'] * 9)}]}}\n" for k in range(1, rng.randrange(2, 20))),
        "c: " + "[" * rng.randrange(1, 100_000),
        "d: " + "{a: " * rng.randrange(1, 20_000),
        "- " * rng.randrange(1, 20_000),
        "? " * rng.randrange(1, 20_000),
        "e: [" + "1," * rng.randrange(1, 500_000) + "]",
        "f:" + "".join(f"\n  k{k}: 1" for k in range(rng.randrange(1, 100_000))),
        "g: " + "x" * rng.randrange(1, 6_000_000),
        "h: |\n" + "  x\n" * rng.randrange(1, 500_000),
        "#" * rng.randrange(1, 6_000_000),
        "\n" * rng.randrange(1, 3_000_000),
    ]
    return text + "\n" + rng.choice(ways) + "\n"


_TEXT_CHANGES: list[Callable[[str, random.Random], str]] = [
    *[_change_value] * 10,
    *[_change_key] * 3,
    *[_change_line] * 3,
    *[_change_character] * 3,
]

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**63 - 1,
    2**63,
    10**400,
    0.5,
    -1.5,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "text",
    "two words",
    "\ud800",
    "\x00",
    "=1+1",
    "é",
    "../../etc/passwd",
    "9" * 5000,
    "a" * 3000,
    [],
    {},
    [[]],
    [1, 2],
    ["text"],
    [None],
    [-1],
    {"a": 1},
    {"": None},
    {"Layer_type": "dense", "units": 2**40},
    {"Layer_type": "lambda"},
    "relu",
    "dense",
    "input",
    "add",
]


def mutated_json(good: Any, rng: random.Random) -> str:
    """Returns JSON text with one to three changes, of values or of the text."""
    value = copy.deepcopy(good)
    if rng.random() < 0.15:
        return mutated_json_text(json.dumps(value), rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        value = mutated_value(value, rng)
    return json.dumps(value)


def mutated_json_text(text: str, rng: random.Random) -> str:
    """Returns JSON text with a change of its characters, or something that is not JSON."""
    at = rng.randrange(len(text) + 1)
    ways = [
        text[:at],
        text[:at] + rng.choice(CHARACTERS + '"\\') + text[at + rng.randrange(2) :],
        text[:at] + rng.choice(("NaN", "1" + "0" * 400, "[" * 1000, "Infinity", "{}", "1e999")) + text[at:],
        "[" * rng.randrange(1, 100_000),
        '{"a":' * rng.randrange(1, 100_000),
        "[" + "{}," * rng.randrange(1, 1_500_000) + "{}]",
        "",
        "null",
        "3",
        '"' + "x" * rng.randrange(1, 20_000_000) + '"',
        text[:-1] + ', "a": 1, "a": 2}',
    ]
    return rng.choice(ways)


def mutated_value(value: Any, rng: random.Random) -> Any:
    """Returns a value with one of the values within it changed, removed or repeated."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        way = rng.random()
        if way < 0.1:
            del value[key]
        elif way < 0.15:
            value[key + "s"] = value.pop(key)
        else:
            value[key] = mutated_value(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        way = rng.random()
        if way < 0.1:
            del value[at]
        elif way < 0.2:
            value.insert(at, copy.deepcopy(value[at]))
        else:
            value[at] = mutated_value(value[at], rng)
        return value
    return copy.deepcopy(rng.choice(VALUES))


def mutated_bytes(good: bytes, rng: random.Random) -> bytes:
    """Returns bytes with some of them changed, cut off or added."""
    data = bytearray(good)
    way = rng.randrange(4)
    if way == 0:
        return bytes(data[: rng.randrange(len(data))])
    if way == 1:
        at = rng.randrange(len(data))
        return bytes(data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 64))) + data[at:])
    for _ in range(rng.choice((1, 2, 10, 200))):
        data[rng.randrange(len(data) if way == 2 else min(2048, len(data)))] = rng.randrange(256)
    return bytes(data)


def mutate_hdf5(path: Path, rng: random.Random) -> None:
    """Changes a supernet file in place: its description, or one of its weights, groups and attributes."""
    with h5py.File(path, "r+") as file:
        if rng.random() < 0.5:
            text = file["supernet"][()].decode()
            del file["supernet"]
            # HDF5 cannot hold a NUL within a text.
            file["supernet"] = mutated_json(json.loads(text), rng).replace("\0", "\\u0000")
            return
        names = [f"weights/{name}" for name in file["weights"]]
        name = rng.choice([*names, "weights", "supernet"])
        del file[name]
        values: list[Callable[[], Any]] = [
            lambda: None,
            lambda: np.zeros(rng.randrange(1, 50), "float32"),
            lambda: np.zeros((5, 5), rng.choice(["float64", "int8", "complex64", "S4"])),
            lambda: np.array([rng.random(), np.nan, np.inf]),
            lambda: "text",
            lambda: h5py.Empty("f"),
            lambda: h5py.SoftLink(rng.choice(["/weights", "/", "/none", "/weights/00001"])),
            lambda: h5py.ExternalLink(rng.choice(["/etc/passwd", "other.h5", "/dev/zero"]), "/x"),
        ]
        value = rng.choice(values)()
        if value is not None:
            file[name] = value
        elif rng.random() < 0.5:
            file.create_dataset(name, (2**20, 2**20), "float32", chunks=(1024, 1024), compression="gzip")
        elif rng.random() < 0.5:
            file.attrs["format"] = rng.choice([0, "amber", np.zeros(3), ""])
