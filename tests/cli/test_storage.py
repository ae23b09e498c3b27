"""`search.storage` and `--storage`: the command at a study in a database, and what it keeps to itself."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_executors import facts, with_search
from tests.postgres import PASSWORD, Server

Amber = Callable[..., Any]
WriteConfig = Callable[..., Path]


@pytest.mark.slow
def test_searches_in_two_directories_are_one_search(
    amber: Amber, finished_run: Path, write_config: WriteConfig, tiny: str, tmp_path: Path, postgres: str
) -> None:
    config = write_config(with_search(tiny, f"storage: {postgres}"))
    done = amber("search", config, "-d", tmp_path / "one", "--trials", 1)
    assert done.exit_code == 0, done.output + done.stderr
    assert f"Record   study 'tiny' in {postgres}" in done.output
    done = amber("search", config, "-d", tmp_path / "two")
    assert done.exit_code == 0, done.output + done.stderr
    assert "Taken up after 1 proposals, 1 trained" in done.stderr
    assert facts(tmp_path / "two") == facts(finished_run)
    tests = [json.loads((run / "test.json").read_text()) for run in (tmp_path / "two", finished_run)]
    assert tests[0] == tests[1]
    # The first knows of one trial; it sees the others where it is told to look.
    for storage, proposals, trained in ((), 1, "1 network trained"), (("--storage", postgres), 3, "2 networks trained"):
        done = amber("export", tmp_path / "one", "-o", tmp_path / "trials.csv", *storage)
        assert done.exit_code == 0, done.stderr
        assert len(list(csv.DictReader((tmp_path / "trials.csv").open()))) == proposals
        done = amber("report", tmp_path / "one", "-o", tmp_path / "report.html", *storage)
        assert done.exit_code == 0, done.stderr
        page = (tmp_path / "report.html").read_text("utf-8")
        assert trained in page and "--storage none" in page
    resumed = amber("search", config, "-d", tmp_path / "one", "--resume", "-q")
    assert resumed.exit_code == 0, resumed.stderr
    assert facts(tmp_path / "one") == facts(finished_run)


@pytest.mark.slow
def test_other_configuration_at_the_same_study_is_refused_by_line_and_key(
    amber: Amber, write_config: WriteConfig, tiny: str, tmp_path: Path, postgres: str
) -> None:
    done = amber("search", write_config(), "-d", tmp_path / "one", "--trials", 1, "-q", "--storage", postgres)
    assert done.exit_code == 0, done.stderr
    config = write_config(tiny.replace("batch_size: 256", "batch_size: 512"))
    refused = amber("search", config, "-d", tmp_path / "two", "-q", "--storage", postgres)
    assert refused.exit_code == 2
    expected = f"{config}, line 16, key training.batch_size: the search in study 'tiny' in {postgres} began with 256"
    assert expected in refused.stderr


@pytest.mark.slow
def test_password_stays_in_this_process(
    amber: Amber,
    write_config: WriteConfig,
    tiny: str,
    tmp_path: Path,
    postgres: str,
    postgres_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    url = postgres_server.url(postgres.rpartition("/")[2], password=True)
    config = write_config()
    done = amber("search", config, "-d", tmp_path / "run", "--storage", url)
    assert done.exit_code == 0, done.stderr
    report = amber("report", tmp_path / "run", "-o", tmp_path / "report.html", "--storage", url)
    assert report.exit_code == 0, report.stderr
    wrong = amber("export", tmp_path / "run", "-o", tmp_path / "a.csv", "--storage", f"{url}-other")
    assert wrong.exit_code == 1 and "connecting failed" in wrong.stderr
    refused = amber("search", write_config(with_search(tiny, f"storage: {url}"), "b.yaml"), "-d", tmp_path / "b")
    assert refused.exit_code == 2 and "expected an address without a password" in refused.stderr
    said = [each.output + each.stderr for each in (done, report, wrong, refused)] + [caplog.text]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "b.yaml"]
    assert {"best.json", "config.yaml", "search.log", "study.json", "report.html"} <= {path.name for path in files}
    encoded = url.split("amber:")[1].split("@")[0]
    for secret in (PASSWORD, encoded):
        assert not any(secret in text for text in said)
        assert not any(secret.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("storage: runs/tiny",), "key search.storage: Expected the address"),
        (("storage: 'postgresql://a:hunter2@h:port/x'",), "expected an address without a password"),
        (("strategy: one_shot", "storage: postgresql://host/a"), "one_shot"),
    ],
)
def test_mistake_is_named_by_line_and_key(
    amber: Amber, write_config: WriteConfig, tiny: str, tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    done = amber("search", write_config(with_search(tiny, *lines)), "-d", tmp_path / "run")
    assert done.exit_code == 2 and said in done.stderr and "hunter2" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_database_that_is_not_there_is_named(amber: Amber, write_config: WriteConfig, tmp_path: Path) -> None:
    url = "postgresql://amber@127.0.0.1:9/none"
    done = amber("search", write_config(), "-d", tmp_path / "run", "-q", "--storage", url)
    assert done.exit_code == 1
    assert f"study 'tiny' in {url} cannot be used: connecting failed" in done.stderr


def test_address_in_a_stranger_s_run_is_never_asked(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        url = f"postgresql://amber@127.0.0.1:{trap.getsockname()[1]}/x"
        config = (run / "config.yaml").read_text("utf-8")
        (run / "config.yaml").write_text(with_search(config, f"storage: {url}"), encoding="utf-8")
        part = {"format_version": 1, "storage": url, "study": "tiny", "participant": "me"}
        (run / "study.json").write_text(json.dumps(part), encoding="utf-8")
        for command in (("report", run, "-o", tmp_path / "a.html"), ("export", run, "-o", tmp_path / "a.csv")):
            assert amber(*command).exit_code == 0
        with pytest.raises(TimeoutError):
            trap.accept()
