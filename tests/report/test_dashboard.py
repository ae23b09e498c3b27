"""`amber dashboard` answers in a process of its own, and follows the journal."""

from __future__ import annotations

import dataclasses
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import invoke

from amber.cli.same_origin import SameOrigin
from amber.report.optuna_study import StudyMirror
from amber.search import RunDirectory
from amber.search.journal import trial_line

# Ctrl-C works even where the tests were started by something that ignores it.
CODE = "import signal; signal.signal(2, signal.default_int_handler); from amber.cli.main import main; main()"
AMBER = [sys.executable, "-c", CODE]


def fetched(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def shown(root: str) -> list[dict[str, Any]]:
    study = json.loads(fetched(f"{root}/api/studies"))["study_summaries"][0]
    trials = json.loads(fetched(f"{root}/api/studies/{study['study_id']}?after=0"))["trials"]
    return [trial for trial in trials if trial["state"] in ("Complete", "Fail")]


def asked(root: str, method: str = "GET", path: str = "/api/studies", **headers: str) -> tuple[int, str]:
    """Status and text of an answer; headers by name, with underscores."""
    connection = http.client.HTTPConnection(root.removeprefix("http://"), timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def check_only_its_own_pages_are_answered(root: str) -> None:
    port = root.rsplit(":", 1)[1]
    studies = asked(root)
    assert studies[0] == 200
    for own in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost:9000", f"[::1]:{port}", f"LOCALHOST:{port}"):
        assert asked(root, Host=own) == studies
        assert asked(root, Host=own, Origin=f"http://{own}", Sec_Fetch_Site="same-origin") == studies
    for other in (
        f"evil.example:{port}",
        "evil.example",
        "",
        f"127.0.0.1.evil.example:{port}",
        "192.0.2.7",
        "a@localhost",
    ):
        status, text = asked(root, Host=other)
        assert status == 403 and "Host: expected localhost or 127.0.0.1" in text, (other, status, text)
    for origin in ("http://evil.example", "null", f"http://localhost:{port}", "http://127.0.0.1:1", "http://[", ""):
        for method, path in (("DELETE", "/api/studies/0"), ("POST", "/api/studies"), ("GET", "/api/studies")):
            status, text = asked(root, method, path, Origin=origin)
            assert status == 403 and "Origin: expected a page of 127.0.0.1" in text, (origin, method, status)
    assert asked(root, "DELETE", "/api/studies/0", Sec_Fetch_Site="cross-site")[0] == 403
    assert asked(root, "GET", "/dashboard/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
    assert asked(root) == studies


@pytest.mark.slow
def test_dashboard_answers_and_follows_the_run(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    trials = RunDirectory.open(copy).trials()
    command = [*AMBER, "dashboard", copy, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            root = line.split(" at ")[1].split("/dashboard/")[0]
            assert root.startswith("http://127.0.0.1:")
            assert b"<html" in fetched(f"{root}/dashboard/").lower()
            assert len(shown(root)) == len(trials)
            check_only_its_own_pages_are_answered(root)
            assert {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
            with (copy / "trials.jsonl").open("a", encoding="utf-8") as file:
                file.write(trial_line(dataclasses.replace(trials[-1], number=len(trials))))
            deadline = time.monotonic() + 30
            while len(shown(root)) == len(trials) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert len(shown(root)) == len(trials) + 1
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_study_holds_every_trial(run: Path) -> None:
    trials = RunDirectory.open(run).trials()
    mirror = StudyMirror("tiny", "maximize", "val_accuracy", ["first"])
    assert mirror.update(trials[:2]) == 2 and mirror.update(trials) == len(trials) - 2 and mirror.update(trials) == 0
    (study,) = mirror.storage.get_all_studies()
    kept = mirror.storage.get_all_trials(study._study_id)
    assert [trial.value for trial in kept] == [trial.score for trial in trials]
    assert [tuple(trial.params.values()) for trial in kept] == [trial.tokens for trial in trials]
    assert list(kept[0].params)[:2] == ["first", "token 1"]
    assert [trial.user_attrs["parameters"] for trial in kept] == [trial.parameters for trial in trials]


@pytest.mark.parametrize(
    ("listens", "own", "others"),
    [
        (
            "127.0.0.1",
            ["127.0.0.1:1", "localhost", "127.0.0.2", "[::1]:80"],
            ["10.0.0.1", "evil.example", "", "[", "a:"],
        ),
        ("10.0.0.5", ["10.0.0.5:80", "localhost"], ["127.0.0.1", "10.0.0.6", "evil.example"]),
        ("lab.example", ["lab.example:8080", "LAB.example"], ["10.0.0.6", "x.lab.example"]),
        (
            "0.0.0.0",
            ["10.0.0.5", "127.0.0.1:8080", "[fe80::1]:80", socket.gethostname()],
            ["evil.example", "10.0.0.5.nip.io"],
        ),
    ],
)
def test_which_hosts_are_its_own(listens: str, own: list[str], others: list[str]) -> None:
    statuses: list[str] = []
    application = SameOrigin(lambda environ, start: [b"ok"], listens)
    for host in own:
        assert list(application({"HTTP_HOST": host}, lambda *answer: statuses.append(answer[0]))) == [b"ok"], host
    for host in others:
        assert list(application({"HTTP_HOST": host}, lambda *answer: statuses.append(answer[0]))) != [b"ok"], host
    assert statuses == ["403 Forbidden"] * len(others)


def test_what_is_no_run_or_no_free_port_is_said(run: Path, tmp_path: Path) -> None:
    done = invoke("dashboard", tmp_path)
    assert done.exit_code == 2 and "not a run directory" in done.stderr
    done = invoke("dashboard", run, "--host", "192.0.2.1")
    assert done.exit_code == 1 and "192.0.2.1:8080" in done.stderr


def test_missing_package_is_named(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    done = invoke("dashboard", run)
    assert done.exit_code == 2 and "amber-nas[dashboard]" in done.stderr
