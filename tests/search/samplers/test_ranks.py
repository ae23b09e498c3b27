"""Ranks of scores, and which trials a model is fitted to: what holds for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.search.samplers.ranks import best_and_latest, best_and_spread, normal_scores

some = st.lists(st.integers(0, 12), min_size=1, max_size=40).map(lambda each: np.array(each, float))


@settings(max_examples=80, deadline=None)
@given(some)
def test_normal_scores_keep_the_order(scores: np.ndarray) -> None:
    found = normal_scores(scores)
    assert found.mean() == pytest.approx(0, abs=1e-9)
    assert found.std() == pytest.approx(1 if len(set(scores)) > 1 else 0)
    assert (np.sign(found[:, None] - found) == np.sign(scores[:, None] - scores)).all()
    np.testing.assert_allclose(normal_scores(100 * scores + 3), found)
    np.testing.assert_allclose(normal_scores(-scores), -found, atol=1e-9)


def test_normal_scores_are_quantiles() -> None:
    # Of ranks 1/8, 3/8, 5/8 and 7/8, before they are brought to a variance of one.
    found = normal_scores(np.array([4.0, 1.0, 3.0, 2.0]))
    assert found[0] / found[2] == pytest.approx(1.15034938 / 0.31863936)


@settings(max_examples=80, deadline=None)
@given(some, st.integers(1, 45))
def test_a_limit_is_filled_by_the_best_half_and_others(scores: np.ndarray, limit: int) -> None:
    count, half = len(scores), limit // 2
    best = set(sorted(range(count), key=lambda place: (-scores[place], place))[:half])
    for choose in (best_and_latest, best_and_spread):
        found = choose(scores, limit).tolist()
        assert found == sorted(set(found)) and len(found) <= limit
        assert found == list(range(count)) if count <= limit else best <= set(found)
    if count > limit:
        others = [place for place in range(count) if place not in best]
        latest = best_and_latest(scores, limit).tolist()
        assert len(latest) == limit and set(latest) - best == set(others[-(limit - half) :])
        rest = sorted(others, key=lambda place: (-scores[place], place))
        spread = [place for place in rest if place in best_and_spread(scores, limit)]
        places = [rest.index(place) for place in spread]
        # Equally far from each other, from the best of the others on, and no more than fit.
        assert places[0] == 0 and len(set(np.diff(places))) <= 1
        step = -(-len(rest) // (limit - half))
        assert places == list(range(0, len(rest), step))
