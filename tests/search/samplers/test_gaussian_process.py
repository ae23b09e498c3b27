"""The Gaussian process over tokens: what it takes for alike, its gradient, and what follows from scores."""

from __future__ import annotations

import numpy as np
import pytest

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search.samplers.gaussian_process import SCALES, Describer, GaussianProcess

LAYOUT = TokenLayout([4, 2, 4, 1], num_inputs=2, num_outputs=1)


def sampled(count: int, seed: int = 0, layout: TokenLayout = LAYOUT) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([layout.sample(rng) for _ in range(count)])


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def test_products_of_columns_say_in_which_tokens_two_architectures_agree() -> None:
    describer, tokens = Describer(LAYOUT), sampled(12)
    columns = describer(tokens).columns
    products = np.add.reduceat(columns[:, None] * columns[None], describer.starts, axis=2) + describer.constants
    np.testing.assert_allclose(products, tokens[:, None] == tokens[None], atol=1e-12)


def test_features_are_counts_of_tokens_of_a_kind_and_those_of_the_user() -> None:
    layout = TokenLayout([3, 3, 2, 2])
    tokens = np.array([[0, 0, 1, 1, 0, 1, 1, 1, 1, 1], [2, 2, 0, 1, 0, 0, 0, 0, 0, 0]])
    plain = Describer(layout)(tokens).features
    # Two operations of three values, two of two values of which the second is counted, and the skips that are there.
    assert sorted(plain[0]) != sorted(plain[1]) and plain.shape == (2, 5)
    named = [dict(zip(layout.names, row, strict=True)) for row in tokens]
    for row, found in zip(named, plain, strict=True):
        three = [row["L0.op"], row["L1.op"]]
        skips = sum(value for name, value in row.items() if ".skip." in name)
        assert sorted(found) == sorted([*(three.count(k) for k in range(3)), row["L2.op"] + row["L3.op"], skips])
    with_sum = Describer(layout, lambda row: [float(sum(row))])(tokens).features
    np.testing.assert_array_equal(with_sum, np.column_stack([plain, tokens.sum(axis=1)]))


@pytest.mark.parametrize("wrong", [lambda row: [float("nan")], lambda row: [1.0] * (1 + row[0] % 2), lambda row: 1.0])
def test_features_that_are_not_numbers_of_one_length_are_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="features must return finite numbers"):
        Describer(LAYOUT, wrong)(sampled(8))  # type: ignore[arg-type]


def test_the_gradient_is_that_of_the_loss() -> None:
    describer, tokens = Describer(LAYOUT), sampled(25)
    described, scores = describer(tokens), standardised(np.random.default_rng(1).normal(size=25))
    process = GaussianProcess(describer, described, scores)
    shown = process.standardised(described)
    at = process.start + 0.3 * np.random.default_rng(2).normal(size=len(process.start))
    steps = 1e-5 * np.eye(len(at))
    numeric = [(process.loss(at + e, shown, scores)[0] - process.loss(at - e, shown, scores)[0]) / 2e-5 for e in steps]
    gradient = process.loss(at, shown, scores)[1]
    assert np.abs(gradient).max() > 0.1
    np.testing.assert_allclose(gradient, numeric, atol=1e-6)


def test_it_learns_which_tokens_matter_and_predicts() -> None:
    layout = TokenLayout([4] * 6, with_skips=False)
    tokens = sampled(80, layout=layout)
    values = (tokens[:, 0] == 2) + (tokens[:, 1] == 1) * (tokens[:, 2] == 3) * 2.0
    scores = standardised(values)
    describer = Describer(layout)
    process = GaussianProcess(describer, describer(tokens[:60]), standardised(values[:60]))
    weights = process.parameters.weights
    assert weights[:3].min() > weights[3:].max()
    posterior = process.given(describer(tokens[:60]), standardised(values[:60]))
    np.testing.assert_allclose(posterior.known, posterior.mean(describer(tokens[:60])), atol=1e-6)
    assert np.corrcoef(posterior.mean(describer(tokens[60:])), scores[60:])[0, 1] > 0.7


def test_what_is_pending_is_less_uncertain_and_changes_no_mean() -> None:
    describer, tokens = Describer(LAYOUT), sampled(30)
    scores = standardised(tokens.sum(axis=1).astype(float))[:20]
    known, pending, others = (describer(each) for each in (tokens[:20], tokens[20:22], tokens[22:]))
    process = GaussianProcess(describer, known, standardised(scores))
    before = process.given(known, scores)
    after = process.given(describer(tokens[:22]), scores)
    np.testing.assert_allclose(after.mean(others), before.mean(others))
    assert (after.mean_and_deviation(pending)[1] < before.mean_and_deviation(pending)[1]).all()
    assert (after.mean_and_deviation(others)[1] <= before.mean_and_deviation(others)[1] + 1e-12).all()


def test_of_many_tokens_all_skips_share_a_scale() -> None:
    small, large = TokenLayout([3] * 4), TokenLayout([3] * 20)
    assert len(small) <= SCALES < len(large)
    assert len(set(Describer(small).scale_of_token.tolist())) == len(small)
    assert len(set(Describer(large).scale_of_token.tolist())) == 21
