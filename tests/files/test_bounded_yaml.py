"""YAML of a stranger: plain values with their lines, or a refusal that names line and key, at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from amber.errors import ConfigError
from amber.experiment.configuration.document import parse_yaml, read_yaml
from amber.files import limits
from amber.files.bounded_yaml import parse_yaml_text

LEVELS = "".join(f"a{k}: &a{k} {{<<: [{','.join([f'*a{k - 1}'] * 9)}], b{k}: 1}}\n" for k in range(1, 9))
LISTS = "".join(f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 9))

BAD: dict[str, tuple[str, int, str]] = {
    "merge keys that grow": (f"a0: &a0 {{x: 1}}\n{LEVELS}", 7, "200,000 values"),
    "lists that grow": (f"a0: &a0 [1, 2]\n{LISTS}", 6, "200,000 values"),
    "a path of Windows in double quotes": ('a: 1\nb: "C:\\Users\\x"', 2, "in single quotes, or none"),
    "!!bool": ("a: 1\nb: !!bool foo", 2, "key b: expected a value without a tag. Received: !!bool"),
    "!!int": ("a: !!int ''", 1, "Received: !!int"),
    "!!binary": ("a: !!binary x", 1, "Received: !!binary"),
    "a tag of somebody": ("a: [1,\n !mine {b: 1}]", 2, "Received: !mine"),
    "a tag of Python": ("a: !!python/object/apply:os.system [x]", 1, "without a tag"),
    "a tag on a key": ("!!str a: 1", 1, "without a tag"),
    "10^400": (f"\na: 1{'0' * 400}", 2, "a number of at most 400 digits"),
    "10^300": (f"\na: 1{'0' * 300}", 2, "a whole number of at most 64 bits"),
    "2**63": ("a: 9223372036854775808", 1, "64 bits"),
    "-2**63 - 1": ("a: -9223372036854775809", 1, "64 bits"),
    "a large number in hexadecimal": ("a: 0xFFFFFFFFFFFFFFFF1", 1, "64 bits"),
    "1e400": ("a: 1e400", 1, "at most 1.8e308"),
    "infinity": ("a: .inf", 1, "a finite number"),
    "not a number": ("a: .nan", 1, "a finite number"),
    "zeros before a number": ("a: 007", 1, "in quotes, '007'"),
    "a repeated key": ("a: 1\nb: 2\na: 3", 3, "key a: a key may occur once. Received: it again, first on line 1"),
    "a repeated key in quotes": ('a: 1\n"a": 3', 2, "first on line 1"),
    "a key that is a number": ("a:\n  3: x", 2, "quote it: '3'"),
    "a key that is true": ("yes: x", 1, "quote it: 'yes'"),
    "a key that is a list": ("? [a]\n: 1", 1, "a key must be text"),
    "a key that is an alias": ("a: &x b\n*x : 1", 2, "a key must be text"),
    "a tab": ("a:\n\tb: 1", 2, "spaces, not tabs"),
    "NUL": ("a: 1\nb: \x00", 2, "control characters"),
    "NUL as an escape": ('a: 1\nb: "\\0"', 2, "control characters"),
    "half a surrogate pair": ("a: 1\nb: \ud800", 2, "control characters"),
    "half a surrogate pair as an escape": ('a: "\\ud800"', 1, "YAML"),
    "two documents": ("a: 1\n---\nb: 2", 2, "one document"),
    "an unknown alias": ("a: *x", 1, "expected an anchor, &x"),
    "an anchor within itself": ("a: &x [*x]", 1, "must not contain itself"),
    "merged text": ("a: {<<: text}", 1, "a: expected one mapping after <<"),
    "open brackets": ("a: " + "[" * 100_000, 1, "64 lists and mappings"),
    "open braces": ("a: " + "{b: " * 100_000, 1, "64 lists and mappings"),
    "dashes": ("- " * 100_000, 1, "64 lists and mappings"),
    "aliases within each other": (
        "a0: &a0 [1]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}]\n" for k in range(1, 99)),
        63,
        "64 lists and mappings",
    ),
    "many values": ("a: [" + "1," * limits.CONFIGURATION_VALUES + "]", 1, "200,000 values"),
    "many keys": ("".join(f"k{k}: 1\n" for k in range(limits.CONFIGURATION_VALUES + 1)), 200_000, "200,000 values"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BAD)
def test_what_is_refused_names_line_and_reason(kind: str) -> None:
    text, line, said = BAD[kind]
    started = time.process_time()
    with pytest.raises(ConfigError) as refused:
        parse_yaml(text, "c.yaml")
    # Generous, as a busy machine slows processes down: without a limit the worst of these take minutes.
    assert time.process_time() - started < 6
    message = str(refused.value)
    assert message.startswith(f"c.yaml, line {line}"), message
    assert said in message and "Received: " in message and len(message) < 500, message


GOOD = """\
a: &a {x: 1, y: [2, 3]}
b: {<<: *a, x: 4}
c: {<<: [{z: 1}, *a]}
d: [*a, 1_000, 0x10, -5, 1e-3, .5, 1., +2.5e10, 12:30, 2024-01-01, "no", no, ~, null, '', "<<"]
é: "tab\\tand \\u00e9"
f: |
  two
  lines
"""


def test_values_are_those_of_yaml() -> None:
    data, lines = parse_yaml_text(GOOD, source="", error=ConfigError)
    # PyYAML takes these for a number of seconds, a date, and texts.
    usual = GOOD.replace("12:30", "'12:30'").replace("2024-01-01", "'2024-01-01'")
    assert data == yaml.safe_load(usual.replace("1e-3", "0.001").replace("+2.5e10", "25000000000.0"))
    assert lines.at(("b", "y", 1)).line == 1 and lines.at(("b", "x")).line == 2 and lines.at(("f",)).line == 6
    assert lines.at(("d", 11)).written == "no" and lines.at(("d", 10)).written == ""


@pytest.mark.parametrize("change", [lambda t: t, lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")])
def test_line_ends_and_byte_order_marks(change: Any, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(change("a:\n  b: 1\nc: 2\n").encode())
    document = read_yaml(tmp_path / "c.yaml")
    assert document.data == {"a": {"b": 1}, "c": 2}
    assert document.line(("c",)) == 3 and document.line(("a", "b", "none")) == 2


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    (tmp_path / "utf16.yaml").write_bytes("a: 1\n".encode("utf-16"))
    with (tmp_path / "sparse.yaml").open("wb") as file:
        file.truncate(20 * 1024 * limits.MEBIBYTE)
    cases = (("latin.yaml", "line 2: expected text in UTF-8"), ("utf16.yaml", "UTF-8"), ("sparse.yaml", "4.0 MiB"))
    for name, said in (*cases, ("", "a folder"), ("/dev/zero", "a device"), ("none.yaml", "no such file")):
        with pytest.raises(ConfigError, match=said):
            read_yaml(tmp_path / name)


def test_a_large_space_is_read() -> None:
    layer = "  - [" + ", ".join(f"{{Layer_type: dense, units: {k}, activation: relu}}" for k in range(1, 51)) + "]\n"
    classes = ", ".join(f"c{k}" for k in range(919))
    document = parse_yaml(f"classes: [{classes}]\nmodel_space:\n" + layer * 200, "c.yaml")
    assert len(document.data["model_space"]) == 200 and document.line(("model_space", 199, 49, "units")) == 202
