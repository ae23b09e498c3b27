"""Damaged files of every source: a data set, or an error that names the file, what was expected and what was there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.sources.mutated import KINDS, Damaged

TRIALS = 60
# Each file of HDF5 is first tried by a process of its own, which takes a second.
FEW = {"hdf5": 3, "anndata": 3}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_data_set_or_an_error_that_says_what_is_wrong(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tried = Damaged.of(kind, tmp_path)
    assert not tried.read(tmp_path)
    messages = []
    for seed in range(FEW.get(kind, TRIALS)):
        tried.write(seed)
        messages.append(tried.read(tmp_path))
    assert any(messages) and (kind in FEW or not all(messages))
