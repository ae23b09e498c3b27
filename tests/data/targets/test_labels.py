"""Labels as people write them: what is one class, what is missing, and what nobody sees."""

from __future__ import annotations

import pytest

from amber.data.targets.labels import class_name, is_missing, number_of


@pytest.mark.parametrize("label", ["\ufeffpos", "pos\u200b", "\u00a0pos ", "\u202apos\u202c", "p\u200dos"])
def test_characters_that_nobody_sees_make_no_class(label: str) -> None:
    assert class_name(label) == "pos"
    assert is_missing(label.replace("p", "N").replace("os", "A"))
    assert number_of(label.replace("p", "1").replace("os", ".5")) == 1.5
