"""The measurements of reading, small: what is compared reads the same, and what is counted is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from amber.data.batches.streamed import streamed_inputs
from amber.data.genomics import Genome
from benchmarks import data


def test_both_sides_read_the_same_windows(tmp_path: Path) -> None:
    path = data.write_genome(tmp_path, bases=40_000)
    for held in (256.0, 0.0):
        examples = data.random_windows(Genome(path, memory=held), 200)
        last = data.by_hand(path, examples)()[0]
        assert last.shape == (72, 1000, 4)
        assert np.array_equal(streamed_inputs(examples, np.arange(200))["sequence"][128:], last)


def test_loading_is_counted_beside_nothing() -> None:
    seconds, processor, gigabytes = data.loading(200)
    assert seconds.goal == processor.goal == 0.1
    assert 0 < seconds.value < 60 and 0 < processor.value < 60
    assert gigabytes.goal is not None and -0.2 < gigabytes.value < 0.5


def test_two_workers_read_half_each(tmp_path: Path) -> None:
    examples = data.random_windows(Genome(data.write_genome(tmp_path, bases=40_000)), 256)
    wall, processor = data._two_workers("reading", examples)
    assert wall.value > 0 and processor.value > 0 and wall.goal == processor.goal == 1.8
