"""The key `data.source` as a mapping: sources with their settings, the data set they give, and each mistake's line."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.data import inputs
from amber.data.sources import SOURCES, FastaSource
from amber.errors import ConfigError
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.data import load_data, text_with_data_file
from amber.experiment.experiment import resolve
from amber.experiment.options import RunOptions

Amber = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two FASTA files of two lengths, a genome, two files of intervals, and a table."""
    rng = np.random.default_rng(0)
    letters = np.array(list("ACGT"))

    def sequence(length: int) -> str:
        return "".join(letters[rng.integers(0, 4, length)])

    for name in "ab":
        (tmp_path / f"{name}.fa").write_text("".join(f">{name}{k}\n{sequence(12 + k % 2)}\n" for k in range(40)))
        starts = rng.integers(20, 900, 40)
        (tmp_path / f"{name}.bed").write_text("".join(f"1\t{start}\t{start + 10}\n" for start in starts))
    (tmp_path / "g.fa").write_text(f">chr1\n{sequence(1000)}\n")
    rows = "".join(f"{sequence(12)};{'xy'[k % 2]};{k};{sequence(6)}\n" for k in range(60))
    (tmp_path / "t.txt").write_text(f"seq;label;age;aa\n{rows}")
    return tmp_path


def _loaded(folder: Path, tiny: str, data: str) -> Configuration:
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata: {data}\n")
    return config_from_text(text, str(folder / "c.yaml"))


@pytest.mark.parametrize(
    ("data", "shape", "classes"),
    [
        ("{source: {fasta: {a: a.fa, b: b.fa}}, length: 10}", (10, 4), ("a", "b")),
        ("{source: {fasta: {a: a.fa, b: b.fa}}, length: longest, alphabet: TGCA}", (13, 4), ("a", "b")),
        ("{source: {fasta: [a.fa, b.fa], labels: '^(.)'}, length: shortest}", (12, 4), ("a", "b")),
        ("{source: {intervals: {u: a.bed, v: b.bed}, genome: g.fa, window: 30}}", (30, 4), ("u", "v")),
        ("{source: {table: t.txt}}", (12, 4), ("x", "y")),
        ("{source: {table: t.txt, separator: ';'}, sequence: aa, alphabet: protein}", (6, 20), ("x", "y")),
        ("{source: t.txt, length: 8, align: right}", (8, 4), ("x", "y")),
        (
            "{source: {intervals: a.bed, genome: g.fa, window: 8, negatives: 1, excluded: b.bed}}",
            (8, 4),
            ("negative", "positive"),
        ),
        (
            "{source: {fasta: a.fa}, length: 10, negatives: {shuffled: 1}, split: grouped}",
            (10, 4),
            ("negative", "positive"),
        ),
    ],
)
def test_every_source_gives_a_data_set(
    folder: Path, tiny: str, data: str, shape: tuple[int, ...], classes: tuple[str, ...]
) -> None:
    dataset = load_data(_loaded(folder, tiny, data))
    assert dataset.input_shape == shape
    assert dataset.classes == classes
    assert sum(dataset.sizes.values()) in (60, 80)
    assert isinstance(dataset.train.x, np.ndarray) and dataset.train.x.dtype == np.float32


def test_augmentation_is_seen_in_training_only(folder: Path, tiny: str) -> None:
    plain, changed = (
        load_data(_loaded(folder, tiny, f"{{source: t.txt{more}}}"))
        for more in ("", ", augmentation: {reverse_complement: true, shift: 2}")
    )
    assert changed.input_shape == (12, 4) and changed.fingerprint == plain.fingerprint
    np.testing.assert_array_equal(changed.train.x, plain.train.x)
    assert not np.array_equal(changed.train.x.in_epoch(0), plain.train.x)


def test_weights_of_classes_reach_the_training_of_candidates(folder: Path, tiny: str) -> None:
    loaded = _loaded(folder, tiny, "{source: t.txt, class_weights: {x: 3}}")
    experiment = resolve(loaded, RunOptions(run_directory=folder / "run"))
    assert experiment.objective.settings.fit_kwargs == {"class_weight": {0: 3.0, 1: 1.0}}


def test_weights_of_examples_reach_the_training_of_candidates(folder: Path, tiny: str) -> None:
    loaded = _loaded(folder, tiny, "{source: t.txt, weights: age}")
    dataset = load_data(loaded)
    experiment = resolve(loaded, RunOptions(run_directory=folder / "run"))
    given = experiment.objective.settings.fit_kwargs
    assert given is not None and np.array_equal(given["sample_weight"], dataset.train.weights)
    trained = experiment.objective.evaluate([0] * len(experiment.objective.layout), 0)
    assert trained.status == "complete", trained.error


def test_blocks_of_a_table_are_inputs_of_their_own(folder: Path, tiny: str) -> None:
    blocks = "{dna: {sequence: seq, length: 8}, n: age}"
    loaded = _loaded(folder, tiny, f"{{source: {{table: t.txt}}, blocks: {blocks}}}")
    dataset = load_data(loaded)
    assert dataset.input_shape == {"dna": (8, 4), "n": (1,)}
    assert set(dataset.scaling) == {"n"}


def test_a_source_gives_what_the_same_table_gives(folder: Path, tiny: str) -> None:
    plain, source = (load_data(_loaded(folder, tiny, data)) for data in ("{source: t.txt}", "{source: {table: t.txt}}"))
    np.testing.assert_array_equal(plain.train.x, source.train.x)
    np.testing.assert_array_equal(plain.validation.y, source.validation.y)
    assert plain.path == source.path


def test_unknown_letters_as_zeros(folder: Path, tiny: str) -> None:
    text = (folder / "t.txt").read_text().splitlines()
    (folder / "t.txt").write_text("\n".join([text[0], *("N" + line[1:] for line in text[1:])]) + "\n")
    for unknown, expected in (("mean", 1.0), ("zeros", 0.0)):
        dataset = load_data(_loaded(folder, tiny, f"{{source: {{table: t.txt}}, unknown: {unknown}}}"))
        assert dataset.train.x[:, 0].sum(axis=1).tolist() == [expected] * len(dataset.train)


@pytest.mark.parametrize(
    ("data", "key", "message"),
    [
        ("{source: {fasta: {a: a.fa, b: no.fa}}}", "data.source.fasta.b", "expected an existing file .*no.fa"),
        ("{source: {fasta: a.fa, labelz: x}}", "data.source.labelz", "Did you mean 'labels'"),
        ("{source: {fasta: a.fa, labels: '('}}", "data.source.labels", "a regular expression"),
        ("{source: {fasta: a.fa}, length: 9}", "data", "expected a column 'label'.*'name', 'description'"),
        ("{source: {fasta: {a: a.fa, b: b.fa}}}", "data.source", "write data.length"),
        ("{source: {nothing: a.fa}}", "data.source", "one of the keys .*fasta, intervals, .*simulated, table, zarr"),
        ("{source: {intervals: a.bed, window: 9}}", "data.source.genome", "missing"),
        ("{source: {intervals: a.bed, genome: g.fa, window: 0}}", "data.source.window", "window"),
        ("{source: {intervals: a.bed, genome: g.fa, window: x}}", "data.source.window", "expected an integer"),
        ("{source: {intervals: a.bed, genome: g.fa, window: 9, centre: top}}", "data.source.centre", "'middle'"),
        ("{source: {intervals: a.bed, genome: g.fa, window: 9, feature: gene}}", "data.source.feature", "the type"),
        (
            "{source: {intervals: a.bed, genome: g.fa, window: 9, centre: summit}}",
            "data.source",
            "intervals with summits",
        ),
        ("{source: {intervals: a.bed, genome: g.fa, window: 9}, length: 5}", "data.length", "no effect"),
        ("{source: {fasta: a.fa}, sequence: s}", "data.sequence", "no effect"),
        ("{source: t.txt, alphabet: AA}", "data.alphabet", "dna, rna, protein"),
        ("{source: t.txt, align: up}", "data.align", "'left', 'centre' or 'right'"),
        ("{source: {table: t.txt}, label: nope}", "data.label", "column 'nope'"),
        ("{source: t.txt, augmentation: {shift: 500}}", "data.augmentation", "smaller than the input"),
        ("{source: t.txt, split: {similarity: 500}}", "data.split", "must share at most the"),
        ("{source: t.txt, split: {train: 0.8, test: 0.2}}", "data.split", "fractions: .0.7, 0.1, 0.2"),
        ("{source: t.txt, split: stratified}", "data.split", "split: random, of a size that `fractions` says"),
        ("{source: t.txt, length: max}", "data.length", "an integer or 'longest' or 'shortest'. Received: 'max'"),
        ("{source: [a.fa, b.fa]}", "data.source", "expected text or a mapping of keys. Received: .'a.fa', 'b.fa'"),
        ("{source: t.txt, class_weights: auto}", "data.class_weights", "'balanced' or a mapping"),
        ("{source: t.txt, target: y}", "data.target", "Did you mean 'label' or 'outputs'"),
        ("{source: t.txt, features: [age]}", "data.features", "Did you mean 'blocks' or 'sequence'"),
        ("{source: t.txt, lr: 1}", "data.lr", "unknown key"),
        ("{source: {table: t.txt}, split: nope}", "data.split", "column 'nope'"),
        ("{source: {table: t.txt}, blocks: {n: {sequence: seq, length: 0}}}", "data.blocks.n", "length"),
        ("{source: {simulated: {}, table: t.txt}}", "data.source", "'simulated' alone"),
        ("{source: {table: t.txt}, negatives: {shuffled: 1}}", "data.negatives", "take the negatives out"),
        ("{source: t.txt, blocks: {n: age}, augmentation: {shift: 1}}", "data.augmentation", "needs sequences"),
        ("{source: t.txt, weights: aa}", "data.weights", "line 2, column 'aa': a weight must be a number"),
        ("{source: t.txt, weights: nope}", "data.weights", "column 'nope'"),
        ("{source: t.txt, class_weights: {z: 2}}", "data.class_weights", "of the classes 'x', 'y'"),
        ("{source: t.txt, label: age, class_weights: balanced}", "data.class_weights", "labels that are classes"),
        ("{source: t.txt, augmentation: {shift: -1}}", "data.augmentation.shift", "0"),
        (
            "{source: {intervals: {u: a.bed, v: b.bed}, genome: g.fa, window: 9, negatives: 1}}",
            "data.source.negatives",
            "one file of positive",
        ),
        ("{source: {intervals: a.bed, genome: g.fa, window: 9, excluded: b.bed}}", "data.source.excluded", "how many"),
    ],
)
def test_mistakes_are_named_by_line_and_key(folder: Path, tiny: str, data: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_data(_loaded(folder, tiny, data))
    assert str(caught.value).startswith(f"{folder / 'c.yaml'}, line 3, key {key}: ")
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        ("{source: {fasta: a.fa}, length: 9}", "as in fasta: {bound: a.fa, free: b.fa}; or find labels in the headers"),
        (
            "{source: {fasta: [a.fa, b.fa]}, length: 9}",
            "'name', 'description'. Give each class a file of its own",
        ),
        ("{source: {intervals: a.bed, genome: g.fa, window: 9}}", "or write `negatives: 1` where all are positive"),
        (
            "{source: {intervals: {u: a.bed, v: b.bed}, genome: g.fa, bins: 5, window: 9, overlap: 0}}",
            "write `labels: [u, v]` beside `source`; or write data.label",
        ),
    ],
)
def test_examples_without_labels_get_advice(folder: Path, tiny: str, data: str, advice: str) -> None:
    with pytest.raises(ConfigError, match="expected a column 'label'.*" + re.escape(advice)):
        load_data(_loaded(folder, tiny, data))


def test_the_text_that_is_kept_has_absolute_paths(folder: Path, tiny: str) -> None:
    written = "{source: {fasta: {a: [a.fa, b.fa], b: 'b.fa'}, table: u.csv}, length: 9}"
    names = "".join(f"{name}{k},0\n" for name in "ab" for k in range(40))
    (folder / "u.csv").write_text(f"name,y\n{names}")
    loaded = _loaded(folder, tiny, written)
    text = text_with_data_file(loaded, load_data(loaded))
    other = config_from_text(text, "/elsewhere/c.yaml")
    assert isinstance(other.source, FastaSource)
    assert dict(other.source.files()) == dict(loaded.source.files() if loaded.source else {})
    assert load_data(other).fingerprint == load_data(loaded).fingerprint


def test_a_source_of_a_plug_in(folder: Path, tiny: str) -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Doubled(FastaSource):
        """A FASTA source under another name."""

        doubled: int = 2

    SOURCES.register("doubled", Doubled)
    try:
        loaded = _loaded(folder, tiny, "{source: {doubled: 3, fasta: {a: a.fa, b: b.fa}}, length: 9}")
        assert load_data(loaded).input_shape == (9, 4)
        assert isinstance(loaded.source, Doubled) and loaded.source.doubled == 3
    finally:
        SOURCES._entries.pop("doubled")


@pytest.mark.slow
def test_a_search_on_peaks_resumes_from_another_folder(
    folder: Path, tiny: str, amber: Amber, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tiny.replace(
        "seed: 3\n", "seed: 3\ndata: {source: {intervals: {u: a.bed, v: b.bed}, genome: g.fa, window: 30}}\n"
    )
    (folder / "c.yaml").write_text(text)
    monkeypatch.chdir(folder)
    first = amber("search", "c.yaml", "--run-directory", "run")
    assert first.exit_code == 0, first.output
    assert "binary classification, classes u, v" in first.output
    shutil.move(folder / "run", folder.parent / "moved")
    monkeypatch.chdir(folder.parent)
    again = amber("evaluate", "moved")
    assert again.exit_code == 0, again.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    ["{source: {intervals: {u: a.bed, v: b.bed}, genome: g.fa, window: 30}}", "{source: {table: t.txt}, label: age}"],
)
def test_a_search_of_what_is_read_in_batches_is_that_of_what_is_held(
    folder: Path, tiny: str, amber: Amber, monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata: {data}\n")
    if "age" in data:
        text = text.replace("val_accuracy", "val_loss").replace("maximize", "minimize")
    (folder / "c.yaml").write_text(text)
    monkeypatch.chdir(folder)
    trials = []
    for share, run in ((0.25, "held"), (0.0, "streamed")):
        monkeypatch.setattr(inputs, "HELD_SHARE", share)
        done = amber("search", "c.yaml", "--run-directory", run, "--quiet")
        assert done.exit_code == 0, done.output + done.stderr
        lines = (folder / run / "trials.jsonl").read_text().splitlines()
        trials.append([(each["tokens"], each["score"]) for each in map(json.loads, lines) if "score" in each])
    assert trials[0] == trials[1] and trials[0]


def test_a_split_by_chromosome(folder: Path, tiny: str) -> None:
    names = ["chr1", "chr2", "chr3"]
    (folder / "three.fa").write_text("".join(f">{name}\n{'ACGT' * 100}\n" for name in names))
    for label in "ab":
        rows = (f"{names[k % 3]}\t{20 + 6 * k}\t{26 + 6 * k}\n" for k in range(30))
        (folder / f"{label}.bed").write_text("".join(rows))
    source = "{intervals: {u: a.bed, v: b.bed}, genome: three.fa, window: 10}"
    split = "{chromosomes: {validation: ['2'], test: [chr3]}}"
    dataset = load_data(_loaded(folder, tiny, f"{{source: {source}, split: {split}}}"))
    assert dataset.sizes == {"train": 20, "validation": 20, "test": 20}
    assert dataset.split == "chromosomes" and "test 'chr3'" in dataset.split_origin
    with pytest.raises(ConfigError, match="line 3, key data.split: .*chr9"):
        load_data(_loaded(folder, tiny, f"{{source: {source}, split: {{chromosomes: {{test: [chr9]}}}}}}"))
    drawn = load_data(_loaded(folder, tiny, f"{{source: {source}, split: random}}"))
    overlaps = [note for note in drawn.notes if "overlap intervals of the train part" in note]
    assert overlaps and all("`split: {chromosomes: ...}` keeps overlapping windows" in note for note in overlaps)


@pytest.mark.parametrize("split", ["similarity", "{similarity: 12}"])
def test_a_split_by_similarity(folder: Path, tiny: str, split: str) -> None:
    lines = (folder / "t.txt").read_text().splitlines()
    (folder / "t.txt").write_text("\n".join([lines[0], *lines[1:31], *lines[1:31]]) + "\n")
    for source in ("t.txt", "{table: t.txt}"):
        dataset = load_data(_loaded(folder, tiny, f"{{source: {source}, split: {split}}}"))
        rows = [
            {each.tobytes() for each in part.x} for part in (dataset.train, dataset.validation, dataset.open_test())
        ]
        assert len(set.union(*rows)) == sum(map(len, rows))
        assert dataset.split == "similarity"
        assert any("groups of near-duplicates" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "split",
    ["{}", "{similarity: 0}", "{chromosomes: {train: [a]}}", "{chromosomes: {test: []}}", "{similarity: 9, random: 1}"],
)
def test_other_splits_are_refused(folder: Path, tiny: str, split: str) -> None:
    with pytest.raises(ConfigError, match="line 3, key data.split"):
        _loaded(folder, tiny, f"{{source: {{table: t.txt}}, split: {split}}}")
