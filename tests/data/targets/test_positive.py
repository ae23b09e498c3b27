"""Which of two classes is the positive one, and so the second: the one that is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from amber.data import TargetSpec, encode_labels, load_dataset
from amber.data.targets.positive import positive_class


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        ("free", "bound"),
        ("unbound", "bound"),
        ("neg", "pos"),
        ("negative", "positive"),
        ("background", "abf1"),
        ("shuffled", "nfe2"),
        ("Abf1_control", "Abf1_peaks"),
        ("no_peak", "peak"),
        ("nonTATA", "TATA"),
        ("non-coding", "coding"),
        ("inactive", "active"),
        ("random", "enhancer"),
        ("FALSE", "TRUE"),
        ("N", "EI"),
        ("notBound", "bound2"),
    ],
)
def test_words_tell_the_positive_class(negative: str, positive: str) -> None:
    assert positive_class(negative, positive) == positive_class(positive, negative) == positive
    y, classes = encode_labels([positive, negative])
    assert classes == (negative, positive) and y.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("first", "second"),
    # Nothing tells; both are alike; numbers count by value alone, and not in a name.
    [
        ("EI", "IE"),
        ("liver", "brain"),
        ("bound", "peak"),
        ("rep0", "rep1"),
        ("0", "1"),
        ("-1", "1"),
        ("kinase", "serine"),
    ],
)
def test_other_classes_stay_in_order(first: str, second: str) -> None:
    expected = ("brain", "liver") if first == "liver" else (first, second)
    assert encode_labels([second, first])[1] == expected


def test_more_classes_and_given_ones_stay_as_they_are() -> None:
    assert encode_labels(["free", "bound", "weak"])[1] == ("bound", "free", "weak")
    assert encode_labels(["free", "bound"], ["bound", "free"])[1] == ("bound", "free")


def test_what_names_decided_is_said(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"

    def notes(*names: str, classes: list[str] | None = None) -> list[str]:
        rows = [f"{'ACGT'[row % 4] * 6},{names[row % 2]}" for row in range(40)]
        path.write_text("\n".join(["seq,label", *rows]))
        read = load_dataset(path, label=TargetSpec("label", classes=classes))
        return [note for note in read.notes if "positive" in note]

    (note,) = notes("bound", "free")
    assert note == (
        "Of the classes 'free', 'bound', bound is the positive one, as their names say; "
        "`classes: [bound, free]` makes it free."
    )
    assert notes("brain", "liver") == notes("0", "1") == notes("bound", "free", classes=["bound", "free"]) == []
