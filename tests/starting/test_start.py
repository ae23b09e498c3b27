"""`amber init`: what is written for each kind of files, and that a search runs on it as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from amber import Experiment, run
from amber.cli.main import app
from amber.errors import ConfigError, DataError
from amber.starting import start
from amber.starting.fasta import by_class
from amber.starting.tables import label_lines

SITE = "TGACGTCATC"


def sequences(count: int, planted: bool, lengths: tuple[int, int] = (60, 61), seed: int = 0) -> list[str]:
    rng = np.random.default_rng([seed, planted])
    found = []
    for _ in range(count):
        letters = "".join(rng.choice(list("ACGT"), size=rng.integers(*lengths)))
        place = rng.integers(len(letters) - len(SITE))
        found.append(letters[:place] + SITE + letters[place + len(SITE) :] if planted else letters)
    return found


def write_fasta(path: Path, texts: list[str], header: str = "") -> Path:
    path.write_text("".join(f">s{row}{header}\n{text}\n" for row, text in enumerate(texts)))
    return path


def started(folder: Path, files: list[Path], **options: Any) -> tuple[dict[str, Any], str, list[str]]:
    """The configuration, its text, and what was said."""
    said: list[str] = []
    output = folder / "config.yaml"
    start(files, output, say=lambda head, text: said.append(f"{head} {text}"), **options)
    text = output.read_text()
    return yaml.safe_load(text), text, said


@pytest.fixture
def two_classes(tmp_path: Path) -> list[Path]:
    return [
        write_fasta(tmp_path / "bound.fa", sequences(40, True)),
        write_fasta(tmp_path / "free.fa", sequences(40, False)),
    ]


@pytest.mark.slow
def test_fasta_of_each_class_and_the_search_runs_as_it_is(two_classes: list[Path], tmp_path: Path) -> None:
    config, text, said = started(tmp_path, two_classes)
    assert config["data"] == {
        "source": {"fasta": {"bound": "bound.fa", "free": "free.fa"}},
        "task": "classification",
        "split": "similarity",
    }
    assert config["model_space"] == {"preset": "motif_cnn"}
    assert config["name"] == "bound_free"
    assert "Sequences 80 of 60 letters, DNA" in said
    # The order of the alphabet would have free explained.
    assert any("classes free, bound (guessed); bound is the positive one, which `amber" in line for line in said)
    assert any(line.startswith("Budget ") and "while nothing else runs" in line for line in said)
    guessed = [line for line in text.splitlines() if line.startswith("  ") and "guess" in line]
    assert len(guessed) > 10
    assert max(map(len, text.splitlines())) < 125
    result = run(Experiment.from_yaml(tmp_path / "config.yaml", trials=1, run_directory=tmp_path / "run"))
    assert result.best_model.is_file()


def test_classes_are_called_by_the_whole_names_of_their_files(tmp_path: Path) -> None:
    files = [
        write_fasta(tmp_path / "sample.pos.fa", sequences(40, True)),
        write_fasta(tmp_path / "sample.neg.fa", sequences(40, False)),
    ]
    config, _, _ = started(tmp_path, files)
    expected = {"sample_pos": "sample.pos.fa", "sample_neg": "sample.neg.fa"}
    assert config["data"]["source"] == {"fasta": expected}
    with pytest.raises(
        DataError,
        match=r"Rename one. Received: sample\.pos\.fa and .*sample_pos\.fasta, which would both be called sample_pos",
    ):
        by_class([files[0], tmp_path / "sample_pos.fasta"], tmp_path)


def test_unequal_lengths_are_said_and_brought_to_one(tmp_path: Path) -> None:
    files = [
        write_fasta(tmp_path / "a.fa", sequences(40, True, (50, 200))),
        write_fasta(tmp_path / "b.fa", sequences(40, False, (50, 200))),
    ]
    config, text, _ = started(tmp_path, files)
    assert 100 < config["data"]["length"] < 200
    assert config["data"]["align"] == "centre"
    assert "longer ones are cut" in text


def test_labels_in_headers(tmp_path: Path) -> None:
    path = tmp_path / "all.fa"
    both = [(text, 1) for text in sequences(30, True)] + [(text, 0) for text in sequences(30, False)]
    path.write_text("".join(f">s{row} label={label}\n{text}\n" for row, (text, label) in enumerate(both)))
    config, _, _ = started(tmp_path, [path])
    assert config["data"]["source"]["labels"] == "(?:label|class|target)[=:]([^\\s|;,]+)"


def test_one_fasta_without_labels_gets_shuffles(tmp_path: Path) -> None:
    path = write_fasta(tmp_path / "bound.fa", sequences(40, True))
    config, _, _ = started(tmp_path, [path])
    assert config["data"]["source"]["fasta"] == {"bound": "bound.fa", "shuffled": "bound.shuffled.fa"}
    shuffled = (tmp_path / "bound.shuffled.fa").read_text().split()[1::2]
    assert [sorted(text) for text in shuffled] == [sorted(text) for text in sequences(40, True)]
    with pytest.raises(DataError, match=r"bound\.shuffled\.fa: expected no such file"):
        start([path], tmp_path / "other.yaml")


def test_proteins_and_rna_are_recognised(tmp_path: Path) -> None:
    for name, letters in (("protein", "ACDEFGHIKL"), ("rna", "ACGU")):
        rng = np.random.default_rng(1)
        folder = tmp_path / name
        folder.mkdir()
        files = [
            write_fasta(folder / f"{each}.fa", ["".join(rng.choice(list(letters), size=30)) for _ in range(40)])
            for each in ("a", "b")
        ]
        assert started(folder, files)[0]["data"]["alphabet"] == name


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    path = tmp_path / "genome.fa"
    path.write_text("".join(f">chr{n}\n{''.join(rng.choice(list('ACGT'), size=8000))}\n" for n in range(1, 7)))
    return path


def test_peaks_and_genome(genome: Path, tmp_path: Path) -> None:
    peaks = tmp_path / "peaks.bed"
    peaks.write_text("".join(f"chr{n}\t{at}\t{at + 200}\n" for n in range(1, 7) for at in range(500, 6000, 600)))
    config, text, said = started(tmp_path, [peaks], genome=genome)
    assert config["data"]["source"] == {
        "intervals": {"peaks": "peaks.bed", "background": "peaks.background.bed"},
        "genome": "genome.fa",
        "window": 200,
    }
    assert set(config["data"]["split"]["chromosomes"]) == {"validation", "test"}
    assert "whole chromosomes" in text
    background = (tmp_path / "peaks.background.bed").read_text().splitlines()
    assert len(background) >= 50
    assert any("matched for GC content" in line for line in said)
    experiment = Experiment.from_yaml(tmp_path / "config.yaml", trials=1, run_directory=tmp_path / "run")
    assert experiment.dataset.input_shape == (200, 4)


def test_peaks_of_single_bases_are_said_to_be_such(genome: Path, tmp_path: Path) -> None:
    starts = range(300, 3000, 300)
    (tmp_path / "sites.bed").write_text("".join(f"chr{1 + at % 2}\t{at}\t{at + 1}\n" for at in starts))
    _, text, _ = started(tmp_path, [tmp_path / "sites.bed"], genome=genome)
    assert "bp: every interval is a single base" in " ".join(text.replace("#", " ").split())


def test_summits_and_names_of_chromosomes_that_differ(genome: Path, tmp_path: Path) -> None:
    files = []
    for name in ("high", "low"):
        path = tmp_path / f"{name}.narrowPeak"
        rows = [
            f"{n}\t{at}\t{at + 150 + at % 7}\tp\t0\t.\t5\t-1\t-1\t70\n"
            for n in range(1, 7)
            for at in range(600 if name == "high" else 900, 7000, 600)
        ]
        path.write_text("".join(rows))
        files.append(path)
    config, _, _ = started(tmp_path, files, genome=genome)
    assert config["data"]["source"]["centre"] == "summit"
    assert config["data"]["source"]["window"] == 500
    assert "chromosomes" in config["data"]["split"]


def test_one_file_of_peaks_with_summits_beside_matched_windows_that_have_none(genome: Path, tmp_path: Path) -> None:
    rows = [f"chr{1 + at % 2}\t{at}\t{at + 150}\tp\t0\t.\t5\t-1\t-1\t70\n" for at in range(600, 7000, 301)]
    (tmp_path / "atf.narrowPeak").write_text("".join(rows))
    config, _, said = started(tmp_path, [tmp_path / "atf.narrowPeak"], genome=genome)
    assert config["data"]["source"]["centre"] == "summit"
    assert any("atf.background.bed has no summits: the middle" in line for line in said)


@pytest.mark.parametrize("column", ["peptide", "ligand"])
def test_short_proteins_in_a_table(column: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), rng.integers(9, 20))) for _ in range(80)]
    (tmp_path / "bound.csv").write_text(f"{column},class\n" + "".join(f"{row},{n % 2}\n" for n, row in enumerate(rows)))
    config, _, _ = started(tmp_path, [tmp_path / "bound.csv"])
    assert config["data"]["sequence"] == column and config["data"]["alphabet"] == "protein"


def test_names_of_genes_are_no_proteins(tmp_path: Path) -> None:
    names = ["CTCF", "POLRMT", "SMARCAD", "PITRM", "CREBBP", "HNRNPA", "NOTCH", "STAT", "MTOR", "ATF"] * 4
    text = "".join(f"{name},{n / 7},{n % 2}\n" for n, name in enumerate(names))
    (tmp_path / "genes.csv").write_text(f"gene,level,class\n{text}")
    config, _, _ = started(tmp_path, [tmp_path / "genes.csv"])
    assert "sequence" not in config["data"]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_tables(separator: str, tmp_path: Path) -> None:
    both = [(text, "yes") for text in sequences(30, True)] + [(text, "no") for text in sequences(30, False)]
    rows = [["id", "promoter", "active"], *([f"r{row}", text, label] for row, (text, label) in enumerate(both))]
    path = tmp_path / "table.txt"
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n")
    config, _, _ = started(tmp_path, [path])
    assert config["data"]["source"] == {"table": "table.txt"}
    assert (config["data"]["sequence"], config["data"]["label"]) == ("promoter", "active")


def test_a_table_with_parts_numbers_and_a_named_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "guides.csv"
    parts = ["train"] * 60 + ["val"] * 20 + ["test"] * 20
    texts = sequences(100, False)
    rows = [f"{text},{rng.normal():.4f},{rng.normal():.4f},{part}" for text, part in zip(texts, parts, strict=True)]
    path.write_text("seq,effect,other,split\n" + "\n".join(rows) + "\n")
    config, _, _ = started(tmp_path, [path], label="effect")
    assert config["data"]["label"] == "effect"
    assert config["data"]["task"] == "regression"
    assert config["data"]["split"] == "split"
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(DataError, match=r"the column 'nothing' that --label names\. Received: .*effect"):
        start([path], tmp_path / "config.yaml", label="nothing")


def test_numbers_that_may_be_classes_are_guessed_and_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    texts = sequences(80, False)
    path.write_text("seq,score\n" + "".join(f"{text},{row % 6 / 4}\n" for row, text in enumerate(texts)))
    config, text, said = started(tmp_path, [path])
    assert (config["data"]["label"], config["data"]["task"]) == ("score", "regression")
    assert text.count("task:") == 1 and "may also be names of classes; then write classification" in text
    assert any("regression, values 0 to 1.25" in line for line in said)


def test_messages_name_no_place_of_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    texts = [*sequences(40, False), "AC1" + SITE * 5 + SITE[:7]]
    path.write_text("seq,label\n" + "".join(f"{text},{row % 2}\n" for row, text in enumerate(texts)))
    with pytest.raises(DataError) as raised:
        start([path], tmp_path / "config.yaml")
    assert str(raised.value).startswith(f"{path}, line 42, position 3: ")


def test_labels_of_which_an_example_has_any_number(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "many.csv"
    rows = [",".join([text, *map(str, rng.integers(0, 2, size=3))]) for text in sequences(80, False)]
    path.write_text("seq,reb1,abf1,rap1\n" + "\n".join(rows) + "\n")
    config, _, _ = started(tmp_path, [path])
    assert config["data"]["labels"] == "reb1..rap1"
    assert "label" not in config["data"]


def test_groups_of_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "groups.csv"
    rows = [",".join([f"c{row % 2}", *(f"{each:.3f}" for each in rng.normal(size=5))]) for row in range(100)]
    path.write_text("label,rna_1,rna_2,protein_1,protein_2,protein_3\n" + "\n".join(rows) + "\n")
    config, _, _ = started(tmp_path, [path])
    assert config["data"]["blocks"] == {"rna": "rna_1..rna_2", "protein": "protein_1..protein_3"}
    assert config["model_space"] == {"preset": "feature_groups"}


def test_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one_hot = np.eye(4, dtype=np.float32)[rng.integers(0, 4, size=(90, 40))]
    np.savez(tmp_path / "data.npz", x=one_hot, y=rng.integers(0, 2, size=90))
    config, _, _ = started(tmp_path, [tmp_path / "data.npz"])
    assert config["data"]["source"] == {"arrays": "data.npz"}
    assert config["data"]["label"] == "y"
    (tmp_path / "config.yaml").unlink()
    np.savez(tmp_path / "labels.npz", x=one_hot, y=rng.integers(0, 2, size=(90, 3)))
    assert started(tmp_path, [tmp_path / "labels.npz"])[0]["data"]["labels"] == "y_*"


def test_nothing_is_overwritten_and_nothing_left_behind(two_classes: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "config.yaml"
    output.write_text("mine")
    with pytest.raises(ConfigError, match="expected a new file, as nothing is overwritten"):
        start(two_classes, output)
    assert output.read_text() == "mine"
    short = write_fasta(tmp_path / "few.fa", sequences(1, True))
    with pytest.raises(DataError):
        start([short], tmp_path / "few.yaml")
    assert not (tmp_path / "few.yaml").exists()
    assert not (tmp_path / "few.shuffled.fa").exists()


@pytest.mark.parametrize(
    ("names", "genome", "message"),
    [
        (["bound.fa", "peaks.bed"], True, r"files of one kind.*bound.fa \(fasta\), peaks.bed \(intervals\)"),
        (["peaks.bed"], False, "expected --genome"),
        (["bound.fa"], True, "expected no --genome"),
        (["missing.fa"], False, "Expected an existing file"),
        (["empty.csv"], False, "an empty file"),
        (["page.html"], False, "a web page"),
        (["words.csv"], False, "expected a column"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    names: list[str], genome: bool, message: str, two_classes: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "peaks.bed").write_text("chr1\t1\t5\n")
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "page.html").write_text("<!doctype html><html></html>")
    (tmp_path / "words.csv").write_text("a,b\nx,y\nz,w\n")
    given = tmp_path / "bound.fa" if genome else None
    with pytest.raises((ConfigError, DataError), match=message):
        start([tmp_path / name for name in names], tmp_path / "config.yaml", genome=given)


def test_the_command_says_what_it_saw_and_the_next_command(two_classes: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "mine.yaml"
    done = CliRunner().invoke(app, ["init", *map(str, two_classes), "-o", str(output)])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "Looking at bound.fa, free.fa ..."
    assert lines[-1] == f"Next: amber search {output}"
    again = CliRunner().invoke(app, ["init", *map(str, two_classes), "-o", str(output)])
    assert again.exit_code == 2


@pytest.mark.parametrize("broken", [KeyboardInterrupt, MemoryError, DataError])
@pytest.mark.parametrize("head", ["Files", "Split"])
def test_what_is_broken_off_leaves_no_file_behind(broken: type[BaseException], head: str, tmp_path: Path) -> None:
    only = write_fasta(tmp_path / "bound.fa", sequences(40, True))

    def say(said: str, text: str) -> None:
        if said == head:
            assert (tmp_path / "bound.shuffled.fa").is_file()
            raise broken

    with pytest.raises(broken):
        start([only], tmp_path / "config.yaml", say=say)
    assert [each.name for each in tmp_path.iterdir()] == ["bound.fa"]
    start([only], tmp_path / "config.yaml")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("label", "key", "value"),
    [
        ("t_1..t_3", "label", ["t_1", "t_2", "t_3"]),
        ("t_*", "label", ["t_1", "t_2", "t_3"]),
        ("p_*", "labels", "p_1..p_2"),
        ("p_1, p_2", "labels", "p_1..p_2"),
        ("t_[2-9],t_1", "label", ["t_2", "t_3", "t_1"]),
        ("t_2..t_2", "label", "t_2"),
    ],
)
def test_several_columns_as_the_configuration_writes_them(label: str, key: str, value: object, tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "table.csv"
    rows = [f"{text},{row % 2},{row // 2 % 2}" for row, text in enumerate(sequences(100, False))]
    rows = [f"{each},{','.join(f'{number:.3f}' for number in rng.normal(size=3))}" for each in rows]
    path.write_text("seq,p_1,p_2,t_1,t_2,t_3\n" + "\n".join(rows) + "\n")
    config, _, said = started(tmp_path, [path], label=label)
    assert config["data"][key] == value
    assert any(each.startswith("Label ") and each.endswith("as you said") for each in said)


@pytest.mark.parametrize(("label", "received"), [("t_9", "'seq'"), ("x_*", "'seq'"), ("label..seq", "'seq'")])
def test_columns_that_are_not_there(label: str, received: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("seq,label\n" + "".join(f"{text},{row % 2}\n" for row, text in enumerate(sequences(60, False))))
    with pytest.raises(DataError, match=rf"{re.escape(repr(label))} that --label names\. Received: {received}"):
        started(tmp_path, [path], label=label)


@pytest.mark.parametrize(
    ("number", "genes", "wanted"),
    [("efficiency", 3, "efficiency"), ("log2", 25, "log2"), ("log2", 3, "gene"), ("start", 25, "gene")],
)
def test_names_of_many_genes_are_no_classes_beside_a_measured_number(number: str, genes: int, wanted: str) -> None:
    columns = {
        number: [str(row / 7) for row in range(100)],
        "gene": [f"gene{row % genes}" for row in range(100)],
    }
    line, *_ = label_lines(list(columns), columns, (), None, "t.csv")
    assert (line.key, line.value) == ("label", wanted)


def test_a_guessed_label_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = [f"{text},{row / 7:.3f},{row / 9:.3f}" for row, text in enumerate(sequences(100, False))]
    path.write_text("seq,t_1,t_2\n" + "\n".join(rows) + "\n")
    config, _, said = started(tmp_path, [path])
    assert f"Label {config['data']['label']}: the last column that could be the label; --label names another" in said


def test_a_length_is_never_beyond_the_longest_sequence(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ACGT"), size=30 + row % 30)) for row in range(240)]
    (tmp_path / "c.fa").write_text("".join(f">s{row} label={row % 2}\n{text}\n" for row, text in enumerate(texts)))
    config, _, _ = started(tmp_path, [tmp_path / "c.fa"])
    assert config["data"]["length"] == "longest"
