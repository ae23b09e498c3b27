"""Whatever a FASTA, BED or VCF file holds, it is read, or refused by a DataError that names the file.

`python tests/data/genomics/test_mutated_files.py COUNT` tries more than the tests do.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.genomics import Genome, read_fasta, read_intervals, read_variants
from amber.errors import DataError

FILES = Path(__file__).parent / "files"
_PIECES = (
    *(
        b"",
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b"\t",
        b" ",
        b">",
        b"> \n",
        b";",
        b"#",
        b"##FASTA\n",
        b"track ",
        b"-1",
        b".",
    ),
    *(b"*", b"<DEL>", b"1e5", b"9" * 40, b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xd9\xa1", b"chr1", b"A" * 3000, b"nan"),
    b"\x1f\x8b",
)
SOUND = {
    "fasta": ("tangermeme__test.fa", "bedtools2__test.iupac.fa", "tangermeme_test.crlf.fa", "genomepy__gap.fa"),
    "intervals": ("nf-core__test.narrowPeak", "genomepy__regions.bed", "igv_js__eden.gff", "igv_js__wustl.gtf"),
    "variants": ("igv_js__vars.vcf", "igv_js__example.vcf", "igv_js__svtype_BND.vcf", "GenVarLoader__issue_153.vcf"),
}


def mutated(rng: random.Random, kind: str) -> bytes:
    """Return the bytes of a sound file after one to five changes, compressed now and then and cut off then."""
    data = (FILES / rng.choice(SOUND[kind])).read_bytes()
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(data) + 1)
        other = min(len(data), place + rng.randrange(1, 40))
        match rng.randrange(5):
            case 0:
                data = data[:place] + rng.choice(_PIECES) + data[place:]
            case 1:
                data = data[:place] + data[other:]
            case 2:
                data = data[:place] + rng.choice(_PIECES) + data[other:]
            case 3:
                data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
            case 4:
                data = data[: max(place, len(data) // 2)]
    if rng.random() < 0.15:
        data = gzip.compress(data, 1, mtime=0)
        data = data[: rng.randrange(1, len(data))] if rng.random() < 0.5 else data
    return data


def read_genome(path: Path) -> None:
    """Index a FASTA file and read all of it."""
    for index in path.parent.glob(f"{path.name}.*"):
        index.unlink()
    genome = Genome(path, plain_gzip="refuse")
    for name, size in ((name, size) for name, size in genome.lengths.items() if size):
        codes = genome.fetch_codes([name], np.array([0]), np.array([size]), ["-"])
        assert codes.shape == (1, size) == (1, len(genome.fetch(name, 0, size)))


READERS: dict[str, tuple[Callable[[Path], object], ...]] = {
    "fasta": (read_fasta, read_genome),
    "intervals": (read_intervals,),
    "variants": (read_variants,),
}


def trial(seed: int, kind: str, folder: Path) -> list[str]:
    """Read one mutant with each reader of its kind; return what the errors say, or nothing where it was read."""
    path = folder / "mutant"
    path.write_bytes(mutated(random.Random(seed), kind))
    found = []
    for reader in READERS[kind]:
        try:
            reader(path)
            found.append("")
        except DataError as error:
            message = str(error)
            assert path.name in message and "Received: " in message and len(message) < 2500, message
            if error.line is not None:
                assert f"line {error.line}" in message and error.file == str(path), message
            found.append(message)
    return found


@pytest.mark.parametrize("kind", READERS)
def test_a_result_or_a_named_error(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(kind)
    found: list[str] = []

    @settings(max_examples=100)
    @given(seed=st.integers(0, 1 << 32))
    def tries(seed: int) -> None:
        found.extend(trial(seed, kind, folder))

    tries()
    # The maker of mutants is worth something while some are read and several kinds of refusals occur.
    assert "" in found and len({message.split("Received: ")[0][-30:] for message in found}) > 4


if __name__ == "__main__":
    for each in READERS:
        with tempfile.TemporaryDirectory() as place:
            counts: Counter[str] = Counter()
            for number in range(int(sys.argv[1])):
                for said in trial(number, each, Path(place)):
                    counts["read" if not said else "refused, with a line" if ", line " in said else "refused"] += 1
        print(each, dict(counts))
