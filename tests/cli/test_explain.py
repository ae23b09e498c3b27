"""`amber explain` and `amber scan`, but for the libraries that find and name motifs (tests/explain/motifs)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from amber.experiment import explaining
from amber.experiment.data import load_data
from amber.experiment.explained import read_found
from amber.experiment.run_files.recorded import config_of
from amber.explain.motifs import Match, Motif, Seqlet, read_meme, write_meme

Amber = Callable[..., Any]
MOTIF = Motif(
    "positive_1", np.eye(4)[[0, 1, 2, 3, 0]], sites=40, seqlets=[Seqlet(0, 3, 8, False), Seqlet(1, 5, 10, True)]
)


def test_contributions_of_every_class_are_written(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "explained"
    options = ("--motifs", "none", "--examples", 6, "--shuffles", 2)
    done = amber("explain", finished_run, "-o", folder, *options)
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["contributions.h5", "explain.html", "explained.json"]
    with h5py.File(folder / "contributions.h5") as file:
        assert sorted(file["contributions"]) == [f"output: {name}" for name in ("EI", "IE", "N")]
        examples, table = file["examples"][:], file["hypothetical/output: IE"][:]
        assert examples.shape == table.shape == (6, 60, 4)
        np.testing.assert_allclose(file["contributions/output: IE"][:], examples * table)
        total = sum(file[f"contributions/output: {name}"][:].sum(axis=(1, 2)) for name in ("EI", "IE", "N"))
    # Probabilities sum to 1, for examples and for their references.
    np.testing.assert_allclose(total, 0, atol=1e-3)
    assert str(folder / "explain.html") in done.stdout


def test_training_examples_are_explained_where_validation_has_too_few(
    amber: Amber, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_data(config_of(json.loads((finished_run / "best.json").read_text()), finished_run / "best.keras"))
    seen: list[np.ndarray] = []
    monkeypatch.setattr(
        explaining, "deep_lift", lambda model, examples, *rest, **options: seen.append(examples) or examples
    )
    count = len(data.validation) + 5
    done = amber("explain", finished_run, "-o", tmp_path, "--motifs", "none", "--examples", count)
    assert done.exit_code == 0, done.stderr
    np.testing.assert_array_equal(seen[0][:-5], data.validation.x)
    rows = [int((data.train.x == each).all(axis=(1, 2)).argmax()) for each in seen[0][-5:]]
    np.testing.assert_array_equal(data.train.x[rows], seen[0][-5:])
    # Each class has its share.
    assert set(data.train.y[rows].tolist()) == {0, 1, 2}
    assert f"{count} validation and training examples" in (tmp_path / "explain.html").read_text()


@pytest.mark.slow
def test_motifs_are_named_and_written(
    amber: Amber, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "discover_motifs", lambda sequences, table: [MOTIF])
    monkeypatch.setattr(
        explaining, "match_motifs", lambda motifs, known: [[Match(known[0], 1e-6, 1e-4)] for _ in motifs]
    )
    write_meme(tmp_path / "known.meme", [Motif("K1", MOTIF.probabilities, "Factor")])
    options = ("--examples", 3, "--shuffles", 1, "--database", tmp_path / "known.meme", "--both-strands")
    done = amber("explain", finished_run, "-o", tmp_path / "out", *options)
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.split("Wrote ")) == 7
    assert done.stdout.startswith("output: EI: 1 motif: Factor (K1) at 40 places\n")
    assert [motif.alternative for motif in read_meme(tmp_path / "out" / "motifs.meme")] == ["Factor (K1)"] * 3
    heading, first, *_ = (tmp_path / "out" / "motifs.csv").read_text().splitlines()
    assert heading.startswith("motif,consensus,places") and "ACGTA,40,2,K1,Factor,0.0001" in first
    places = (tmp_path / "out" / "places.csv").read_text().splitlines()
    assert len(places) == 7 and places[1].endswith(",0,3,8,forward")
    page = (tmp_path / "out" / "explain.html").read_text()
    assert "Factor (K1)" in page and "Single sequences, base by base" in page
    found = read_found(tmp_path / "out")
    assert found is not None and found.model.startswith(("best network", "network", "mean of"))
    assert [each.motifs[0].title for each in found.sections] == ["Factor (K1)"] * 3
    assert [each.title for each in found.drawn] == [f"output: {name}" for name in ("EI", "EI", "IE", "IE", "N", "N")]


@pytest.mark.slow
def test_motifs_that_resemble_none_well_enough_are_named_nowhere(
    amber: Amber, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "discover_motifs", lambda sequences, table: [MOTIF])
    monkeypatch.setattr(explaining, "match_motifs", lambda motifs, known: [[Match(known[0], 1e-3, 0.06)]])
    write_meme(tmp_path / "known.meme", [Motif("K1", MOTIF.probabilities, "Factor")])
    options = ("--examples", 3, "--shuffles", 1, "--database", tmp_path / "known.meme", "--for", "EI")
    done = amber("explain", finished_run, "-o", tmp_path / "out", *options)
    assert done.stdout.startswith("output: EI: 1 motif: no known motif at 40 places\n"), done.stderr
    for name in ("explain.html", "motifs.csv", "motifs.meme"):
        text = (tmp_path / "out" / name).read_text()
        assert "ACGTA" in text or name == "motifs.meme"
        assert "Factor" not in text and "K1" not in text, name


def test_one_class_is_explained(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    options = ("--motifs", "none", "--examples", 6, "--shuffles", 1)
    done = amber("explain", finished_run, "-o", tmp_path / "out", "--for", "IE", *options)
    assert done.exit_code == 0, done.stderr
    with h5py.File(tmp_path / "out" / "contributions.h5") as file:
        assert list(file["contributions"]) == ["output: IE"]
    done = amber("explain", finished_run, "-o", tmp_path / "other", "--for", "XY", *options)
    said = " ".join(done.stderr.split())
    assert done.exit_code == 2 and "--for: expected one of output: EI, output: IE, output: N. Received: XY" in said
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_filters_are_shown_the_most_informative_first(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    done = amber("explain", finished_run, "-o", tmp_path, "--motifs", "filters", "--examples", 100, "--shuffles", 1)
    assert done.exit_code == 0, done.stderr
    found = read_found(tmp_path)
    assert found is not None and found.sections[0].title == "Filters of the first convolution"
    bits = [each.motif.information_beyond_chance.sum() for each in found.sections[0].motifs]
    assert bits == sorted(bits, reverse=True)
    flat = [each for each in found.sections[0].motifs if each.motif.information_beyond_chance.sum() < 6]
    assert all(each.title == "too flat to be named" and not each.matches for each in flat)


def test_what_is_not_a_run_is_refused(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes((finished_run / "best.keras").read_bytes())
    done = amber("explain", tmp_path / "m.keras")
    assert done.exit_code != 0 and "a model without a run" in done.stderr


def test_a_file_of_motifs_that_is_none_is_refused(amber: Amber, tmp_path: Path) -> None:
    (tmp_path / "m.meme").write_text("nothing")
    (tmp_path / "s.fa").write_text(">a\nACGT\n")
    done = amber("scan", tmp_path / "m.meme", tmp_path / "s.fa")
    assert done.exit_code != 0 and "MEME version 4" in done.stderr
