"""What a column is, where nobody has said so: the rules at their edges."""

from __future__ import annotations

import pytest

from amber.data.tables.features import _advice
from amber.data.tables.table import _delimiter, _made_up
from amber.data.targets.tasks import _check_decimal_points, _kind_of, _kind_of_numbers, may_be_either
from amber.errors import DataError


@pytest.mark.parametrize(
    ("different", "examples", "kind"),
    [
        (2, 2, "classes"),
        (4, 1000, "classes"),
        (4, 4, "classes"),
        (5, 5, "number"),
        (5, 7, None),
        (5, 24, None),
        (5, 25, "classes"),
        (11, 55, "classes"),
        (11, 54, None),
        (20, 100, "classes"),
        (20, 99, None),
        (21, 1000, None),
        (21, 26, "number"),
        (21, 27, None),
        (80, 100, "number"),
        (79, 100, None),
        (100, 100, "number"),
    ],
)
def test_whole_numbers(different: int, examples: int, kind: str | None) -> None:
    values = [float(each) for each in range(different)]
    assert _kind_of_numbers(values, examples) == kind
    texts = [str(each % different) for each in range(examples)]
    assert may_be_either(texts) == (kind is None)
    assert may_be_either([*texts, "", "NA"]) == (_kind_of_numbers(values, examples + 2) is None)
    assert not may_be_either([*texts, "x"])
    if kind is None:
        with pytest.raises(DataError, match=f"{different} different values from 0 to {different - 1} in {examples} ex"):
            _kind_of(texts, "here")
    else:
        assert _kind_of(texts, "here") == kind


@pytest.mark.parametrize(
    ("different", "examples", "kind"),
    [(1, 1, "number"), (1, 2, None), (10, 19, "number"), (10, 20, None), (11, 10000, "number")],
)
def test_fractions(different: int, examples: int, kind: str | None) -> None:
    assert _kind_of_numbers([each + 0.5 for each in range(different)], examples) == kind


def test_nothing_is_not_either() -> None:
    assert not may_be_either([]) and not may_be_either(["", "NA"])


@pytest.mark.parametrize(("numbers", "names", "kind"), [(8, 2, "number"), (40, 10, "number"), (39, 11, None)])
def test_a_few_words_among_numbers_do_not_make_classes(numbers: int, names: int, kind: str | None) -> None:
    texts = [f"{each}.25" for each in range(numbers)] + [f"w{each}" for each in range(names)]
    if kind is None:
        with pytest.raises(DataError, match="expected labels that several examples share"):
            _kind_of(texts, "here")
    else:
        assert _kind_of(texts, "here") == kind


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        (["1,5", "2,5", "3,5"], True),
        (["1,5", "2,5"], False),
        (["1,5", "2,5", "3,5", "4,5", "x"], True),
        (["1,5", "2,5", "3,5", "x"], False),
        (["1%", "2%", "3.5%"], True),
        (["1%", "2%"], False),
        (["1,5", "2%", "3,5"], False),
    ],
)
def test_numbers_as_some_countries_write_them(values: list[str], refused: bool) -> None:
    if refused:
        with pytest.raises(DataError, match=f"such as '{min(each for each in values if each != 'x')}'"):
            _check_decimal_points(set(values), "here")
    else:
        _check_decimal_points(set(values), "here")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "; fill in what is missing, or leave the example out"),
        ("NA", "; fill in what is missing, or leave the example out"),
        ("1,5", ", with a point before its decimals"),
        (" -12,0 ", ", with a point before its decimals"),
        ("1,5,2", ""),
        ("x", ""),
    ],
)
def test_advice_for_what_is_no_number(text: str, advice: str) -> None:
    assert _advice(text) == advice


@pytest.mark.parametrize(
    ("first", "header"),
    [
        (["ACGTACGTAC", "1"], ["seq", "y"]),
        (["1", "ACGTACGTAC"], ["y", "seq"]),
        (["1", "ACGTACGTAC", "2"], ["column_1", "seq", "column_3"]),
        (["ACGTACGTAC"], ["seq"]),
        (["1", "2"], ["column_1", "column_2"]),
        (["ACGTACGTAC", "ACGTACGTAC"], ["seq", "y"]),
    ],
)
def test_names_of_columns_without_any(first: list[str], header: list[str]) -> None:
    assert _made_up(first, ("seq", "y")) == header


@pytest.mark.parametrize(
    ("text", "wanted", "delimiter"),
    [
        ("a,b\n1,2", None, ","),
        ("\n \na;b;c,d\n", None, ";"),
        ("a\tb,c,d\n", None, ","),
        ("a\tb,c,d\n", ["a"], "\t"),
        ('"a";"b"\n', ["b"], ";"),
        ("a\n1\n", None, ","),
        ("a\n1\n", ["a"], ","),
        ("", None, ","),
    ],
)
def test_what_separates_fields(text: str, wanted: list[str] | None, delimiter: str) -> None:
    assert _delimiter(text, wanted) == delimiter
