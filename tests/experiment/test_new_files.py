"""New labelled files are read with the columns, classes and scaling of a run."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.data import Scaling
from amber.data.targets.target import MISSING_NUMBER, Labels, Numbers
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.new_files import read_files, read_inputs
from amber.experiment.task_spec import Outcome, TaskSpec
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading

CONFIG = """\
name: known
data:
  {data}
model_space:
  - [{{Layer_type: conv1d, filters: 4, kernel_size: 3}}]
builder: {{type: residual_cnn}}
"""


def configuration(data: str) -> Configuration:
    return config_from_text(CONFIG.format(data=data.replace("\n", "\n  ")), "known.yaml", recorded=True)


def preprocessing(outcome: Outcome, scaling: dict[str, Scaling] | None = None, length: int = 4) -> Preprocessing:
    task = TaskSpec({"input": (length, 4)}, {"output": outcome})
    return Preprocessing(task, {"input": SequenceReading("ACGT", length, None, "mean")}, {}, scaling or {})


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_classes_of_a_table_are_numbered_as_in_the_run(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,kind\nACGT,b\nTTTT,b\nCCCC,NA\n")
    part = read_files([file], configuration("source: old.csv\nlabel: kind"), preprocessing(("a", "b", "c")))
    assert part.split.y.tolist() == [1, 1]
    assert np.asarray(part.split.x).shape == (2, 4, 4)
    assert any("1 of 3 examples have no value" in note for note in part.notes)


def test_a_class_that_the_run_does_not_know_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,label\nACGT,a\nTTTT,z\n")
    with pytest.raises(DataError, match=r"line 3: a label must be one of 'a', 'b'. Received: 'z'"):
        read_files([file], configuration("source: old.csv"), preprocessing(("a", "b")))


def test_numbers_are_scaled_as_in_the_run(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,label\nACGT,10\nTTTT,14\n")
    known = preprocessing(None, {"output": Scaling((10.0,), (2.0,))})
    part = read_files([file], configuration("source: old.csv\ntask: regression"), known)
    np.testing.assert_allclose(part.split.y, [[0.0], [2.0]])


def test_labels_are_those_of_the_network_in_its_order(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,p_two,p_one,other\nACGT,1,0,5\nTTTT,,1,6\n")
    known = preprocessing(Labels(("p_one", "p_two"), True))
    part = read_files([file], configuration('source: {table: old.csv}\nlabels: "p_*"'), known)
    assert part.split.y.tolist() == [[0.0, 1.0], [1.0, -1.0]]


def test_several_numbers_beside_a_class_are_scaled_and_may_be_missing(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,kind,a,b\nACGT,x,1,4\nTTTT,,3,4\nGGGG,y,3,\nCCCC,y,,\n")
    loaded = configuration("source: {table: old.csv}\noutputs: {kind: {column: kind}, both: {column: [a, b]}}")
    task = TaskSpec({"input": (4, 4)}, {"kind": ("x", "y"), "both": Numbers(("a", "b"))})
    known = Preprocessing(
        task, {"input": SequenceReading("ACGT", 4, None, "mean")}, {}, {"both": Scaling((1.0, 2.0), (2.0, 4.0))}
    )
    part = read_files([file], loaded, known)
    assert isinstance(part.split.y, dict)
    assert part.split.y["kind"].tolist() == [0, 1]
    np.testing.assert_allclose(part.split.y["both"], [[0.0, 0.5], [1.0, MISSING_NUMBER]], rtol=1e-6)
    np.testing.assert_array_equal(next(iter(part.split.x.values()))[1, :, 2], np.ones(4))  # type: ignore[union-attr]


def test_tasks_of_simulated_data_are_columns_of_a_table(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,gata\nACGT,positive\nTTTT,negative\n")
    loaded = configuration("source: {simulated: {tasks: {gata: {motifs: [gata]}}}}")
    known = Preprocessing(
        TaskSpec({"input": (4, 4)}, {"gata": ("negative", "positive")}),
        {"input": SequenceReading("ACGT", 4, None, "mean")}, {}, {},
    )  # fmt: skip
    assert read_files([file], loaded, known).split.y.tolist() == [1, 0]


def test_fasta_by_class(tmp_path: Path) -> None:
    one = write(tmp_path / "one.fa", ">x\nACGT\n>y\nAAAA\n")
    two = write(tmp_path / "two.fa", ">z\nGGGG\n")
    loaded = configuration("source: {fasta: {bound: old.fa, unbound: older.fa}}\nlabel: label")
    part = read_files([f"unbound={two}", f"bound={one}"], loaded, preprocessing(("bound", "unbound")))
    assert part.split.y.tolist() == [1, 0, 0]
    for given in ([one], [one, two]):
        with pytest.raises(
            ConfigError, match="expected new ones by name too: bound=FILE unbound=FILE. Received: .*one.fa"
        ):
            read_files(given, loaded, preprocessing(("bound", "unbound")))
    with pytest.raises(
        ConfigError, match=r"each of two classes at least, such as bound=FILE .* Received: bound=.*one.fa"
    ):
        read_files([f"bound={one}"], loaded, preprocessing(("bound", "unbound")))


@pytest.mark.parametrize(
    "data",
    [
        "source: old.csv\nlabel: kind",  # in another column
        "source: {parquet: old.parquet}\nlabel: kind",
        "source: {fasta: old.fa, labels: '([a-z]+)$'}\nlabel: label",  # in the headers
        "source: {fasta: old.fa}\nnegatives: {shuffled: 1}\nlabel: label",  # made of the positives
    ],
)
def test_files_by_class_are_taken_whatever_labels_the_run_had(data: str, tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.fa", ">x\nACGT\n>y\nAAAA\n"), write(tmp_path / "two.fa", ">z\nGGGG\n")
    part = read_files([f"yes={one}", f"no={two}"], configuration(data), preprocessing(("no", "yes")))
    assert part.split.y.tolist() == [1, 1, 0]


def test_how_labels_are_given_is_said_where_a_file_has_none(tmp_path: Path) -> None:
    file = write(tmp_path / "new.fa", ">x\nACGT\n")
    with pytest.raises(DataError, match="column 'kind' .*Give each class a file of its own: no=FILE 'or so=FILE'"):
        read_files([file], configuration("source: old.csv\nlabel: kind"), preprocessing(("no", "or so")))
    table = write(tmp_path / "new.csv", "seq\nACGT\n")
    with pytest.raises(DataError, match="column 'kind'") as raised:  # a table has columns
        read_files([table], configuration("source: old.csv\nlabel: kind"), preprocessing(("no", "yes")))
    assert "=FILE" not in str(raised.value)


def test_intervals_by_class_take_the_place_of_drawn_negatives(tmp_path: Path) -> None:
    genome = write(tmp_path / "genome.fa", ">chr1\n" + "ACGT" * 20 + "\n")
    one, two = (write(tmp_path / f"{at}.bed", f"chr1\t{at}\t{at + 4}\n") for at in (4, 20))
    loaded = configuration(
        f"source: {{intervals: old.bed, genome: {genome}, window: 4, negatives: 1, excluded: x.bed}}\nlabel: label"
    )
    known = preprocessing(("negative", "positive"))
    assert read_files([f"positive={one}", f"negative={two}"], loaded, known).split.y.tolist() == [1, 0]
    Path(genome).unlink()
    with pytest.raises(ConfigError, match="--genome: .*4.bed is on; that of the run is not there any more"):
        read_files([f"positive={one}", f"negative={two}"], loaded, known)


def test_fasta_with_labels_in_headers(tmp_path: Path) -> None:
    file = write(tmp_path / "new.fa", ">x 1\nACGT\n>y 0\nAAAA\n")
    loaded = configuration("source: {fasta: old.fa, labels: ' ([01])$'}\nlabel: label")
    assert read_files([file], loaded, preprocessing(("0", "1"))).split.y.tolist() == [1, 0]


def test_intervals_on_the_genome_of_the_run_or_another(tmp_path: Path) -> None:
    genome = write(tmp_path / "genome.fa", ">chr1\n" + "ACGT" * 20 + "\n")
    bed = "chr1\t{}\t{}\t.\t{}\n"
    file = write(tmp_path / "new.bed", bed.format(4, 8, 1) + bed.format(20, 24, 0))
    loaded = configuration(f"source: {{intervals: old.bed, genome: {genome}, window: 4}}\nlabel: score\ntask: classes")
    part = read_files([file], loaded, preprocessing(("0", "1")))
    assert part.split.y.tolist() == [1, 0]
    other = write(tmp_path / "other.fa", ">chr1\n" + "T" * 80 + "\n")
    elsewhere = read_files([file], loaded, preprocessing(("0", "1")), Path(other))
    assert np.asarray(elsewhere.split.x)[:, :, 3].all()


def test_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", seq=np.eye(4, dtype="uint8")[None].repeat(3, axis=0), label=np.array([1, 0, 1]))
    part = read_files(
        [str(tmp_path / "new.npz")], configuration("source: {arrays: old.npz}"), preprocessing(("0", "1"))
    )
    assert part.split.y.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["a.csv", "b.fa"], "files of one kind"),
        (["a.csv", "b.csv"], "expected one table file"),
        (["x=a.fa", "b.fa"], "NAME=PATH"),
        (["calls.vcf"], "amber variants"),
        (["a.bed", "b.bed"], "CLASS=FILE"),
        (["a.bed"], "--genome"),
    ],
)
def test_files_that_do_not_go_together(files: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_files(files, configuration("source: old.csv"), preprocessing(("a", "b")))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(DataError, match=r"Expected an existing file. Received: none.csv"):
        read_files(["none.csv"], configuration("source: old.csv"), preprocessing(("a", "b")))
    with pytest.raises(ConfigError, match="--genome: it is for intervals"):
        read_files(["none.csv"], configuration("source: old.csv"), preprocessing(("a", "b")), Path("g.fa"))


def test_inputs_of_observations_are_found_by_the_names_of_features_and_scaled(tmp_path: Path) -> None:
    path = tmp_path / "new.h5ad"
    with h5py.File(path, "w") as opened:
        for group, names in {"obs": ["cell1", "cell2"], "var": ["other", "b", "a"]}.items():
            opened.create_group(group).attrs["_index"] = "_index"
            opened[group]["_index"] = names
        opened["X"] = np.array([[9.0, 2.0, 1.0], [9.0, 4.0, 3.0]], np.float32)
    known = Preprocessing(
        TaskSpec({"input": (2,)}, {"output": ("x", "y")}),
        {},
        {"input": Scaling((1.0, 2.0), (2.0, 2.0))},
        {},
        {"input": ("a", "b")},
    )
    new = read_inputs(str(path), configuration("source: {anndata: old.h5ad}\nlabel: kind"), known)
    np.testing.assert_allclose(new.x["input"], [[0.0, 0.0], [1.0, 1.0]])
    assert new.keys == ("name", ["cell1", "cell2"])
    with pytest.raises(DataError, match="expected an array 'seq'"):
        np.savez(tmp_path / "none.npz", other=np.zeros(3))
        read_inputs(str(tmp_path / "none.npz"), configuration("source: old.csv"), preprocessing(("a", "b")))


@pytest.mark.parametrize(
    ("data", "csv_keys", "parquet_keys"),
    [
        ("sequence: seq", ("seq", ["ACGT", "TTTT"]), ("seq", ["ACGT", "TTTT"])),
        ("blocks: {dna: {sequence: seq}}", ("seq", ["ACGT", "TTTT"]), ("seq", ["ACGT", "TTTT"])),
        ("blocks: {dna: {sequence: seq}, ages: [age]}", ("line", ["2", "3"]), ("row", ["0", "1"])),
        ("blocks: {ages: [age]}", ("line", ["2", "3"]), ("row", ["0", "1"])),
    ],
)
def test_a_row_of_a_table_is_told_by_its_sequence_or_its_number_whatever_the_format(
    data: str, csv_keys: tuple[str, list[str]], parquet_keys: tuple[str, list[str]], tmp_path: Path
) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"seq": ["ACGT", "TTTT"], "age": [1, 2]}), tmp_path / "new.parquet")
    file = write(tmp_path / "new.csv", "seq,age\nACGT,1\nTTTT,2\n")
    loaded = configuration(f"source: {{parquet: old.parquet}}\n{data}\nlabel: kind")
    blocks = {"dna": (4, 4), "ages": (1,)}
    inputs = {name: shape for name, shape in blocks.items() if name in data} or {"input": (4, 4)}
    reading = {name: SequenceReading("ACGT", 4, None, "mean") for name, shape in inputs.items() if len(shape) == 2}
    known = Preprocessing(TaskSpec(inputs, {"output": ("a", "b")}), reading, {}, {})
    assert read_inputs(file, loaded, known).keys == csv_keys
    assert read_inputs(str(tmp_path / "new.parquet"), loaded, known).keys == parquet_keys


def test_a_wrong_class_is_named_by_the_row_or_example_it_stands_in(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"seq": ["ACGT", "TTTT"], "label": ["a", "z"]}), tmp_path / "new.parquet")
    with pytest.raises(DataError, match="'label', row 1: a label must be one of 'a', 'b'. Received: 'z'"):
        read_files([str(tmp_path / "new.parquet")], configuration("source: old.csv"), preprocessing(("a", "b")))
    fasta = write(tmp_path / "new.fa", ">x a\nACGT\n>y z\nTTTT\n")
    loaded = configuration("source: {fasta: old.fa, labels: ' ([a-z])$'}\nlabel: label")
    with pytest.raises(DataError, match="'label', example 2: a label must be one of 'a', 'b'. Received: 'z'"):
        read_files([fasta], loaded, preprocessing(("a", "b")))


def _grouped_file(path: Path, header: str) -> str:
    rows = [f"{seq},{label},{group}" for seq, label, group in zip(SEQUENCES, "abababab", "uuvv wxx", strict=True)]
    return write(path, "\n".join([f"seq,label,{header}", *rows]) + "\n")


SEQUENCES = ("ACGT", "TTTT", "CCCC", "GGGG", "ACAC", "GTTG", "CTTA", "AGGA")


@pytest.mark.parametrize(
    ("split", "header", "groups"),
    [
        ("grouped", "Group", [0, 0, 1, 1, 2, 3, 4, 4]),
        ("random", "group", [0, 0, 1, 1, 2, 3, 4, 4]),
        ("chromosomes", "chromosome", [0, 0, 1, 1, 2, 3, 4, 4]),
        ("random", "chromosome", None),
        ("chromosomes", "other", None),
    ],
)
def test_groups_of_new_examples_are_those_that_the_run_divides_by(
    split: str, header: str, groups: list[int] | None, tmp_path: Path
) -> None:
    file = _grouped_file(tmp_path / "new.csv", header)
    part = read_files([file], configuration(f"source: old.csv\nsplit: {split}"), preprocessing(("a", "b"))).split
    assert (None if part.groups is None else len(part.groups)) == (None if groups is None else len(groups))
    if part.groups is not None and groups is not None:
        same = np.equal.outer(part.groups, part.groups)
        assert (same == np.equal.outer(groups, groups)).all()


def test_near_duplicates_among_new_examples_are_groups(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    one, two, three = ("".join(generator.choice(list("ACGT"), 60)) for _ in range(3))
    rows = [one, two, one[:-1] + "A", three, two]
    file = write(tmp_path / "new.csv", "seq,label\n" + "".join(f"{seq},a\n" for seq in rows))
    known = preprocessing(("a", "b"), length=60)
    part = read_files([file], configuration("source: old.csv\nsplit: similarity"), known).split
    assert part.groups is not None
    assert part.groups[0] == part.groups[2] != part.groups[1] == part.groups[4] != part.groups[3]


def test_groups_are_those_of_the_examples_that_are_left(tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", "seq,label,group\nACGT,a,u\nTTTT,,v\nCCCC,b,v\nGGGG,a,u\n")
    part = read_files([file], configuration("source: old.csv\nsplit: grouped"), preprocessing(("a", "b"))).split
    assert part.groups is not None and len(part.groups) == 3
    assert part.groups[0] == part.groups[2] != part.groups[1]
