"""Two thousand mutated journals: each is read as it was, or refused with the number of a line and the way out."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import StorageError
from amber.search import RunDirectory, Trial
from amber.search.journal import journal_text
from amber.search.run_settings import settings_text

RUNS = Path(__file__).parent / "runs"
TRIALS = [
    Trial(
        number,
        (number % 3, number % 2),
        f"network-{number}",
        "complete" if number % 3 else "failed",
        number / 8 if number % 3 else None,
        {"val_accuracy": number / 8, "loss": 1e-9},
        1000 + number,
        10**6,
        1.25,
        number,
        None if number % 3 else "ValueError: \u00e4 'quoted' \\ \"",
        4,
        (0.25, 0.5),
        "conv8-maxpool",
    )
    for number in range(6)
]
VALUES: list[Any] = [
    *(None, True, -1, 0, 1.5, 10**30, 1e308, -1e308),
    *("", "x", "\x00", "complete", "pruned", "\ud800", [], [1], {}, {"a": 1}),
]
Random = random.Random
Mutation = Callable[[Random, bytes], bytes]


def changed_bytes(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 9])):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def lost_bytes(rng: Random, content: bytes) -> bytes:
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.choice([1, 2, 40, 700]) :]


def added_bytes(rng: Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    added = rng.choice([b"\x00" * 512, b"\n", b"\n\n", b"{}", b"[", b"null\n", b"\xff\xfe", rng.randbytes(9)])
    return content[:start] + added + content[start:]


def moved_lines(rng: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    taken = rng.choice(lines)
    if rng.random() < 0.5:
        lines.remove(taken)
    lines.insert(rng.randrange(len(lines) + 1), taken)
    return b"".join(lines)


def mixed_lines(rng: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    first, second = rng.sample(range(len(lines)), 2)
    cut = rng.randrange(1, len(lines[first]))
    lines[first] = lines[first][:cut] + lines[second][cut:]
    return b"".join(lines)


def changed_values(rng: Random, content: bytes) -> bytes:
    """Values out of range or of another kind, with a checksum that fits."""
    lines = content.splitlines(keepends=True)
    place = rng.randrange(len(lines))
    values = json.loads(lines[place])
    values.pop("checksum", None)
    _change(rng, values)
    body = json.dumps(values)
    checksum = hashlib.sha256(body.encode()).hexdigest()[:16]
    lines[place] = f'{body[:-1]}, "checksum": "{checksum}"}}\n'.encode()
    return b"".join(lines)


def _change(rng: Random, values: dict[str, Any]) -> None:
    key = rng.choice(list(values))
    if rng.random() < 0.1:
        del values[key]
    elif rng.random() < 0.1:
        values[rng.choice(["more", "Number", ""])] = rng.choice(VALUES)
    elif isinstance(values[key], list) and values[key] and rng.random() < 0.5:
        values[key][rng.randrange(len(values[key]))] = rng.choice(VALUES)
    else:
        values[key] = rng.choice(VALUES)


def cut_short(rng: Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


# How often each is tried; 2,000 together.
MUTATIONS: dict[Mutation, int] = {
    changed_bytes: 500,
    lost_bytes: 250,
    added_bytes: 250,
    moved_lines: 100,
    mixed_lines: 200,
    changed_values: 500,
    cut_short: 200,
}


@pytest.mark.slow
@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("version", [3, 2])
def test_mutated_journal_is_read_as_it_was_or_refused_by_its_line(
    tmp_path: Path, mutate: Mutation, version: int
) -> None:
    assert sum(MUTATIONS.values()) == 2000
    run = RunDirectory.create(tmp_path / "run")
    journal = run.path / "trials.jsonl"
    if version == 3:
        run.write("search.json", settings_text({}))
        content, written = journal_text(TRIALS).encode(), TRIALS
    else:
        run.write("search.json", (RUNS / "format_2" / "search.json").read_bytes())
        content = (RUNS / "format_2" / "trials.jsonl").read_bytes()
        journal.write_bytes(content)
        written = run.trials()
    known = [trial.to_dict() for trial in written]
    rng, seen = random.Random(f"{mutate.__name__}-{version}"), Counter[str]()
    for _ in range(MUTATIONS[mutate] if version == 3 else 50):
        journal.write_bytes(mutate(rng, content))
        began = time.process_time()
        try:
            found = [trial.to_dict() for trial in run.trials()]
        except StorageError as error:
            assert f"{journal}, line " in str(error) and f"amber repair {run.path}" in str(error), error
            seen["refused"] += 1
        else:
            seen["read"] += 1
            if version == 3 and mutate is not changed_values:
                assert all(each in known for each in found)  # never a trial that was not recorded
        assert time.process_time() - began < 2.0
    assert seen["refused"] > 0 or mutate is cut_short
    assert seen["read"] > 0 or mutate in (mixed_lines, changed_bytes, added_bytes)
