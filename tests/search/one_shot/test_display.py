"""The time left of a shared training includes what follows it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from amber.search.one_shot import OneShotProgress


def test_what_follows_takes_the_pace_of_batches_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("amber.search.one_shot.display.time.monotonic", lambda: clock[0])
    log = io.StringIO()
    shown = OneShotProgress(Console(file=log, width=200), after=2.0)
    shown.begin()
    for seconds, share in ((20.0, 0.2), (40.0, 0.4), (100.0, 0.5)):
        clock[0] = 100 + seconds
        shown.show(share, "training")
    first, _, last = log.getvalue().splitlines()
    # 100 s for all batches; then 50 s of scoring, which no later batch needs.
    assert first.endswith("about 280 s left") and last.endswith("about 300 s left")
