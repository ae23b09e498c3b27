"""What every test run shares: the backend, a quiet environment, and the rule on skipped tests.

A run with ``AMBER_NO_SKIPS=1`` (continuous integration) counts a skipped test as a failure, so that a missing
dependency cannot pass for a passing test. Expected failures (``xfail``) keep their own outcome.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.golden_cases import Tally, summarise
from tests.postgres import PASSWORD, Server, program

# Before anything imports Keras. Tests run on torch unless told otherwise, whatever keras.json says.
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Time limits of single examples measure the machine; examples that change from run to run hide failures.
settings.register_profile("amber", deadline=None, derandomize=True)
settings.load_profile("amber")

NO_SKIPS = os.environ.get("AMBER_NO_SKIPS") == "1"


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not NO_SKIPS or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"AMBER_NO_SKIPS=1 forbids skipped tests. Received: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skipped test into a failed one."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turns a skipped file, as by ``pytest.importorskip`` at module level, into an error."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server."""
    if program("postgres") is None or program("initdb") is None:
        pytest.skip("no PostgreSQL server (Debian package postgresql)")
    server = Server()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def postgres(postgres_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The address of an empty database; its password is in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return postgres_server.new_database(tmp_path.name)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Where a golden test says which recorded case it checked."""
    return Tally(request.node.user_properties)


class GoldenSummary:
    """Adds up the golden cases over all workers, prints them, and fails a whole run that left one out."""

    def __init__(self, whole_run: bool) -> None:
        self.whole_run = whole_run
        self.records: list[list[str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.records += [list(value) for name, value in report.user_properties if name == "golden"]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.whole_run and not all(complete for _, complete in summarise(self.records)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line, complete in summarise(self.records):
            terminalreporter.write_line(line + ("" if complete else "  <- NOT ALL CHECKED"))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        whole_run = not config.option.keyword and not any("::" in argument for argument in config.args)
        config.pluginmanager.register(GoldenSummary(whole_run), "golden-summary")
