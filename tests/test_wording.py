"""Values and paths in messages."""

from __future__ import annotations

import pytest

from amber.wording import unknown_name, without_folders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The index of g.fa was made: /home/me/x/g.fa.fai.", "The index of g.fa was made: g.fa.fai."),
        ("/a/b/tr.fa, line 3 (chr1:2-3) and '/a/n.fa'", "tr.fa, line 3 (chr1:2-3) and 'n.fa'"),
        (r"C:\data\x.fa, line 2", "x.fa, line 2"),
        ("and/or 1/2 sites, runs/a/b and https://a.b/c/d", "and/or 1/2 sites, runs/a/b and https://a.b/c/d"),
    ],
)
def test_absolute_paths_are_names(text: str, expected: str) -> None:
    assert without_folders(text) == expected


def test_of_many_names_the_nearest_are_given_and_of_few_all() -> None:
    few = unknown_name("sampler", "Randon", ["random", "tpe"])
    assert "Unknown sampler: expected one of random, tpe. Did you mean 'random'? " in few
    assert "amber --plugin FILE.py ..." in few and few.endswith("Received: 'Randon'")
    names = [f"layer{number}" for number in range(60)]
    many = unknown_name("operation", "layr7", names, {"seventh": "layer7", "layr_seven": "layer7"})
    assert "expected one of 60 names. Did you mean 'layer7' or" in many and many.count("'layer7'") == 1
    assert "layer8" not in many or len(many) < 250
    assert "Did you mean" not in unknown_name("operation", 5, names)
