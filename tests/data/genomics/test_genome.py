"""Windows of an indexed genome: right bases, either strand, any name, and an index where it may be."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import os
import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pysam
import pytest

from amber.data.encoding.sequences import encode_codes, encode_sequences
from amber.data.genomics import ChromosomeNames, Genome, genome_index, read_fasta, reverse_complement
from amber.data.genomics.handles import PerThread
from amber.errors import DataError

FILES = Path(__file__).parent / "files"


def copied(folder: Path, name: str, new: str = "") -> Path:
    return Path(shutil.copyfile(FILES / name, folder / (new or name)))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def text(codes: np.ndarray) -> list[str]:
    return [bytes(row).decode() for row in codes]


@pytest.mark.parametrize(
    "name",
    ["tangermeme__test.fa", "tangermeme_test.crlf.fa", "tangermeme_test.bgz.fa.gz", "tangermeme_test.plain.fa.gz"],
)
@pytest.mark.parametrize("memory", [256, 0])
def test_every_way_of_storing_gives_the_same_bases(tmp_path: Path, cache: Path, name: str, memory: float) -> None:
    genome = Genome(copied(tmp_path, name), memory=memory)
    whole = read_fasta(FILES / "tangermeme__test.fa")
    assert list(genome.lengths) == whole.names and genome.lengths["chr1"] == 284
    for chromosome, sequence in zip(whole.names, whole.sequences, strict=True):
        assert genome.fetch(chromosome, 0, len(sequence)) == sequence
    rng = np.random.default_rng(0)
    which = rng.integers(0, len(whole), 50)
    starts = np.array([rng.integers(0, len(whole.sequences[k]) - 30) for k in which])
    names = [whole.names[k] for k in which]
    codes = genome.fetch_codes(names, starts, starts + 30)
    assert codes.dtype == np.uint8
    assert text(codes) == [whole.sequences[k][s : s + 30] for k, s in zip(which, starts, strict=True)]


def test_strands_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">chr1\nACGTRacgun\n>chr2\nTTTTTGGGGG\n")
    for genome in (Genome(path), Genome(path, memory=0)):
        codes = genome.fetch_codes(["chr1", "1", "chr2"], np.array([0, 5, 5]), np.array([5, 10, 10]), ["+", "-", "."])
        assert text(codes) == ["ACGTR", "nacgt", "GGGGG"]
        starts = np.array([-2, 8, -20, 3])
        codes = genome.fetch_codes(["1", "1", "2", "2"], starts, starts + 4, ["+", "-", "+", "-"], at_end="pad")
        assert text(codes) == ["NNAC", "NNna", "NNNN", "CCAA"]
        with pytest.raises(DataError, match="chr1 of 10 bases .*Received: 8 to 12"):
            genome.fetch_codes(["1", "1"], np.array([0, 8]), np.array([4, 12]))
        with pytest.raises(DataError, match="Received: -1 to 3"):
            genome.fetch("chr2", -1, 3)
        assert genome.fetch_codes([], np.array([]), np.array([])).shape == (0, 0)
    assert text(reverse_complement(np.frombuffer(b"ACGTURYKMBDHVSWN-", dtype=np.uint8)[None])) == ["-NWSBDHVKMRYAACGT"]


def test_arguments_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">chr1\nACGTACGTAC\n")
    genome = Genome(path)
    with pytest.raises(DataError, match="window 1: all windows must have one length.* Received: 0 to 3, 3 bases"):
        genome.fetch_codes(["1", "1"], np.array([0, 0]), np.array([4, 3]))
    with pytest.raises(DataError, match="one entry per window. Received: 1 chromosomes, starts of shape"):
        genome.fetch_codes(["1"], np.array([0, 0]), np.array([4, 3]))
    with pytest.raises(DataError, match="'\\+', '-' or '.' for each of 1 windows. Received: '1' of window 0"):
        genome.fetch_codes(["1"], np.array([0]), np.array([4]), ["1"])
    with pytest.raises(DataError, match="`plain_gzip` must be"):
        Genome(path, plain_gzip="no")  # type: ignore[arg-type]


def test_codes_are_encoded_as_sequences_are(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">a\nACGTNRYKMacgtu\n")
    codes = Genome(path).fetch_codes(["a"], np.array([0]), np.array([14]))
    for alphabet in ("ACGT", "TGCA"):
        assert np.array_equal(encode_codes(codes, alphabet), encode_sequences(["ACGTNRYKMacgtu"], alphabet))
    with pytest.raises(DataError, match=r"example 1, position 3: expected letters of ACGT.* Received: '\*'"):
        encode_codes(np.frombuffer(b"ACGTAC*T", dtype=np.uint8).reshape(2, 4))


@pytest.mark.parametrize(
    ("has", "asked", "expected"),
    [
        (["chr1", "chr2", "chrX", "chrM"], ["1", "CHR2", "x", "MT", "chr01"], ["chr1", "chr2", "chrX", "chrM", "chr1"]),
        (["1", "2", "X", "MT"], ["chr1", "chrX", "chrM", "Mito"], ["1", "X", "MT", "MT"]),
        (
            [*"I II III IV V VI VII VIII IX X".split(), "Mito"],
            ["chr10", "chrIV", "4", "chrM"],
            ["X", "IV", "IV", "Mito"],
        ),
        (["chr1", "chr2", "chr4", "chr10"], ["I", "IV", "X"], ["chr1", "chr4", "chr10"]),
        # A worm has I to V and X, which is not its tenth; a genome of autosomes does not have an X.
        (["I", "II", "III", "IV", "V", "X"], ["chr10", "chrX"], [None, "X"]),
        (["chr1", "chr10"], ["chrX", "chrY"], [None, None]),
        # Two fit: none is taken.
        (["chr1", "1", "Chr01"], ["CHR1", "chr1"], [None, "chr1"]),
        (["chr2-micron", "scaffold_1"], ["2-micron", "1"], ["chr2-micron", None]),
    ],
)
def test_names_of_chromosomes(has: list[str], asked: list[str], expected: list[str | None]) -> None:
    match = ChromosomeNames(has, "the genome g.fa").match(asked)
    assert [match.names.get(each) for each in asked] == expected
    assert match.missing == tuple(each for each, found in zip(asked, expected, strict=True) if found is None)
    assert ("under other names" in match.note) == any(a != e for a, e in zip(asked, expected, strict=True) if e)


def test_an_unknown_chromosome_lists_what_there_is(tmp_path: Path) -> None:
    genome = Genome(copied(tmp_path, "tangermeme__test.fa"))
    with pytest.raises(
        DataError, match="the genome tangermeme__test.fa must have .* It has 'chr1', .* Received: 'chr9'"
    ):
        genome.fetch("chr9", 0, 1)
    with pytest.raises(DataError, match="Received: 'chrQ'"):
        genome.fetch_codes(["chr1", "chrQ"], np.array([0, 0]), np.array([4, 4]))


def test_the_index_is_made_beside_and_made_again_when_old(tmp_path: Path, cache: Path) -> None:
    path = copied(tmp_path, "tangermeme_test.bgz.fa.gz")
    index = [tmp_path / f"{path.name}.fai", tmp_path / f"{path.name}.gzi"]
    genome = Genome(path)
    assert genome.notes == (f"The index of {path.name} was made: {index[0]}.",) and all(
        each.is_file() for each in index
    )
    assert Genome(path).notes == () and not cache.exists()
    index[1].unlink()
    assert Genome(path).notes and index[1].is_file()
    plain = tmp_path / "g.fa"
    plain.write_text(">a\nACGT\n")
    assert Genome(plain).lengths == {"a": 4}
    plain.write_text(">a\nACGTAC\n>b\nAC\n")
    os.utime(tmp_path / "g.fa.fai", ns=(0, plain.stat().st_mtime_ns - 1))
    assert Genome(plain).lengths == {"a": 6, "b": 2}


def test_a_read_only_place_has_its_index_in_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = copied(tmp_path, "tangermeme__test.fa")
    whole = genome_index.replacing

    @contextlib.contextmanager
    def read_only(target: Path) -> Iterator[Path]:
        if cache not in Path(target).parents:
            raise PermissionError(30, "Read-only file system")
        with whole(target) as aside:
            yield aside

    monkeypatch.setattr(genome_index, "replacing", read_only)
    with caplog.at_level("INFO", logger="amber"):
        genome = Genome(path)
    made = next(cache.rglob("*.fai"))
    assert str(made) in genome.notes[0] and genome.notes[0] in caplog.text
    assert genome.fetch("chr1", 0, 4) == "CGAC" and Genome(path).notes == ()
    assert not list(tmp_path.glob("*.fai"))
    monkeypatch.setattr(genome_index, "replacing", lambda target: (_ for _ in ()).throw(PermissionError(30, "No")))
    path.write_text(">a\nAC\n")
    with pytest.raises(DataError, match="expected a place for the genome's index: .*XDG_CACHE_HOME names. Received: "):
        Genome(path)


def test_plain_gzip_is_unpacked_into_the_cache_or_refused(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = copied(tmp_path, "tangermeme_test.plain.fa.gz")
    with pytest.raises(DataError, match=r"gunzip -c .* \| bgzip > genome.fa.gz. Received: a file compressed with gzip"):
        Genome(path, plain_gzip="refuse")
    genome = Genome(path)
    assert "was unpacked to" in genome.notes[0] and genome.notes[0] in caplog.text
    assert Genome(path).notes == () and len(list(cache.rglob("*.fa"))) == 1
    assert os.listdir(tmp_path) == [path.name, "cache"] or sorted(os.listdir(tmp_path)) == ["cache", path.name]
    path.write_bytes(gzip.compress(b">other\nACGT\n"))
    assert Genome(path).lengths == {"other": 4}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a genome in FASTA, which begins with '>'. Received: an empty file"),
        (b"chr1\t1\t5\n", "Received: a BED file"),
        (b"hello\n", "Received: a first line 'hello'"),
        (b"\xef\xbb\xbf>a\nACGT\n", "line 1: no byte order mark; remove it with sed"),
        (b">a\nACGT\n\nACGT\n", "line 3: all lines of a chromosome .* Received: a shorter or blank line before others"),
        (b">a\nAC\nACGT\nAC\n", "line 3: all lines .*seqtk seq -l 60. Received: 4 bases after lines of 2"),
        (
            b">a\nACGT\n>b\nAC\n>a\nGG\n",
            "line 5: each chromosome must have a name of its own. Received: 'a', that of line 1",
        ),
        (b">\nACGT\n", "line 1: each chromosome must have a name of its own. Received: '', none"),
        (b">a\rACGT\r>b\rAA\r", "line 1: lines must end with a newline"),
        (gzip.compress(b">a\n" + b"ACGT" * 9000, mtime=0)[:-9], "line .* or after: expected sound gzip data"),
    ],
)
def test_what_cannot_be_indexed_is_named(tmp_path: Path, cache: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.fa"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        Genome(path)
    assert not list(tmp_path.rglob("*.fai"))


def test_what_is_wrong_in_an_unpacked_genome_is_named_in_the_users_file(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "g.fa.gz"
    path.write_bytes(gzip.compress(b">a\nACGT\nACGTACGT\nAC\n"))
    with pytest.raises(DataError, match="line 3: all lines of a chromosome") as raised:
        Genome(path)
    assert str(raised.value).startswith(f"{path}, line 3") and raised.value.line == 3
    assert raised.value.file == str(path) and str(cache) not in str(raised.value)


def test_sequences_without_bases_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">a\n>b\nACGT\n")
    genome = Genome(path)
    assert genome.lengths == {"b": 4} and genome.notes[1] == "1 sequences of g.fa have no bases and are left out."


@pytest.mark.parametrize(
    "index",
    [
        "a\t400\t3\t60\t61\n",  # bases beyond the end
        "a\t4\t3\t4\t5\n",  # one chromosome of two
        "a\t4\t3\t4\t5\nc\t4\t11\t4\t5\n",  # another name
        "a\t4\t4\t4\t5\nb\t4\t11\t4\t5\n",  # another place
        "a\t4\n",
        "no index",
    ],
)
def test_an_index_of_another_genome_is_made_anew(tmp_path: Path, index: str) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">a\nACGT\n>b x\nGGCC\n")
    (tmp_path / "g.fa.fai").write_text(index)
    genome = Genome(path, memory=0)
    assert genome.lengths == {"a": 4, "b": 4} and genome.fetch("b", 0, 4) == "GGCC"
    assert genome.notes == (f"The index of g.fa was made: {tmp_path / 'g.fa.fai'}.",)
    # Its own is kept.
    assert Genome(path, memory=0).notes == ()


@pytest.mark.parametrize(
    "text", [">a\r\nACGT\r\nAC\r\n>b\r\nGG\r\n\r\n", ">a " + "x" * 9000 + "\nACGTA", ">b\n>a\nAC\n"]
)
def test_an_index_of_its_own_is_recognised(tmp_path: Path, text: str) -> None:
    path = tmp_path / "g.fa"
    path.write_text(text, newline="")
    assert len(Genome(path).notes) >= 1
    assert not [note for note in Genome(path).notes if "was made" in note]


def test_an_index_of_another_compressed_genome_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.fa.gz"
    (tmp_path / "g.fa").write_text(">a\nACGT\n")
    pysam.tabix_compress(str(tmp_path / "g.fa"), str(path))
    Genome(path)
    (tmp_path / "g.fa.gz.fai").write_text("a\t400\t3\t60\t61\n")
    with pytest.raises(DataError, match=r"expected to read a:0-400 through the index .*g.fa.gz.fai; .* remove it"):
        Genome(path, memory=0).fetch("a", 0, 400)


def test_a_fork_opens_a_handle_of_its_own() -> None:
    context = multiprocessing.get_context("fork")
    files, queue = PerThread(os.getpid), context.SimpleQueue()
    assert files.get() == os.getpid()
    child = context.Process(target=lambda: queue.put((files.get(), os.getpid())))
    child.start()
    opened_by, process = queue.get()
    child.join()
    assert opened_by == process != os.getpid()


def _read(genome: Genome) -> str:
    return genome.fetch("chr1", 10, 20)


def test_threads_forks_and_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copied(tmp_path, "tangermeme__test.fa", "g.fa")
    genome = Genome("g.fa", memory=0)
    right = genome.fetch("chr1", 10, 20)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: genome.fetch("chr1", 10, 20), range(200))) == {right}
    with multiprocessing.get_context("fork").Pool(2) as workers:
        assert set(workers.map(_read, [genome] * 8)) == {right}
    (tmp_path / "elsewhere").mkdir()
    content = pickle.dumps(genome)
    monkeypatch.chdir(tmp_path / "elsewhere")
    other = pickle.loads(content)
    assert _read(other) == right and other._held is None and len(content) < 500


def test_without_pysam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysam", None)
    with pytest.raises(DataError, match=r'A genome needs the package pysam: .* pip install "amber-nas\[genomics\]"'):
        Genome(copied(tmp_path, "tangermeme__test.fa"))
