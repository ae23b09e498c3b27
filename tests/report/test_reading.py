"""Motifs, drawn sequences, learning curves and explained words on the report's page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.report.conftest import HOSTILE

from amber.errors import DataError, StorageError
from amber.experiment.before_keras.explained import FOUND
from amber.experiment.explained import Found, read_found
from amber.experiment.report_reading import data_of, learning_of, next_steps, reading_of
from amber.explain.motifs import Match, Motif, Seqlet
from amber.explain.motifs.highlights import Highlight, highlights
from amber.explain.motifs.page import NamedMotif, Section
from amber.report.contents import LearningCurve, ReportContents
from amber.report.learning_chart import learning_chart
from amber.report.page import render_report
from amber.report.terms import terms_in
from amber.search import SearchResult

MOTIF = Motif(
    "positive_1",
    np.eye(4)[[2, 0, 3, 0]] * 0.96 + 0.01,
    sites=40,
    contributions=np.eye(4)[[2, 0, 3, 0]] * 0.2,
    seqlets=[Seqlet(0, 3, 7, False), Seqlet(4, 5, 9, True)],
)


def found(name: str = "GATA1") -> Found:
    named = NamedMotif(MOTIF, [Match(Motif("MA0035.5", np.eye(4)[[0]], name), 1e-8, 1e-5)])
    drawn = Highlight(f"{name}: bound", 12, 30, "GATAN", np.array([0.1, 0.2, 0.3, -0.1, 0.0]))
    return Found("mean of 8 networks", "1,000", (Section(f"{name}: bound", [named], "1 motif."),), (drawn,))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "explain").mkdir()
    (tmp_path / "explain" / FOUND).write_text(json.dumps(found().to_dict()))
    return tmp_path


def page(**contents: object) -> str:
    result = SearchResult((), "val_loss", "minimize", 0)
    return render_report(ReportContents("run", result, "amber search", **contents))  # type: ignore[arg-type]


def test_what_was_found_survives_the_file(run: Path) -> None:
    read = read_found(run / "explain")
    assert read is not None and read.model == "mean of 8 networks"
    (named,) = read.sections[0].motifs
    assert named.title == "GATA1 (MA0035.5)" and named.motif.consensus == "GATA" and named.examples == 2
    np.testing.assert_allclose(named.motif.contributions, MOTIF.contributions)
    assert read.drawn[0].heading == "GATA1: bound, sequence 12, bases 31 to 35"
    assert read_found(run) is None


def test_the_page_shows_motifs_with_names_and_drawn_sequences(run: Path) -> None:
    text = page(reading=reading_of(run))
    assert "What the network reads: motifs" in text and "Of the mean of 8 networks" in text
    assert "GATA1 (MA0035.5)" in text and "(q 1e-05)" in text and "sequence 12, bases 31 to 35" in text
    assert text.count("<svg") == 3
    # Words that the page uses are explained, others are not.
    assert "<dt>motif</dt>" in text and "<dt>logo</dt>" in text and "<dt>AUROC</dt>" not in text


def test_a_motif_that_resembles_none_well_enough_is_given_no_name(tmp_path: Path) -> None:
    (tmp_path / "explain").mkdir()
    weak = NamedMotif(MOTIF, [Match(Motif("MA0035.5", np.eye(4)[[0]], "GATA1"), 1e-3, 0.051)])
    sections = (Section("bound", [weak], "1 motif."),)
    (tmp_path / "explain" / FOUND).write_text(json.dumps(Found("mean", "10", sections, ()).to_dict()))
    text = page(reading=reading_of(tmp_path))
    assert "no known motif" in text and "GATA1" not in text and "Resembles" not in text


def test_names_of_a_stranger_stay_text(tmp_path: Path) -> None:
    (tmp_path / "explain").mkdir()
    (tmp_path / "explain" / FOUND).write_text(json.dumps(found(HOSTILE).to_dict()))
    text = page(reading=reading_of(tmp_path))
    assert "<script" not in text and "<img" not in text and "&lt;script" in text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sections", 3),
        ("drawn", [{"title": "a"}]),
        ("sections", [{"title": "a", "note": "b", "motifs": [{"name": "m", "probabilities": [[1, 2]]}]}]),
    ],
)
def test_a_damaged_file_is_named(run: Path, key: str, value: object) -> None:
    (run / "explain" / FOUND).write_text(json.dumps({**found().to_dict(), key: value}))
    with pytest.raises(StorageError, match=r"explained.json: expected the explained.json"):
        read_found(run / "explain")


def test_a_highlight_has_a_number_for_each_base() -> None:
    values = found().drawn[0].to_dict()
    np.testing.assert_allclose(Highlight.from_dict(values).heights.sum(axis=1), [0.1, 0.2, 0.3, -0.1, 0.0])
    with pytest.raises(DataError, match="a number for each"):
        Highlight.from_dict({**values, "sequence": "GA"})


def test_sequences_are_cut_to_where_contributions_are_large() -> None:
    sequences = np.zeros((3, 100, 4))
    sequences[:, :, 2] = 1
    contributions = np.zeros_like(sequences)
    contributions[1, 70:75, 2] = 1.0
    contributions[2, 10:12, 2] = 0.5
    first, second = highlights("bound", sequences, contributions, most=2)
    assert (first.example, second.example) == (1, 2)
    assert first.start <= 70 and first.start + len(first.sequence) >= 75 and set(first.sequence) == {"G"}
    assert first.contributions.sum() == 5.0


def test_learning_curves_are_lines_of_each_network() -> None:
    curves = learning_of({"learning": [{"loss": [2.0, 1.0, None], "val_loss": [2.1, 1.5, 1.6]}, {"loss": [2.0, 0.5]}]})
    assert curves[0].name == "network 1" and curves[1].validation == []
    drawn = learning_chart(curves)
    assert drawn.count('<path class="line k0"') == 2 and drawn.count('<path class="line k1"') == 1
    assert learning_chart([LearningCurve("network 1", [])]) == ""
    assert "a line for each of 2 networks" in page(learning=curves)


def test_data_of_a_run() -> None:
    facts = data_of({"data_facts": {"sentences": ["Task: x."], "header": ["", "training"], "rows": [["of a", "7"]]}})
    assert "<li>Task: x.</li>" in page(data=facts) and "of a" in page(data=facts)
    assert "The data" not in page(data=data_of({}))


def test_commands_that_follow() -> None:
    commands = [command for command, _ in next_steps(Path("runs/a b"), {"input": (60, 4)}, is_explained=False)]
    assert commands[0] == "amber explain 'runs/a b'" and any(each.startswith("amber variants") for each in commands)
    tables = [command for command, _ in next_steps(Path("run"), {"ages": (3,), "doses": (2,)}, is_explained=False)]
    assert not any(word in command for command in tables for word in ("explain", "variants", "predict"))


def test_terms_are_whole_words() -> None:
    assert [term for term, _ in terms_in("The AUROC of 3 trials")] == ["trial", "AUROC"]
    assert terms_in("industrial requests") == ()
