"""The grammar of tokens: lengths of every family, round trips, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.architect import Architecture, ModelSpace, TokenLayout
from amber.errors import ArchitectureError, ModelSpaceError

LAYOUTS = st.builds(
    TokenLayout,
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    num_inputs=st.integers(0, 3),
    with_skips=st.booleans(),
    num_outputs=st.integers(0, 3),
)


@pytest.mark.parametrize(
    ("layers", "options", "length"),
    [
        (5, {"with_skips": False}, 5),
        (12, {}, 78),
        (4, {}, 10),
        (4, {"num_inputs": 4}, 26),
        (4, {"num_inputs": 4, "with_skips": False}, 20),
        (3, {"num_inputs": 2, "num_outputs": 2}, 18),
        (3, {"num_outputs": 2}, 3 + 3 + 6),
    ],
)
def test_length_of_every_family(layers: int, options: dict[str, Any], length: int) -> None:
    layout = TokenLayout([2] * layers, **options)
    assert len(layout) == len(layout.names) == len(layout.sizes) == length


def test_names_in_order() -> None:
    layout = TokenLayout([3, 2], num_inputs=1, num_outputs=1)
    assert layout.names == ["L0.op", "L0.input.0", "L1.op", "L1.input.0", "L1.skip.0", "out0.L0", "out0.L1"]
    assert layout.sizes == [3, 2, 2, 2, 2, 2, 2]
    assert layout.decode([2, 1, 0, 0, 1, 0, 1]) == Architecture((2, 0), ((1,), (0,)), ((), (1,)), ((0, 1),))


@given(LAYOUTS, st.integers(0, 2**32 - 1))
def test_decode_and_encode_are_inverse(layout: TokenLayout, seed: int) -> None:
    arc = layout.sample(np.random.default_rng(seed))
    assert arc == layout.sample(seed)
    assert layout.encode(layout.decode(arc)) == arc
    assert layout.validate(np.array(arc)) == layout.validate(list(arc)) == arc
    assert all(type(token) is int for token in layout.validate(np.array(arc, dtype=np.int8)))


def test_every_token_value_is_sampled_equally() -> None:
    layout = TokenLayout([4, 3])
    rng = np.random.default_rng(0)
    draws = np.array([layout.sample(rng) for _ in range(6000)])
    for column, size in zip(draws.T, layout.sizes, strict=True):
        counts = np.bincount(column, minlength=size)
        assert np.all(np.abs(counts / 6000 - 1 / size) < 0.03)


@pytest.mark.parametrize(
    ("arc", "message"),
    [
        ([0, 0], "3 tokens .*Received: 2"),
        ([0, 0, 0, 0], "Received: 4"),
        ([0, 5, 0], r"Token 1 \(L1.op\).*0 to 2.*Received: 5"),
        ([0, 0, 2], r"Token 2 \(L1.skip.0\).*0 to 1.*Received: 2"),
        ([-1, 0, 0], "Token 0.*Received: -1"),
        ([0.0, 0, 0], "Received: 0.0"),
        ([True, 0, 0], "Received: True"),
        ([np.True_, 0, 0], "Received"),
        ([np.float64(1), 0, 0], "Received"),
        ([[0], 0, 0], r"Received: \[0\]"),
        ([None, 0, 0], "Received: None"),
        (["0", 0, 0], "Received: '0'"),
        ("000", "list, tuple"),
        (None, "list, tuple"),
        (np.zeros((1, 3), int), "one-dimensional"),
        (np.zeros(3), "Received"),
    ],
)
def test_what_is_refused(arc: Any, message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        TokenLayout([3, 3]).validate(arc)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (TokenLayout([3, 3], with_skips=False), "2 tokens (2 operations)"),
        (TokenLayout([3] * 3), "6 tokens (3 operations, 3 skip bits)"),
        (TokenLayout([3, 3], num_inputs=4, with_skips=False), "10 tokens (2 operations, 2x4 input bits)"),
        (TokenLayout([3, 3], num_outputs=1), "5 tokens (2 operations, 1 skip bits, 1x2 output bits)"),
    ],
)
def test_another_number_of_tokens_is_explained(layout: TokenLayout, said: str) -> None:
    with pytest.raises(ArchitectureError, match=re.escape(said)):
        layout.validate([0])


def test_encode_refuses_rows_of_wrong_length() -> None:
    layout = TokenLayout([2, 2])
    with pytest.raises(ArchitectureError, match="skips"):
        layout.encode(Architecture((0, 0), ((), ()), ((), ())))
    with pytest.raises(ArchitectureError, match="operations"):
        layout.encode(Architecture((0,)))


@pytest.mark.parametrize("space", [ModelSpace(), [], [0], [True]])
def test_spaces_without_choice(space: Any) -> None:
    with pytest.raises(ModelSpaceError):
        TokenLayout(space)
