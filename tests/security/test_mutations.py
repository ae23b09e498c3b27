"""A few hundred changed inputs of each reader: each is read, or refused by name and line, quickly and in little memory.

More of them at once: `python -m tests.security.readers KIND NUMBER SEED`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.security.good_configurations import CONFIGURATIONS
from tests.security.readers import READERS, read_configuration, tried

NUMBERS = {
    "configuration": 150,
    "space": 150,
    "tokens": 300,
    "best": 150,
    "graph": 300,
    "supernet": 60,
    "table": 100,
    "source": 39,
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.slow
def test_every_changed_input_is_read_or_refused_by_name(kind: str, tmp_path: Path) -> None:
    found = tried(READERS[kind], NUMBERS[kind], 7, tmp_path)
    assert not found.faults, found.faults
    assert found.outcomes["refused"] > NUMBERS[kind] / 4


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_what_is_changed_was_good(text: str) -> None:
    assert read_configuration(text) is not None
