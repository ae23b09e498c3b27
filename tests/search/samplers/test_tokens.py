"""Tokens as Optuna's parameters: there and back, for layouts of every family."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from hypothesis import given, settings, strategies as st

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search.samplers.tokens import TokenSampler, is_maximised, token_distributions, tokens_by_kind, tokens_of

layouts = st.builds(
    TokenLayout,
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    num_inputs=st.integers(0, 2),
    with_skips=st.booleans(),
    num_outputs=st.integers(0, 2),
)


@given(layouts, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_tokens_are_parameters_and_back(layout: TokenLayout, seed: int) -> None:
    distributions = token_distributions(layout)
    assert list(distributions) == layout.names
    assert [each.choices for each in distributions.values()] == [tuple(range(size)) for size in layout.sizes]
    tokens = layout.sample(seed)
    params = dict(zip(layout.names, tokens, strict=True))
    assert tokens_of({**params, "another": 5}, layout) == tokens
    for name in params:
        assert tokens_of({key: value for key, value in params.items() if key != name}, layout) is None


@given(layouts)
@settings(max_examples=60, deadline=None)
def test_kinds_divide_the_tokens_that_have_a_choice(layout: TokenLayout) -> None:
    kinds = tokens_by_kind(layout)
    positions = [position for kind in kinds for position in kind]
    assert sorted(positions) == [position for position, size in enumerate(layout.sizes) if size > 1]
    roles = [{layout.places[position].role for position in kind} for kind in kinds]
    assert all(len(each) == 1 for each in roles) and len(set().union(*roles)) == len(kinds)


class Counting(TokenSampler):
    """Proposes the number of the trial, written in the tokens."""

    def propose(self, study: optuna.Study, number: int) -> list[int]:
        return [number // 4, number % 4]


def test_what_a_sampler_proposes_is_what_is_asked_for() -> None:
    layout = TokenLayout([4, 4], with_skips=False)
    study = optuna.create_study(sampler=Counting(layout, 0))
    for number in range(16):
        asked = study.ask(token_distributions(layout))
        assert tokens_of(asked.params, layout) == (number // 4, number % 4)
        study.tell(asked, float(number))
    other = [study.ask({"rate": optuna.distributions.FloatDistribution(0.0, 1.0)}).params["rate"] for _ in range(1)]
    again = optuna.create_study(sampler=Counting(layout, 0))
    assert 0 <= other[0] <= 1
    assert again.ask({"rate": optuna.distributions.FloatDistribution(0.0, 1.0)}).params["rate"] == pytest.approx(
        other[0]
    )


def test_one_score_is_followed_unless_the_class_says_more() -> None:
    layout = TokenLayout(np.array([2, 3]).tolist())
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=Counting(layout, 0))
    with pytest.raises(ConfigError, match="Counting follows one score. Received: a study of 2 objectives"):
        study.ask(token_distributions(layout))
    with pytest.raises(NotImplementedError, match="TokenSampler does not define propose"):
        TokenSampler(layout, 0).propose(study, 0)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_direction_of_a_study(direction: str) -> None:
    assert is_maximised(optuna.create_study(direction=direction)) == (direction == "maximize")
