"""Fingerprints of content: equal for equal content, different for whatever differs."""

from __future__ import annotations

import itertools

import numpy as np

from amber.data.fingerprints import fingerprint


def test_equal_content_has_one_fingerprint_in_any_process() -> None:
    content = {"b": np.arange(3, dtype="int64"), "a": ["text", None]}
    assert fingerprint(content) == fingerprint(dict(sorted(content.items())))
    # Recorded: a search that is resumed compares with what an earlier process wrote.
    assert fingerprint(np.arange(3, dtype="int64")) == "2df1abbf4e95ca6d919e86733d5d785a"
    assert fingerprint({"a": "b"}) == "432aced78ccd81201141e018692ca578"


def test_whatever_differs_has_another_fingerprint() -> None:
    array = np.arange(6, dtype="int64")
    contents = [
        array,
        array.astype("int32"),
        array.reshape(2, 3),
        array[::-1],
        [array],
        [[array]],
        (array, array),
        [[array], array],
        [array, [array]],
        {"a": array},
        {"b": array},
        {"a": [array]},
        "text",
        "None",
        None,
        ["a", "b"],
        ["a"],
        [["a"], "b"],
        [["a", "b"]],
        {"a": "b"},
        ["ab"],
        np.array(["a", "b"], object),
        np.array(["ab"], object),
    ]
    for first, second in itertools.combinations(contents, 2):
        assert fingerprint(first) != fingerprint(second), (first, second)
