from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from amber.data.motifs import Motif, jaspar, read_meme, write_meme
from amber.errors import DataError

MATRIX = np.array([[0.7, 0.1, 0.1, 0.1], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]])


def test_jaspar_ships() -> None:
    assert len(jaspar("fungi")) == 178 and len(jaspar("vertebrates")) == 879 and len(jaspar()) == 1057
    (reb1,) = [motif for motif in jaspar("fungi") if motif.alternative == "REB1"]
    assert (reb1.name, reb1.consensus) == ("MA0363.3", "ATTACCCGG")
    for motif in jaspar():
        np.testing.assert_allclose(motif.probabilities.sum(axis=1), 1, atol=1e-9)
    assert len({motif.name for motif in jaspar()}) == 1057
    with pytest.raises(DataError, match="fungi or vertebrates"):
        jaspar("plants")  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = [Motif("first one", MATRIX, "A factor", 33), Motif("second", MATRIX[::-1])]
    first, second = read_meme(write_meme(tmp_path / "m.meme", written))
    assert (first.name, first.alternative, first.sites) == ("first_one", "A factor", 33)
    np.testing.assert_allclose(first.probabilities, MATRIX, atol=1e-6)
    assert (second.name, second.alternative, second.consensus) == ("second", "", "AGA")


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "line 1"),
        ("MEME version 4\nMOTIF\n", "line 2: expected a name"),
        ("MEME version 4\nMOTIF a\n", "at least one motif"),
        ("MEME version 4\nALPHABET= ACDE\n", "line 2: expected the alphabet"),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: alength= 4\n", "line 3: expected 'w= WIDTH'"),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: w= 2\n0 0 1 0\n", "four probabilities"),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\n0 0 1 1\n", "line 4: expected four"),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: w= 1 nsites= inf\n0 0 1 0\n", "line 3: .*nsites="),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\nnan 0 1 0\n", "line 4: expected four"),
    ],
)
def test_what_is_not_the_format_is_named_by_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "m.meme").write_text(text)
    with pytest.raises(DataError, match=said):
        read_meme(tmp_path / "m.meme")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing.meme"):
        read_meme(tmp_path / "nothing.meme")


def test_what_is_no_text_or_no_file_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "bytes.meme").write_bytes(b"MEME version 4\n\xff")
    with pytest.raises(DataError, match="bytes.meme, line 2: .*UTF-8"):
        read_meme(tmp_path / "bytes.meme")
    with pytest.raises(DataError, match="a folder"):
        read_meme(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.meme")
        with pytest.raises(DataError, match="a pipe"):
            read_meme(tmp_path / "pipe.meme")
