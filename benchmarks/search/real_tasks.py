"""Real tasks of the comparison, made of the files in the folder AMBER_DATA_DIR as tables of sequences.

Searches train on some of the training examples, and the network that each found on all of them. What is chosen on is
the part `validation`; the part `test` is opened once, in the end. Settings are chosen on the tasks of `CHOOSING` only,
and results are reported on those of `REPORTING`.
"""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

# Rows that a search trains on; both strands of an example are two.
MOST_SEARCHED_ON, MOST_VALIDATED = 6_000, 1_500
FOLDER = Path("build/search/data")
GUE = {"tf_0": "tf_0", "tf_1": "tf_1", "tf_4": "tf_4", "core_tata": "prom_core_tata", "mouse_0": "mouse_0"}
CNNPROM = {"ecoli": "Ecoli", "bsubtilis": "Bsubtilis", "arabidopsis": "Arabidopsis_TATA"}
FACTORS = {"abf1": "Abf1", "rap1": "Rap1"}
CHOOSING = ("mouse_0", "arabidopsis")
REPORTING = ("ecoli", "tf_0", "core_tata", "tf_1", "tf_4", "abf1", "rap1", "bsubtilis", "yeast")
NAMES = (*REPORTING, *CHOOSING)
# A protein binds either strand; promoters point somewhere.
OF_EITHER_STRAND = frozenset({"tf_0", "tf_1", "tf_4", "mouse_0", "abf1", "rap1", "yeast"})
PRESET = "motif_cnn"
# Of the yeast genome; of windows around peaks, and how many negatives there are for each positive.
VALIDATED, TESTED = ("VII",), ("IV", "XIV")
_WIDTH, _NEGATIVES = 200, 3

Rows = list[list[str]]

RECIPE = "batch_size: 32, learning_rate: 0.003, schedule: cosine, warm_up: 0.1, recalibrate: true"
"""Section `training` of every network."""
_CONFIGURATION = """\
name: {name}
seed: 0
data: {{source: {table}, sequence: seq, {target}, split: split}}
model_space: {{preset: {preset}}}
training: {{{training}}}
search: {{metric: val_loss}}
"""


def configuration(name: str, preset: str = PRESET, training: str = RECIPE) -> Path:
    """Return the configuration of a task, which stands beside its table; both are made where they are not there.

    Args:
        name: of the task.
        preset: of the model space.
        training: keys of its section.

    Raises:
        SystemExit: AMBER_DATA_DIR does not name the folder of the data.
    """
    table = FOLDER / f"{name}.csv"
    if not table.is_file():
        folder = Path(os.environ.get("AMBER_DATA_DIR", ""))
        if not (folder / "cnnprom").is_dir():
            raise SystemExit(f"The task {name} is made of files in the folder that AMBER_DATA_DIR names: set it.")
        head, rows = _table(folder, name)
        FOLDER.mkdir(parents=True, exist_ok=True)
        with table.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([head, *_fewer(rows, "validation", MOST_VALIDATED)])
    with table.open(encoding="utf-8", newline="") as stream:
        head = next(csv.reader(stream))
    target = f"labels: {head[2]}..{head[-1]}" if len(head) > 3 else f"label: {head[2]}"
    text = _CONFIGURATION.format(name=name, table=table.name, target=target, preset=preset, training=training)
    path = FOLDER / f"{name}-{preset}-{zlib.crc32(text.encode()):08x}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _table(folder: Path, name: str) -> tuple[list[str], Rows]:
    """Return the head and the rows of a task: sequence, split, and labels."""
    if name in CNNPROM:
        given = _dictionaries(folder / "cnnprom" / f"{CNNPROM[name]}.csv.gz")
        return ["seq", "split", "label"], [[each["seq"], each["gsplit"], each["label"]] for each in given]
    if name in GUE:
        parts = {"train": "train", "dev": "validation", "test": "test"}
        files = {part: folder / f"genomics/tasks/gue/{GUE[name]}.{part}.csv.gz" for part in parts}
        rows = [[each["sequence"], parts[part], each["label"]] for part in parts for each in _dictionaries(files[part])]
        return ["seq", "split", "label"], rows
    yeast = folder / "genomics" / "yeast"
    genome = _genome(yeast / "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz")
    return _bins(yeast, genome) if name == "yeast" else _peaks(yeast, genome, FACTORS[name])


def _bins(yeast: Path, genome: dict[str, str]) -> tuple[list[str], Rows]:
    """Return bins of 200 bases with 24 labels each."""
    rows, labels = [], []
    for each in _dictionaries(yeast / "bins200_24tracks.tsv.gz", "\t"):
        chromosome, start, end = each.pop("chrom"), int(each.pop("start")), int(each.pop("end"))
        labels = list(each)
        rows.append([genome[chromosome][start:end], _part(chromosome), *each.values()])
    return ["seq", "split", *labels], rows


def _peaks(yeast: Path, genome: dict[str, str], factor: str) -> tuple[list[str], Rows]:
    """Return windows around peaks of a factor, and three times as many around others, away from its own."""
    places: dict[bool, list[tuple[str, int]]] = {True: [], False: []}
    with gzip.open(yeast / "chexmix_all381.bed.gz", "rt", encoding="ascii") as lines:
        for line in lines:
            chromosome, start, end, protein = line.split("\t")[:4]
            places[protein == factor].append((chromosome, (int(start) + int(end)) // 2))
    own = {(chromosome, at // _WIDTH + step) for chromosome, at in places[True] for step in (-1, 0, 1)}
    others = sorted({place for place in places[False] if (place[0], place[1] // _WIDTH) not in own})
    drawn = np.random.default_rng(0).permutation(len(others))[: _NEGATIVES * len(places[True])]
    rows = []
    for label, chosen in (("1", places[True]), ("0", [others[number] for number in drawn])):
        for chromosome, at in chosen:
            bases = genome.get(chromosome, "")[max(0, at - _WIDTH // 2) : at + _WIDTH // 2]
            if len(bases) == _WIDTH:
                rows.append([bases, _part(chromosome), label])
    return ["seq", "split", "label"], rows


def _part(chromosome: str) -> str:
    return "test" if chromosome in TESTED else "validation" if chromosome in VALIDATED else "train"


def _fewer(rows: Rows, part: str, most: int) -> Rows:
    """Return all rows but those of a part beyond the most, which are drawn at random."""
    own = [row for row in rows if row[1] == part]
    kept = np.sort(np.random.default_rng(0).permutation(len(own))[:most])
    return [*(own[number] for number in kept), *(row for row in rows if row[1] != part)]


def _dictionaries(path: Path, separator: str = ",") -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter=separator)


def _genome(path: Path) -> dict[str, str]:
    """Return the sequences of a FASTA file by name."""
    found: dict[str, list[str]] = {}
    with gzip.open(path, "rt", encoding="ascii") as lines:
        for line in lines:
            if line.startswith(">"):
                parts = found.setdefault(line[1:].split()[0], [])
            else:
                parts.append(line.strip())
    return {name: "".join(parts) for name, parts in found.items()}
