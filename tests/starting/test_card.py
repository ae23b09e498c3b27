"""The data card: what it counts, what it warns of, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.report.browser import CHROMIUM, Browser, browser
from typer.testing import CliRunner

from amber.cli.main import app
from amber.experiment import load_config
from amber.experiment.data import load_data
from amber.starting.card import DataCard, data_card
from amber.starting.card_page import render_card

HOSTILE = "<img src=x onerror=document.title='taken'>"


def card_of(folder: Path, text: str) -> DataCard:
    (folder / "c.yaml").write_text(text)
    loaded = load_config(folder / "c.yaml")
    return data_card(load_data(loaded), loaded.config.data.alphabet)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Sequences that are richer in GC where they are bound; a test example is in training too, one is nearly."""
    rng = np.random.default_rng(0)
    rows = []
    for row in range(100):
        bound = row % 2
        letters = rng.choice(list("ACGT"), size=60, p=[0.1, 0.4, 0.4, 0.1] if bound else [0.4, 0.1, 0.1, 0.4])
        rows.append([("".join(letters)), f"bound {HOSTILE}" if bound else "free", "train" if row < 60 else "val"])
    for row in range(80, 100):
        rows[row][2] = "test"
    rows[80][0] = rows[0][0]
    rows[81][0] = rows[1][0][:50] + "ACGTACGTAC"
    rows[3][0] = rows[1][0]
    rows[5][0] = "N" * 12 + rows[5][0][12:]
    path = tmp_path / "table.csv"
    path.write_text("seq,label,split\n" + "\n".join(",".join(row) for row in rows) + "\n")
    return path


def test_counts_and_warnings_of_a_table(table: Path, tmp_path: Path) -> None:
    card = card_of(tmp_path, "data: {source: table.csv}\nmodel_space: {preset: auto}\n")
    parts, classes, sequences, gc = card.tables
    assert [row[:2] for row in parts.rows] == [("train", "60"), ("validation", "20"), ("test", "20")]
    assert parts.rows[0][3] == "1"
    assert [row[1] for row in classes.rows] == ["30 (50.0%)", "30 (50.0%)"]
    assert sequences.rows[0][1:4] == ("60", "60", "60")
    assert sequences.rows[0][5] == "0.33%"
    by_class = {row[0].split()[0]: float(row[2].rstrip("%")) for row in gc.rows}
    assert by_class["bound"] > 70 > 30 > by_class["free"]
    said = "\n".join(card.warnings)
    assert "1 of 20 test examples have the inputs of a training example" in said
    assert "1 of 20 test examples have half or more of their sequence in common" in said
    assert len(card.drawn) == 10
    assert {each.label.split()[0] for each in card.drawn} == {"bound", "free"}
    assert all(len(each.letters) == 60 and set(each.letters) <= set("ACGTN") for each in card.drawn)


@pytest.mark.parametrize("more", ["", ", augmentation: {reverse_complement: true}"])
def test_a_leak_is_said_once_with_its_lines(table: Path, tmp_path: Path, more: str) -> None:
    """Also where examples are read in batches, as augmented ones are: loading looked for it."""
    card = card_of(tmp_path, f"data: {{source: table.csv{more}}}\n")
    said = [each for each in (*card.warnings, *card.notes) if "half or more of their sequence" in each]
    assert len(said) == 1 and said[0] in card.warnings
    assert f"{table}, line 83 and {table}, line 3" in said[0] and "`split: similarity` keeps" in said[0]
    assert not any("not looked for" in each for each in card.warnings)


def test_labels_with_holes_and_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for row in range(90):
        text = "".join(rng.choice(list("ACGT"), size=20))
        rows.append(f"{text},{row % 2},{'' if row % 3 else 1},{rng.normal():.3f}")
    (tmp_path / "many.csv").write_text("seq,often,seldom,value\n" + "\n".join(rows) + "\n")
    card = card_of(tmp_path, "data: {source: many.csv, labels: [often, seldom], split: random}\n")
    labels = {row[0]: row[1:] for row in card.tables[1].rows}
    assert labels["often"][2] == "0.0%"
    assert 50 < float(labels["seldom"][2].rstrip("%")) < 80
    numbers = card_of(tmp_path, "data: {source: many.csv, label: value, split: random}\n").tables[1]
    assert numbers.title == "Values of output"
    values = [float(each) for each in numbers.rows[0][1:]]
    assert values == sorted(values)
    assert -4 < values[0] < -1 < 1 < values[-1] < 4


def test_groups_of_numbers_have_a_card(tmp_path: Path) -> None:
    text = "data: {source: mfeat, blocks: {fou: fou_1..fou_76, mor: mor_*}, label: digit, split: random}\n"
    card = card_of(tmp_path, text)
    assert [each.title for each in card.tables] == ["Parts", "Classes of output"]
    assert not card.drawn
    assert "Each example: fou 76, mor 6." in card.tables[0].said


def test_filled_up_places_are_not_letters(tmp_path: Path) -> None:
    for name, size in (("a", 20), ("b", 30)):
        rng = np.random.default_rng(size)
        texts = ["".join(rng.choice(list("ACGT"), size=size)) for _ in range(30)]
        (tmp_path / f"{name}.fa").write_text("".join(f">{row}\n{text}\n" for row, text in enumerate(texts)))
    source = "data: {source: {fasta: {a: a.fa, b: b.fa}}, length: longest, align: left, split: random}\n"
    card = card_of(tmp_path, source)
    assert card.tables[2].rows[0][1:4] in {("20", "20", "30"), ("20", "25", "30"), ("20", "30", "30")}
    drawn = next(each for each in card.drawn if each.label == "a")
    assert drawn.letters.endswith("·" * 10)


def test_the_command_prints_and_writes(table: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: {source: table.csv}\n")
    page = tmp_path / "card.html"
    done = CliRunner().invoke(app, ["data", str(tmp_path / "c.yaml"), "-o", str(page)], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith("Reading the data of")
    assert max(map(len, done.stdout.replace(str(tmp_path), "").splitlines())) <= 80
    assert HOSTILE not in page.read_text()
    wrong = CliRunner().invoke(app, ["data", str(tmp_path / "c.yaml"), "-o", str(tmp_path / "card.txt")])
    assert wrong.exit_code == 2


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_shows_it_quietly_and_whole(
    chromium: Browser, table: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    card = card_of(tmp_path, "data: {source: table.csv}\n")
    page = tmp_path / "card.html"
    page.write_text(render_card(card))
    chromium.open(page.as_uri(), width, scheme)
    assert not chromium.complaints()
    assert {url.split(":")[0] for url in chromium.requests()} <= {"file", "data"}
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert chromium.evaluate("document.title") == "table: data card"
    assert chromium.evaluate("document.querySelectorAll('.letters .b0').length") > 5
