"""Trials as values: what is written of them is read again, texts are one line, and ranks follow from scores alone."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings, strategies as st

from amber.errors import ConfigError
from amber.search.candidate import Candidate, token_fingerprint
from amber.search.ranking import not_ranked, ranking_csv, ranking_markdown, ranking_rows, ranking_text
from amber.search.result import SearchResult, rank
from amber.search.trial import SCORED, STATUSES, TRAINED, Trial, plain_line, short_tokens

counts = st.none() | st.integers(0, 10**9)
numbers = st.floats(-1e6, 1e6)


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    """Any trial that a search may record."""
    status = draw(st.sampled_from(STATUSES))
    scored = status == "complete" or (status in SCORED and draw(st.booleans()))
    return Trial(
        draw(st.integers(0, 10**6)),
        tuple(draw(st.lists(st.integers(0, 50), max_size=9))),
        draw(st.text("0123456789abcdef", min_size=1, max_size=32)) if status in TRAINED else "",
        status,
        draw(numbers) if scored else None,
        draw(st.dictionaries(st.sampled_from(["loss", "val_loss", "val_auroc"]), numbers)),
        draw(counts),
        draw(counts),
        draw(st.floats(0, 1e6)),
        draw(counts),
        draw(st.none() | st.text(max_size=40)),
        draw(st.integers(0, 500)),
        tuple(draw(st.lists(numbers, max_size=4))),
        draw(st.text(max_size=20)),
        draw(st.integers(0, 3)),
        draw(st.sampled_from(["", "deepsea"])),
    )


@given(trials())
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_again(trial: Trial) -> None:
    said = trial.to_dict()
    assert Trial.from_dict(json.loads(json.dumps(said, allow_nan=False))) == trial
    assert ("retries" in said, "reference" in said) == (trial.retries > 0, trial.reference != "")


@given(trials(), st.sampled_from(["score", "loss", "curve"]), st.sampled_from([math.nan, math.inf, -math.inf]))
@settings(max_examples=50, deadline=None)
def test_a_number_that_json_does_not_have_is_null(trial: Trial, where: str, value: float) -> None:
    given_ = {**vars(trial)}
    given_[where if where != "loss" else "metrics"] = {"score": value, "loss": {"loss": value}, "curve": (value,)}[
        where
    ]
    said = Trial(**given_).to_dict()
    assert {"score": said["score"], "loss": said["metrics"], "curve": said["curve"]}[where] in (
        None,
        {"loss": None},
        [None],
    )
    json.dumps(said, allow_nan=False)


@given(trials(), st.sampled_from(["number", "tokens", "fingerprint", "status"]))
@settings(max_examples=30, deadline=None)
def test_a_missing_or_unknown_key_is_named(trial: Trial, key: str) -> None:
    said = trial.to_dict()
    with pytest.raises(ConfigError, match=key):
        Trial.from_dict({name: value for name, value in said.items() if name != key})
    with pytest.raises(ConfigError, match="colour"):
        Trial.from_dict({**said, "colour": 1})


@given(st.text(max_size=300), st.integers(1, 120))
@settings(max_examples=300, deadline=None)
def test_a_plain_line_is_one_short_line(text: str, length: int) -> None:
    line = plain_line(text, length)
    assert len(line) <= length and line.isprintable() and line == line.strip()
    assert plain_line(line, length) == line
    if text.isprintable() and " ".join(text.split()) == text and len(text) <= length:
        assert line == text
    assert line.endswith("…") or not line or len(text) <= 2 * length


@given(st.lists(st.integers(0, 10**6), max_size=60), st.integers(2, 70))
def test_short_tokens_are_tokens_or_their_beginning(tokens: list[int], width: int) -> None:
    whole, short = " ".join(map(str, tokens)), short_tokens(tuple(tokens), width)
    assert len(short) <= width
    assert short_tokens(tuple(tokens), max(2, len(whole))) == whole
    assert short == whole if len(whole) <= width else whole.startswith(short[:-1]) and short[-1] == "…"


def numbered(found: list[Trial]) -> list[Trial]:
    return [Trial(**{**vars(each), "number": number}) for number, each in enumerate(found)]


@pytest.mark.slow
@given(st.lists(trials(), max_size=12), st.sampled_from(["maximize", "minimize"]), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_ranks_follow_from_the_scores(found: list[Trial], direction: str, chance: random.Random) -> None:
    found = numbered(found)
    ranked = rank(found, direction)
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert rank(shuffled, direction) == ranked and sorted(each.number for each in ranked) == list(range(len(found)))
    complete = [each for each in ranked if each.status == "complete"]
    assert ranked[: len(complete)] == complete
    others = [each.number for each in ranked[len(complete) :]]
    assert others == sorted(others)
    sign = -1 if direction == "maximize" else 1
    keys = [(sign * (each.score or 0.0), each.parameters or 0, each.number) for each in complete]
    assert keys == sorted(keys)
    rows = ranking_rows(found, direction=direction)
    assert rows == list(enumerate(complete, start=1))
    assert ranking_rows(found, 3, direction) == rows[:3]


@given(st.lists(trials(), max_size=8))
@settings(max_examples=30, deadline=None)
def test_every_table_has_a_row_for_each_complete_trial(found: list[Trial]) -> None:
    found = [Trial(**{**vars(each), "architecture": f"net{each.number}"}) for each in numbered(found)]
    complete = [each for each in rank(found, "maximize") if each.status == "complete"]
    assert [line.split(",")[-1] for line in ranking_csv(found).splitlines()[1:]] == [
        each.architecture for each in complete
    ]
    for table in (ranking_markdown(found), ranking_text(found)):
        places = [table.index(f"{each.architecture} ") for each in complete]
        assert places == sorted(places)
        assert not any(f"{each.architecture} " in table for each in found if each not in complete)
    said = not_ranked(found) or ""
    for status in STATUSES[1:]:
        count = sum(each.status == status for each in found)
        assert (f"{count} {status}" in said) == bool(count)


@given(st.lists(trials(), max_size=8))
@settings(max_examples=30, deadline=None)
def test_a_result_counts_what_became_of_proposals(found: list[Trial]) -> None:
    found = numbered(found)
    result = SearchResult(tuple(rank(found, "maximize")), "val_auroc", "maximize", 0, "finished")
    counted = result.counts()
    assert {status: counted[status] for status in STATUSES} == {
        status: sum(each.status == status for each in found) for status in STATUSES
    }


@given(st.lists(st.lists(st.integers(0, 30), max_size=5).map(tuple), unique=True, max_size=20))
def test_other_tokens_have_another_fingerprint(several: list[tuple[int, ...]]) -> None:
    assert len({token_fingerprint(tokens) for tokens in several}) == len(several)
    assert all(token_fingerprint(list(tokens)) == token_fingerprint(tokens) for tokens in several)


def test_what_other_processes_are_told_of_a_candidate() -> None:
    candidate = Candidate((1, 2), "abc", 10, 20)
    assert candidate.to_dict() == {"tokens": [1, 2], "fingerprint": "abc", "parameters": 10, "flops": 20}
    assert candidate.graph is None
