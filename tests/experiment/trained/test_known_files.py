"""What a command takes of a run where nothing else is given, and how it refuses what the network does not read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from amber.data import Scaling
from amber.errors import ConfigError, DataError
from amber.experiment.before_keras import explained
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.designing import _length
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.files import check_bundle_folder, genome_of
from amber.experiment.trained.genomic_files import read_fasta_examples, read_interval_examples
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading
from amber.experiment.variant_scoring import check_input
from amber.files.output import check_output_folder

OF_GENOME = """\
name: known
data: {source: {intervals: old.bed, genome: GENOME, window: 4}, label: score}
model_space: [[{Layer_type: dense, units: 2}]]
"""
NUMBERS = Preprocessing(TaskSpec({"genes": (30,)}, {"output": ("a", "b")}), {}, {"genes": Scaling((0.0,), (1.0,))}, {})
BOTH = Preprocessing(
    TaskSpec({"dna": (40, 4), "age": (1,)}, {"output": ("a", "b")}),
    {"dna": SequenceReading("ACGT", 40, None, "mean")}, {}, {},
)  # fmt: skip


def test_the_genome_of_a_run_is_taken_where_it_is_still_there(tmp_path: Path) -> None:
    fasta = tmp_path / "genome.fa"
    loaded = config_from_text(OF_GENOME.replace("GENOME", str(fasta)), "known.yaml", recorded=True)
    of_table = config_from_text("data: {source: old.csv}\nmodel_space: [[{Layer_type: dense, units: 2}]]\n", "a.yaml")
    given = tmp_path / "given.fa"
    assert genome_of(loaded, given, "calls.vcf") == genome_of(None, given, "calls.vcf") == given
    with pytest.raises(ConfigError, match=r"--genome: .* calls.vcf is on; that of the run is not there any more"):
        genome_of(loaded, None, "calls.vcf")
    fasta.write_text(">chr1\nACGT\n")
    assert genome_of(loaded, None, "calls.vcf") == fasta
    with pytest.raises(ConfigError, match=r"--genome: .* is on; the run was not given one. Received: none"):
        genome_of(of_table, None, "calls.vcf")
    with pytest.raises(
        ConfigError, match=r"`genome`: expected the FASTA file of the genome that x.bed is on. Received"
    ):
        genome_of(None, None, "x.bed", "`genome`")


@pytest.mark.parametrize(
    "read",
    [
        lambda known: read_fasta_examples(Path("new.fa"), known),
        lambda known: check_input(known, Path("runs/cells")),
        lambda known: _length(known, Path("runs/cells")),
    ],
)
@pytest.mark.parametrize(
    ("known", "received"), [(NUMBERS, "genes (30 numbers)"), (BOTH, "dna (40 positions of 4 channels), age (1 number)")]
)
def test_what_a_network_does_not_read_is_said_with_what_it_reads(
    read: Callable[[Preprocessing], object],
    known: Preprocessing,
    received: str,
) -> None:
    with pytest.raises(
        DataError, match=r"expected a network that reads .*and nothing else\. [A-Z].*\. Received: one"
    ) as e:
        read(known)
    assert str(e.value).endswith(f"Received: one that reads {received}")


def test_numbers_are_neither_explained_as_motifs_nor_read_from_windows() -> None:
    with pytest.raises(DataError, match=r"new.bed: .* windows of DNA.* Received: one that reads genes \(30 numbers\)"):
        read_interval_examples(Path("new.bed"), Path("g.fa"), NUMBERS, None)
    record = NUMBERS.task.to_dict()
    with pytest.raises(
        DataError, match=r"amber.load\('runs/cells'\).explain\(inputs\)`. Received: one that reads genes"
    ):
        explained.input_of_sequences(record, Path("runs/cells"))
    assert explained.input_of_sequences(BOTH.task.to_dict(), Path("runs/both")) == "dna"


@pytest.mark.parametrize("check", [check_bundle_folder, check_output_folder])
def test_a_folder_may_have_any_name_but_that_of_a_file(check: Callable[[Path], None], tmp_path: Path) -> None:
    for name in ("model", "model.v2", "name.shared", "2026.11"):
        check(tmp_path / name)
    for name in ("model.zip", "page.html", "designs.fa", "trials.tsv", "model.KERAS"):
        with pytest.raises(ConfigError, match=f"--output: expected the name of a folder. Received: .*{name}, which is"):
            check(tmp_path / name)
    (tmp_path / "there.zip").mkdir()
    check(tmp_path / "there.zip")
