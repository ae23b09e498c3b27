"""A password that stands in a configuration, on a command line or in the environment is neither shown nor stored."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.cli.hidden import HidingFormatter, without_secrets
from amber.redaction import redacted
from amber.search.storage.urls import passwords, shown_url, without_passwords

SECRET = "hunter2secret"
ADDRESS = f"postgresql://anna:{SECRET}@db.lab/searches"
SETTINGS = {
    "an address": f"storage: {ADDRESS}",
    "a list": f"storage: [{ADDRESS}]",
    "a list of lists": f"storage: [[{SECRET}]]",
    "a mapping": f"storage: {{url: {ADDRESS}}}",
    "a mapping of parts": f"storage: {{host: db.lab, user: anna, password: {SECRET}}}",
    "an option": f"storage: postgresql://anna@db.lab/searches?password={SECRET}",
    "an option in capitals": f"storage: postgresql://anna@db.lab/searches?sslPassword={SECRET}",
    "percent-encoded": "storage: postgresql://anna:%68unter2secret@db.lab/searches",
    "with a slash": f"storage: postgresql://anna:x/{SECRET}@db.lab/searches",
    "with an at": f"storage: postgresql://anna:x@{SECRET}@db.lab/searches",
    "not an address": f"storage: '//anna:{SECRET}@db.lab'",
    "of an unknown kind": f"storage: nosql://anna:{SECRET}@db.lab/searches",
    "a comment": f"trials: 3  # {ADDRESS}",
    "an unknown key": f"storage_url: {ADDRESS}",
    "another key": f"reward: {ADDRESS}",
    "a scheduler": f"executor: {{dask: 'tcp://anna:{SECRET}@db.lab'}}",
    "a number": "storage: 123456789123",
}


@pytest.mark.parametrize("way", SETTINGS)
def test_a_configuration_with_a_password_is_refused_and_not_shown(
    way: str, amber: Callable[..., Any], write_config: Callable[..., Path], tiny: str, tmp_path: Path
) -> None:
    path = write_config(tiny.replace("  trials: 2", f"  {SETTINGS[way]}"))
    done = amber("search", path, "-d", tmp_path / "run")
    assert done.exit_code == 2 and f"{path}, line 19" in done.stderr, done.stderr
    for part in (SECRET, "hunter", "68unter", "123456789123"):
        assert part not in done.output + done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://anna@127.0.0.1:9/searches?password={SECRET}&connect_timeout=1",
        f"postgresql://anna:{SECRET}@127.0.0.1:no/searches",
    ],
)
def test_an_address_on_the_command_line_is_not_shown_even_in_a_traceback(
    address: str, finished_run: Path, tmp_path: Path
) -> None:
    command = "from amber.cli.main import main; main()"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            command,
            "--debug",
            "-v",
            "export",
            finished_run,
            "-o",
            tmp_path / "t.csv",
            "--storage",
            address,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGPASSWORD": "other" + SECRET},
    )
    assert done.returncode in (1, 2) and "Error" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_forms_of_a_password() -> None:
    url = "postgresql://anna:p%40ss%2Fword1@db.lab/searches?sslpassword=key%20word"
    assert {"p%40ss%2Fword1", "p@ss/word1", "key word", "key%20word"} <= set(passwords(url))
    said = without_passwords('no "p@ss/word1", p%40ss%2Fword1 nor key word', url)
    assert said == 'no "***", *** nor ***'
    assert shown_url(url) == "postgresql://anna:***@db.lab/searches"
    assert passwords("postgresql://anna@db.lab:5432/a") == [] and passwords("sqlite:////tmp/a:b@c.db") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see postgresql://a:b c", "see postgresql://a:b c"),
        ("at tcp://a:b@c:1, failed", "at tcp://a:***@c:1, failed"),
        ("'x://a:b@c' and y://d:e@f", "'x://a:***@c' and y://d:***@f"),
        ("{'password': 'x y', 'host': 'h'}", "{'password': ***, 'host': 'h'}"),
        ("host=h password=x user=u", "host=h password=*** user=u"),
        ("PGPASSWORD=abc", "PGPASSWORD=***"),
        ("set PGPASSWORD, or ~/.pgpass", "set PGPASSWORD, or ~/.pgpass"),
        ("tokens: 1,2 compass: 3", "tokens: 1,2 compass: 3"),
    ],
)
def test_what_is_left_out_of_a_text(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_own_lines_name_their_module_only_where_asked() -> None:
    entry = logging.LogRecord("amber.data.genomics", 30, "", 0, "g.fa.gz was unpacked to %s", ("Cache/g.fa",), None)
    assert HidingFormatter(names=False).format(entry) == "Warning: g.fa.gz was unpacked to Cache/g.fa"
    assert HidingFormatter().format(entry) == "amber.data.genomics: g.fa.gz was unpacked to Cache/g.fa"


def test_logs_of_others_hold_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["amber", "export", "run", "--storage", ADDRESS])
    monkeypatch.setenv("PGPASSWORD", "environment-word")
    entry = logging.LogRecord("driver", 30, "", 0, "no %s for %s", (SECRET, "environment-word"), None)
    assert HidingFormatter().format(entry) == "driver: no *** for ***"
    assert HidingFormatter(names=False).format(entry) == "driver: no *** for ***"
    assert without_secrets(f"password {SECRET}") == "password ***"
