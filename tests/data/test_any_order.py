"""What comes from sets and mappings has one order, whatever the order in which it came."""

from __future__ import annotations

import random
import string

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.fingerprints import fingerprint
from amber.data.targets.labels import label_notes, ordered

names = st.text(string.ascii_letters + " _-", min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.sets(names, min_size=3, max_size=30))
def test_classes_by_text(classes: set[str]) -> None:
    assert ordered(classes) == tuple(sorted(classes))


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(-500, 500), min_size=1, max_size=30))
def test_classes_by_value(classes: set[int]) -> None:
    assert ordered({str(each) for each in classes}) == tuple(str(each) for each in sorted(classes))
    assert ordered({f"{each}.5" for each in classes if each >= 0}) == tuple(
        f"{each}.5" for each in sorted(classes) if each >= 0
    )


def test_a_single_name_makes_all_classes_text() -> None:
    assert ordered({"10", "9", "x", "-1"}) == ("-1", "10", "9", "x")


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(names, st.one_of(st.integers(), names, st.none()), max_size=12), st.randoms(use_true_random=False)
)
def test_fingerprints_do_not_know_the_order_of_keys(content: dict[str, str | None], drawn: random.Random) -> None:
    items = list(content.items())
    drawn.shuffle(items)
    assert fingerprint(dict(items)) == fingerprint(content)
    assert fingerprint({"a": dict(items), "b": [content]}) == fingerprint({"b": [dict(items)], "a": content})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "1", "b": "2"}, {"a": "2", "b": "1"}),
        ({"a": "1"}, {"a": "1", "b": None}),
        (["1", "2"], ["2", "1"]),
        (["1", ["2"]], ["1", "2"]),
        ([], {}),
        ([], None),
        (None, "None"),
        ("1", np.array(1)),
        (np.arange(6), np.arange(6).reshape(2, 3)),
        (np.arange(6, dtype="int64"), np.arange(6, dtype="int32")),
        (np.zeros(2), np.array([0.0, 1e-300])),
        (np.array(["a", None], object), np.array(["a", "None"], object)),
    ],
)
def test_fingerprints_know_everything_else(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)
    assert len(fingerprint(one)) == 32


def test_fingerprints_know_values_not_their_layout() -> None:
    values = np.arange(12.0).reshape(3, 4)
    assert fingerprint(values.T) == fingerprint(np.ascontiguousarray(values.T)) != fingerprint(values)
    assert fingerprint(("1", "2")) == fingerprint(["1", "2"])


def test_notes_name_the_forms_of_a_class_in_order() -> None:
    forms = ["1", "1.0", "1.00", "01", "1e0", "+1"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(forms, len(forms))
        notes = [note for note in label_notes([*shuffled, "0"], ["0", "1"], "y") if "are one class, 1." in note]
        assert len(notes) <= 1
        for note in notes:
            places = [note.index(f"'{form}'") for form in sorted(forms) if f"'{form}'" in note]
            assert places == sorted(places) and len(places) >= 2


def test_blanks_around_labels_are_counted() -> None:
    assert any(
        "around 3 labels of the column y" in note for note in label_notes([" a", "a ", "b", " a"], ["a", "b"], "y")
    )
    assert label_notes(["a", "b", "a"], ["a", "b"], "y") == []
