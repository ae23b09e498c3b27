"""Keras's errors of shapes, in words of people who describe networks."""

from __future__ import annotations

import pytest

from amber.graph.shape_words import plain_words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Input 0 of layer is incompatible: expected min_ndim=2, found ndim=1. Full shape received: (None,)",
         "it needs an input of at least 1 axis (one vector for each example); this one has 0"),
        ("expected ndim=3, found ndim=2", "it needs an input of 2 axes (positions x channels); this one has 1"),
        ("expected ndim=6, found ndim=2", "it needs an input of 5 axes; this one has 1"),
        ("Computed output size would be negative. output size would be zero or negative",
         "its input is too short and nothing would be left of it (padding: same keeps the length)"),
        ("A `Concatenate` layer requires inputs with matching shapes. Received: input_shape=[(3,), (4, 5)]",
         "inputs of these shapes cannot be concatenated; flatten or pool the longer ones first, or give "
         "each input layers of its own, as builder branch does"),
        ("Exception encountered when calling Dense.call().\n\n\x1b[1mIt does not fit.\x1b[0m Received: 3\n\n"
         "Arguments received by Dense.call():\n  x=3", "It does not fit"),
        ("Received: nothing but this", "Received: nothing but this"),
    ],
)  # fmt: skip
def test_an_error_of_keras_in_plain_words(message: str, words: str) -> None:
    assert plain_words(ValueError(message)) == words
