"""Contributions along the genome: places of examples from their windows to the bigWig file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pybigtools
import pytest

from amber.data.genome_places import GenomePlaces
from amber.data.words_of_titles import words_of
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import load_data
from amber.experiment.explained_tracks import names_of_tracks, write_tracks

Command = Callable[..., Any]
SPACE = "model_space: [[{Layer_type: conv1d, filters: 4, kernel_size: 5}], [{Layer_type: flatten}]]\n"
BASES = "".join(np.random.default_rng(3).choice(list("ACGT"), 2000))


def configuration(folder: Path, window: int = 50) -> str:
    """Positive windows of either strand, some of which overlap or hang over an end of the chromosome."""
    (folder / "g.fa").write_text(f">chrI\n{BASES}\n>chrII\n{BASES[::-1]}\n")
    places = [("chrI", 5, "+"), ("chrII", 1995, "-"), ("chrI", 1000, "+"), ("chrI", 1010, "-")]
    places += [("chrI" if row % 2 else "chrII", 60 + 40 * row, "+-"[row % 3 == 0]) for row in range(40)]
    lines = [f"{name}\t{at}\t{at + 1}\tpeak\t0\t{strand}\n" for name, at, strand in places]
    (folder / "a.bed").write_text("".join(lines[::2]))
    (folder / "b.bed").write_text("".join(lines[1::2]))
    source = f"{{intervals: {{u: {folder}/a.bed, v: {folder}/b.bed}}, genome: {folder}/g.fa, window: {window}"
    return (
        f"name: places\ndata:\n  source: {source}, at_end: pad}}\n  split: random\n"
        f"  augmentation: {{shift: 3}}\n{SPACE}"
        "builder: {type: sequential}\ntraining: {epochs: 1}\nsearch: {trials: 1, sampler: random}\n"
        "final: {epochs: 1, ensemble: 1}\n"
    )


def test_examples_know_where_they_lie(tmp_path: Path) -> None:
    data = load_data(config_from_text(configuration(tmp_path), "places.yaml"))
    sequences = {"chrI": BASES, "chrII": BASES[::-1]}
    for part in (data.train, data.validation, data.test.open_test()):
        places = part.places
        assert places is not None and len(places) == len(part) and dict(places.sizes) == {"chrI": 2000, "chrII": 2000}
        # Each base of a window, turned to the forward strand, is that of the genome.
        codes = np.asarray(part.x).argmax(axis=-1).astype(float)
        along = places.along_genome(np.where(places.is_reverse[:, None], 3 - codes, codes))
        for row in range(len(part)):
            start, text = int(places.start[row]), sequences[places.chromosome[row]]
            inside = ~np.isnan(along[row])
            found = "".join("ACGT"[int(code)] for code in along[row][inside])
            assert found == text[max(0, start) : start + 50] and inside.sum() == min(2000, start + 50) - max(0, start)
    assert data.train.places is not None and data.train.joined(data.train).places is not None
    everything = [part.places for part in (data.train, data.validation)]
    assert min(min(each.start) for each in everything if each is not None) < 0


def test_words_of_titles_are_different() -> None:
    assert words_of(["plus+", "plus-", "Plus ", "other"]) == ["plus_", "plus__1", "Plus__2", "other"]
    assert words_of(["a", "a_1", "A"]) == ["a", "a_1", "A_2"]
    assert names_of_tracks(["y: bound"]) == {"y: bound": "contributions.bw"}
    assert len({name.lower() for name in names_of_tracks(["y: b+", "y: b-", "Y: B*"]).values()}) == 3


def test_a_track_is_written_for_each_output_that_was_explained(tmp_path: Path) -> None:
    places = GenomePlaces(np.array(["c", "c"], object), np.array([-2, 1]), np.array([False, True]), {"c": 5})
    values = np.zeros((2, 5, 4))
    values[0, :, 1], values[1, :, 2] = [9, 9, 1, 2, 3], [9, 4, 5, 6, 7]
    arrays = {"contributions/y: b": values, "hypothetical/y: b": values}
    names = names_of_tracks(["y: a", "y: b"])
    (path,) = write_tracks(tmp_path, names, arrays, places)
    assert path.name == "contributions_y_b.bw"
    track = np.asarray(pybigtools.open(str(path)).values("c", 0, 5, fillna=np.nan))
    np.testing.assert_allclose(track, [1, (2 + 7) / 2, (3 + 6) / 2, 5, 4])
    assert write_tracks(tmp_path, names, arrays, None) == []


@pytest.mark.slow
def test_explained_windows_give_a_track(amber: Command, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(configuration(tmp_path))
    run, out = tmp_path / "run", tmp_path / "run" / "explain"
    done = amber("search", tmp_path / "config.yaml", "-d", run)
    assert done.exit_code == 0, done.output + done.stderr
    options = ("--motifs", "none", "--examples", 20, "--shuffles", 1)
    done = amber("explain", run, *options)
    assert done.exit_code == 0 and f"Wrote {out}/contributions.bw" in done.stdout, done.output + done.stderr
    with h5py.File(out / "contributions.h5") as file:
        (title,) = file["contributions"]
        assert title == "output: v"
        total = float(file[f"contributions/{title}"][:].sum())
    track = pybigtools.open(str(out / "contributions.bw"))
    assert track.chroms() == {"chrI": 2000, "chrII": 2000}
    values = np.concatenate([np.asarray(track.values(name, 0, 2000, fillna=np.nan)) for name in ("chrI", "chrII")])
    assert 400 < (~np.isnan(values)).sum() <= 1000
    # Windows hardly overlap, so that the sums are nearly the same.
    assert np.nansum(values) == pytest.approx(total, abs=0.2 * np.nansum(np.abs(values)))
    # New files are held in memory, while augmented training examples are read in batches.
    scored = amber("evaluate", run, f"u={tmp_path}/a.bed", f"v={tmp_path}/b.bed")
    assert scored.exit_code == 0, scored.output + scored.stderr
    assert "logistic regression" in scored.stdout and "of 44 examples are among those" in " ".join(
        scored.stdout.split()
    )
    assert amber("explain", run, "--no-bigwig", *options).exit_code == 0
    assert not (out / "contributions.bw").exists()
    refused = amber("explain", run, "--for", "u", *options)
    said = " ".join(refused.stderr.split())
    assert refused.exit_code == 2 and "Of two classes the second stands for both: what raises 'v' lowers 'u'" in said


def test_a_track_of_examples_without_places_is_refused_with_a_way_out(
    amber: Command, finished_run: Path, tmp_path: Path
) -> None:
    done = amber("explain", finished_run, "-o", tmp_path / "out", "--bigwig", "--motifs", "none", "--examples", 2)
    said = " ".join(done.stderr.split())
    assert done.exit_code == 2 and "--bigwig: expected a run on windows of a genome" in said
    assert "save_bigwig" in said and not (tmp_path / "out").exists()
