"""Everything that is read from a file has a limit: each limit is in use and in SECURITY.md, each reader is known."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber.data.motifs.meme import read_meme
from amber.errors import ConfigError, DataError
from amber.files import limits
from amber.supernet.feature_blocks import _check_assignment

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "amber"
LIMITS = [name for name in vars(limits) if name.isupper() and name != "MEBIBYTE"]
# What reads a file without a limit of its own, or makes objects of bytes.
_READS = re.compile(
    r"\.read_text\(|\.read_bytes\(|json\.loads?\(|np\.load\(|h5py\.File\((?!aside)|pickle\.loads?\(|yaml\.\w*load"
    r"|\.open\(\"r|ZipFile\(|gzip\.open\(|models\.load_model\("
)
# Where that may stand, and why. Whoever adds a reader uses amber.files, or says here what bounds it.
READERS = {
    "backend/_keras_json.py": "text of Keras itself",
    "backend/asked.py": "what a process of ours has printed",
    "backend/distribution/copies.py": "bytes of the process that started this one",
    "backend/distribution/follower.py": "a pipe of the process that started this one",
    "backend/jax/cache.py": "/proc",
    "backend/threads.py": "/sys",
    "backend/weight_files.py": "the attributes of a file that Keras then reads",
    "compat/data.py": "the user's own files; pickles only where the user names one",
    "compat/hdf5.py": "the user's own files",
    "compat/run_statistics.py": "bytes that were read within a limit",
    "data/genomics/genome_index.py": "index that htslib has just written; bytes of a regular file",
    "data/genomics/index_check.py": "a regular file, a line of each sequence",
    "data/genomics/tracks.py": "a regular file, by a library that reads parts",
    "data/sources/array_files.py": "after a check of what its arrays take",
    "data/text/reading.py": "counted as they are unpacked",
    "experiment/before_keras/files.py": "after a check of the archive",
    "experiment/run_files/finished.py": "digests of the run's files",
    "data/motifs/meme.py": "packaged data",
    "files/archives.py": "the limits themselves",
    "files/bounded_hdf5.py": "the limits themselves",
    "files/hdf5_probe.py": "in a process of its own, with limits",
    "files/strict_json.py": "the limits themselves",
    "files/whole_hdf5.py": "only writes",
    "graph/saved_layers.py": "text of this process",
    "modeler/model_files.py": "after a check of the archive",
    "search/candidate.py": "bytes of this process",
    "search/children.py": "/proc",
    "search/executors/payload.py": "the search's own folder, which only its user may enter",
    "search/executors/processes.py": "the search's own folder",
    "search/executors/reports.py": "a line of a worker",
    "search/executors/worker.py": "bytes of this process",
    "search/journal.py": "line by line, each within LINE_BYTES",
    "search/last_words.py": "its first bytes; /proc",
    "search/run_directory.py": "its own settings, compared",
    "search/storage/study.py": "text of this process",
    "search/stores/memory.py": "text of this process",
    "search/stores/testing.py": "a test's own file",
    "starting/searching.py": "what it has just written",
    "supernet/feature_blocks.py": "a regular file, without pickles",
    "supernet/store.py": "text of this process",
    "training/checkpoint.py": "after a check of what its arrays take",
}


def test_every_reader_of_files_is_known() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(_READS.search(line) for line in path.read_text("utf-8").splitlines())
    }
    assert found == set(READERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_is_kept_by_a_reader_and_promised(name: str) -> None:
    used = re.compile(rf"\b(limits\.)?{name}\b")
    kept = [
        path
        for path in SOURCE.rglob("*.py")
        if path != SOURCE / "files" / "limits.py" and used.search(path.read_text("utf-8"))
    ]
    assert kept, f"nothing uses {name}"
    assert f"`{name}`" in (ROOT / "SECURITY.md").read_text("utf-8")


def test_promised_figures_are_those_in_force() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) ", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE))
    assert {name: int(figure.replace(",", "")) for name, figure in rows.items()} == {
        name: getattr(limits, name) // (limits.MEBIBYTE if name.endswith("_BYTES") else 1)
        for name in LIMITS
        if not name.endswith("_INTEGER")
    }


@pytest.mark.parametrize("read", [read_meme, lambda path: _check_assignment(path, 2)], ids=["motifs", "assignment"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, read: Callable[[str], object]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises((ConfigError, DataError), match=r"a regular file\. Received: a pipe"):
        read(str(pipe))


def test_an_assignment_is_read_from_a_file_without_pickles(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.array([0, 1, 0]))
    assert _check_assignment(tmp_path / "good.npy", 3).tolist() == [0, 1, 0]
    np.save(tmp_path / "bad.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        _check_assignment(str(tmp_path / "bad.npy"), 2)
