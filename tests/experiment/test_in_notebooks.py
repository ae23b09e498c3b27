"""What a notebook shows of an experiment: each table once, long lines whole, and no warning of what others import."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.table import Table
from tests.new_process import run_code

from amber.experiment.console_reporter import ConsoleReporter
from amber.experiment.final.tables import as_text
from amber.search.ranking import ranking_text
from amber.search.trial import Trial

LONG = "Settings " + ", ".join(f"training.setting_{number} {number}" for number in range(20))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let rich think that it writes into a notebook, and return what it shows there."""
    found: list[str] = []

    def display(segments: Any, text: str) -> None:
        found.append(re.sub(r"\x1b\[\d*m", "", text))  # without colours

    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", display)
    return found


def test_text_for_files_is_not_shown_in_a_notebook(shown: list[str]) -> None:
    table = Table("measure")
    table.add_row("AUROC")
    assert "AUROC" in as_text(table)
    trial = Trial(number=0, tokens=(0,), fingerprint="f", status="complete", score=0.5, architecture="conv8")
    assert "conv8" in ranking_text([trial])
    assert shown == []


def test_long_lines_are_folded_in_a_notebook(shown: list[str]) -> None:
    reporter = ConsoleReporter()
    reporter.say(LONG)
    reporter.warn(LONG)
    assert len(shown) == 2
    for text in shown:
        assert " ".join(text.split()) == LONG and max(map(len, text.splitlines())) < len(LONG) / 2


def test_no_warning_tells_of_widgets_that_are_not_needed() -> None:
    code = "import warnings, amber.search; warnings.warn('IProgress not found. Please update'); warnings.warn('other')"
    done = run_code(code)
    assert "IProgress" not in done.stderr and "other" in done.stderr
