"""Five bad inputs of every command that needs no other machine: named, with what was expected, before Keras loads."""

from __future__ import annotations

import gzip
import json
import shlex
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import TINY
from tests.cli.refusing import refused

_MATRIX = "MEME version 4\n\nMOTIF x\nletter-probability matrix: alength= 4 w= 1"
_VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
# Files by name: a configuration is `C`, a finished search's record would be in `finished`.
_FILES = {
    "C": TINY,
    "dirty.yaml": "name: [",
    "twice.yaml": TINY + "seed: 4\n",
    "no_data.yaml": TINY + "data: {source: none.csv, sequence: seq, label: label}\n",
    "no_column.yaml": TINY + "data: {source: one.csv, sequence: dna, label: label}\n",
    "named_once.yaml": TINY + "data: {source: one.csv, sequence: seq, label: label, classes: [a]}\n",
    "two_shares.yaml": TINY + "data: {source: one.csv, sequence: seq, label: label, fractions: [0.8, 0.2]}\n",
    "five_shares.yaml": TINY + "data: {source: one.csv, sequence: seq, label: label, fractions: [1, 1, 1, 1, 1]}\n",
    "far_too_long.yaml": TINY + "data: {source: twelve.csv, sequence: seq, label: label, length: 1000000000000}\n",
    "one_class.yaml": TINY + "data: {source: one.csv, sequence: seq, label: label}\n",
    "one.csv": "seq,label\nACGT,a\n",
    "twelve.csv": "seq,label\n" + "ACGT,a\nACGA,b\n" * 6,
    "empty.csv": "",
    "x.fa": ">a\nACGTACGTAA\n>b\nACGTTTTTTT\n",
    "letters.fa": ">a\nACGTJ!\n",
    "peaks.bed": "chr1\t1\t5\tp\n",
    "backwards.bed": "chr1\t5\t2\n",
    "position.vcf": _VCF + "1\tx\t.\tA\tC\t.\t.\t.\n",
    "no_header.vcf": "chr1,1,A,C\n",
    "good.meme": _MATRIX + "\n0.1 0.2 0.3 0.4\n",
    "three.meme": _MATRIX + "\n0.1 0.2 0.3\n",
    "negative.meme": _MATRIX + "\n-0.1 0.5 0.3 0.3\n",
    "sites.meme": _MATRIX + " nsites= inf\n0.1 0.2 0.3 0.4\n",
    "protein.meme": "MEME version 4\n\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n",
    "text.keras": "text",
    "damaged/best.json": '{"tokens": [',
    "folder/file": "",
    "finished/trials.jsonl": "",
    "short/trials.jsonl": "",
    "model.keras": "",
    "short/best.keras": "",
    "short/best.json": "",
}
# Words of a command, and words of its refusal.
_REFUSED = {
    "sample none.yaml": "none.yaml: expected a configuration in YAML. Received: no such file",
    "sample dirty.yaml": "dirty.yaml, line 2, column 1: expected valid YAML",
    "sample twice.yaml": "line 22, key seed: a key may occur once. Received: it again, first on line 2",
    "sample named_once.yaml": "key data.classes: expected at least 2 entries. Received: ['a']",
    "sample two_shares.yaml": "key data.fractions: expected at least 3 entries. Received: [0.8, 0.2]",
    "sample five_shares.yaml": "key data.fractions: expected at most 3 entries. Received: [1, 1, 1, 1, 1]",
    "sample far_too_long.yaml": "the longest has 4 letters. Received: a length of 1,000,000,000,000, at which 12 ",
    "sample C -n 0": "--number: expected a whole number from 1 to 100,000. Received: '0'",
    "sample C -n 1000000000": "--number: expected a whole number from 1 to 100,000. Received: '1000000000'",
    "sample C --seed 1e3": "--seed: expected a whole number of at least 0. Received: '1e3'\namber sample -h lists",
    "search C --trails 5": "amber search: expected one of --seed, --trials, --run-directory, --overwrite, --resume, "
    "--allow-changes, --storage, --quiet. Received: --trails; did you mean --trials?\namber search -h lists",
    "search": "amber search: expected CONFIG: Configuration file in YAML. Received: nothing in its place",
    "search C one.csv": "amber search: expected CONFIG. Received: also one.csv",
    "search C --run-directory": "--run-directory: expected a value. Received: none\namber search -h lists",
    "search C --resume=1": "--resume: expected no value. Received: one",
    "search C --resume --overwrite": "expected one of them. Received: both\namber search -h lists",
    "serch C": "Received: serch; did you mean search?\namber -h lists",
    "--trials 3": "amber: expected one of --debug, --verbose, --plugin, --version. Received: --trials",
    "build": "amber build: expected SOURCE: Run directory, its best.json, or",
    "describe C --space --json": "expected neither TOKENS nor --json. Received: one of them",
    "dashboard C --port 70000": "--port: expected a whole number from 0 to 65,535. Received: '70000'",
    "sample model.keras": "model.keras, line 1: expected text in UTF-8; save the file in that encoding. Received: byte",
    "build C": "expected tokens after it, such as 0,1,0 (amber sample --tokens prints some). Received: no tokens",
    "build C 0,0,9": "Token 2 (L1.skip.0) must be an integer from 0 to 1. Received: 9",
    "build C 0,0,0 --trained": "--trained: expected a run directory or its best.json, and no tokens. Received: C 0,0,0",
    "build C 0,0,0 -o folder": "--output: expected a file ending in .keras. Received: folder",
    "build C 0,0,0 --export tf": "--export: expected one of ",
    "draw none.yaml 0": "none.yaml: expected a configuration in YAML. Received: no such file",
    "draw C": "expected tokens after it, such as 0,1,0 (amber sample --tokens prints some). Received: no tokens",
    "draw damaged": "damaged/best.json, line 1, column 13: expected the best.json of a search, as JSON",
    "draw C 0,0": "An architecture of this layout has 3 tokens (2 operations, 1 skip bits). Received: 2 tokens",
    "draw C 0,0,0 --theme blue": "--theme: expected one of light, dark. Received: 'blue'",
    "describe C": "expected tokens after it, such as 0,1,0 (amber sample --tokens prints some). Received: no tokens",
    "describe folder": "folder without best.json; amber search --resume goes on with a search that was stopped",
    "describe C 0,0,0,0": "has 3 tokens (2 operations, 1 skip bits). Received: 4 tokens",
    "describe folder --space": "folder/config.yaml: expected a configuration in YAML. Received: no such file",
    "describe x.fa 0": "x.fa, line 1, column 2: expected valid YAML",
    "variants model.keras none.vcf --genome x.fa": "none.vcf: expected a VCF file. Received: no such file",
    "variants model.keras no_header.vcf --genome x.fa": "no_header.vcf, line 1: expected the header line #CHROM",
    "variants none.keras position.vcf --genome x.fa": "none.keras: expected a model file ending in .keras, or a run",
    "variants text.keras position.vcf --genome x.fa": "text.keras: expected a model saved by Keras 3. Received: ",
    "variants model.keras position.vcf --genome x.fa": "position.vcf, line 3: expected a record that htslib reads",
    "variants model.keras position.vcf --genome x.fa -o x.xlsx": "ending in .tsv or .csv or .vcf or .vcf.gz. Received",
    "variants model.keras position.vcf": "--genome: expected the FASTA file of the genome that position.vcf is on. Rec",
    "init none.csv": "Expected an existing file. Received: none.csv",
    "init empty.csv": "empty.csv: expected a file of data. Received: an empty file",
    "init noise.csv": "noise.csv: expected a table, FASTA, intervals with a genome, npz or HDF5; give a CSV file",
    "init cut.csv.gz": "cut.csv.gz: expected a sound compressed file. Received: Compressed file ended before",
    "init one.csv --label dna": "one.csv: expected the column 'dna' that --label names. Received: 'seq', 'label'",
    "init peaks.bed": "peaks.bed holds intervals: expected --genome with the FASTA of the genome.",
    "init backwards.bed -g x.fa": "backwards.bed, line 1: an interval must not start after its end",
    "init arrays.npz": "arrays.npz, column 'y': expected labels of at least two classes",
    "init letters.fa x.fa": "letters.fa, line 1 (a), position 6: expected letters of",
    "data none.yaml": "none.yaml: expected a configuration in YAML. Received: no such file",
    "data dirty.yaml": "dirty.yaml, line 2, column 1: expected valid YAML",
    "data no_data.yaml": "line 22, key data.source: there is no ",
    "data no_column.yaml": "line 22, key data.sequence: ",
    "data one_class.yaml": "expected labels of at least two classes; nothing can be learnt from one",
    "data C -o x.pdf": "--output: expected a file ending in .html. Received: x.pdf",
    "doctor now": "amber doctor: expected no more words. Received: also now",
    "doctor --json": "amber doctor: expected no options. Received: --json",
    "export none": "trials.jsonl, as amber search writes it. Received: no such folder",
    "export one.csv": "expected one that holds trials.jsonl, as amber search writes it. Received: a file",
    "export folder -o x": "folder: expected the run directory of a finished search. Received: a folder without",
    "export finished -o x": "finished: expected the run directory of a finished search. Received: a folder",
    "export finished --storage nonsense": "finished is recorded in its own journal: expected no --storage. Take it out",
    "predict model.keras empty.csv": "empty.csv",
    "predict model.keras noise.csv": "noise.csv",
    "predict model.keras one.csv --genome x.fa": "--genome: it is for FASTA files, intervals and variants. Take it out",
    "predict model.keras x.fa --sequence seq": "--sequence: a FASTA file has no columns. Take it out. Received: seq",
    "predict model.keras position.vcf": "model.keras: expected a run directory or a bundle",
    "predict model.keras one.csv --batch-size 0": "--batch-size: expected a whole number of at least 1. Received: '0'",
    "evaluate model.keras": "model.keras",
    "evaluate model.keras no_data.yaml": "line 22, key data.source: there is no ",
    "evaluate model.keras no_column.yaml": "line 22, key data.sequence: ",
    "evaluate model.keras none.yaml": "none.yaml: expected a configuration in YAML. Received: no such file",
    "evaluate model.keras C --split dev": "--split: expected one of ",
    "scan three.meme x.fa": "three.meme, line 5: expected four probabilities that sum to 1. Received: '0.1 0.2 0.3'",
    "scan negative.meme x.fa": "negative.meme, line 5: expected four probabilities that sum to 1",
    "scan sites.meme x.fa": "sites.meme, line 4: expected 'w= WIDTH' and, where it is known, 'nsites= NUMBER'",
    "scan protein.meme x.fa": "protein.meme, line 3: expected the alphabet ACGT",
    "scan good.meme none.fa": "none.fa",
    "scan good.meme x.fa -o x.xlsx": "--output: expected a file ending in .tsv or .csv. Received: x.xlsx",
    "scan folder x.fa": "folder: expected motifs in MEME format, a regular file. Received: a folder",
    "explain none": "none",
    "explain damaged": "line 1, column 13: expected the best.json of a search, as JSON. Received: no value",
    "explain short": "of at least 42 bases; --motifs filters and --motifs none take shorter ones. Received: 40 bases",
    "explain short --motifs none --database three.meme": "three.meme, line 5: expected four probabilities",
    "explain short --motifs none --database none.meme": "none.meme: expected motifs in MEME format. Received: no such",
    "explain short --motifs all": "--motifs: expected one of contributions, filters, none. Received: 'all'",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files."""
    path = tmp_path_factory.mktemp("bad")
    for name, text in _FILES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text)
    record = json.loads((Path(__file__).parent / "formats" / "best_1.json").read_text("utf-8"))
    (path / "short" / "best.json").write_text(json.dumps({**record, "inputs": {"input": [40, 4]}}))
    reads = {"class_name": "InputLayer", "name": "input", "config": {"batch_shape": [None, 40, 4]}}
    for name in ("model.keras", "short/best.keras"):
        with zipfile.ZipFile(path / name, "w") as archive:
            archive.writestr(
                "config.json", json.dumps({"config": {"layers": [reads], "input_layers": ["input", 0, 0]}})
            )
    (path / "noise.csv").write_bytes(bytes(range(256)) * 4)
    (path / "cut.csv.gz").write_bytes(gzip.compress(b"seq,label\n" + b"ACGT,a\n" * 100)[:40])
    np.savez(path / "arrays.npz", x=np.zeros((3, 4)), y=np.zeros(3))
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures processes in KiB")
@pytest.mark.parametrize("line", _REFUSED)
def test_bad_input_is_named_before_keras_is_loaded(folder: Path, line: str) -> None:
    said = refused(shlex.split(line), folder)
    assert _REFUSED[line] in said
    assert "Traceback" not in said and "Unexpected" not in said
