"""Gaussian process over tokens: what the trials so far say of architectures that were not trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search.samplers.tokens import token_dtype

Features = Callable[[tuple[int, ...]], Sequence[float]]
"""Numbers that describe an architecture, such as its depth; always as many. Called for every candidate, so cheap."""

# Beyond this many tokens, those of skips, inputs and outputs share one length scale for each kind.
SCALES = 128
_JITTER = 1e-6
# Amplitudes of a new process, for scores of variance one.
_PRODUCT, _ADDITIVE, _LINEAR, _NOISE = 0.7, 0.3, 0.3, 0.1
_ITERATIONS = 30


class Described(NamedTuple):
    """Architectures as numbers.

    Attributes:
        columns: (n, columns), the tokens; two architectures agree in token d where the products of its columns add up
            to one, with the constant of that token.
        features: (n, features), counts of tokens of the same kind, and the user's features.
    """

    columns: np.ndarray
    features: np.ndarray

    def take(self, rows: np.ndarray) -> Described:
        """Return some of the architectures."""
        return Described(self.columns[rows], self.features[rows])


class Describer:
    """Turns tokens into numbers.

    A token of two values is one column of +-sqrt(1/2), so that a product of two is +-1/2: with a constant of 1/2, it
    says whether they agree. A token of more values is one-hot.

    Args:
        layout: the tokens.
        features: of the user, beside the counts; None: none.
    """

    def __init__(self, layout: TokenLayout, features: Features | None = None) -> None:
        sizes = np.array(layout.sizes)
        binary = sizes == 2
        widths = np.where(binary, 1, sizes)
        self.starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
        self.token_of_column = np.repeat(np.arange(len(sizes)), widths)
        self.constants = np.where(binary, 0.5, 0.0)
        # Each column says whether its token has a value: 1 of a binary one.
        of_binary = binary[self.token_of_column]
        one_hot = np.arange(len(self.token_of_column)) - self.starts[self.token_of_column]
        self._value_of_column = np.where(of_binary, 1, one_hot).astype(token_dtype(layout))
        self._if_so, self._if_not = np.where(of_binary, np.sqrt(0.5), 1.0), np.where(of_binary, -np.sqrt(0.5), 0.0)
        self.scale_of_token = _scales(layout)
        self._kinds = [np.array(each) for each in _alike(layout)]
        self._sizes = sizes
        self._features = features

    def __call__(self, tokens: np.ndarray) -> Described:
        """Return (n, tokens) integers as numbers."""
        has_value = tokens[:, self.token_of_column] == self._value_of_column
        return Described(np.where(has_value, self._if_so, self._if_not), self._counted(tokens))

    def _counted(self, tokens: np.ndarray) -> np.ndarray:
        counts = [
            (tokens[:, kind] == value).sum(axis=1)
            for kind in self._kinds
            for value in range(int(self._sizes[kind[0]] == 2), self._sizes[kind[0]])
        ]
        if self._features is not None:
            rows = [np.asarray(self._features(tuple(row)), float) for row in tokens.tolist()]
            for row in rows:
                if row.ndim != 1 or row.shape != rows[0].shape or not np.isfinite(row).all():
                    raise ConfigError(
                        "features must return finite numbers, as many for every architecture. "
                        f"Received: {row.tolist()}, and {rows[0].tolist()} for another"
                    )
            counts += list(np.array(rows).T)
        return np.array(counts, float).T.reshape(len(tokens), len(counts))


def _alike(layout: TokenLayout) -> list[list[int]]:
    """Return positions of tokens whose values mean the same, as far as can be seen: kind and size are the same."""
    alike: dict[tuple[str, int], list[int]] = {}
    for position, (place, size) in enumerate(zip(layout.places, layout.sizes, strict=True)):
        if size > 1:
            alike.setdefault((place.role, size), []).append(position)
    return [each for each in alike.values() if len(each) > 1]


def _scales(layout: TokenLayout) -> np.ndarray:
    """Return the number of the length scale of every token."""
    keys = [
        place if len(layout) <= SCALES or place.role == "op" else place.role  # each its own, or all of a kind
        for place in layout.places
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


@dataclass(frozen=True)
class Parameters:
    """What the kernel is made of: a weight for each token and feature, and amplitudes."""

    weights: np.ndarray
    precisions: np.ndarray
    product: float
    additive: float
    linear: float
    noise: float


class GaussianProcess:
    """Regression on tokens, with uncertainty.

    With w the weight of a token and g that of a feature, the covariance of two architectures is

        product * exp(-sum of w where they differ - sum of g * difference of features squared)
        + additive * sum of w where they agree / sum of w + linear * mean product of features

    The weights and amplitudes are those of the highest posterior density, given the scores of some architectures.

    Args:
        describer: what described the architectures.
        described: of the architectures whose scores are known.
        scores: (n,), of mean zero and variance one.

    Attributes:
        start: logarithms of weights and amplitudes of which nothing is known.
        parameters: the weights and amplitudes that were found.
    """

    def __init__(self, describer: Describer, described: Described, scores: np.ndarray) -> None:
        self._describer = describer
        self._centre = described.features.mean(axis=0)
        self._spread = described.features.std(axis=0)
        self._spread[self._spread == 0] = 1.0
        self._scales = int(describer.scale_of_token.max()) + 1
        self._tokens_of_scale = np.bincount(describer.scale_of_token, minlength=self._scales)
        self.start = self._prior_mean(described.features.shape[1])
        found = minimize(
            self.loss,
            self.start,
            args=(self.standardised(described), scores),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS},
        )
        self.parameters = self._unpacked(found.x)

    def given(self, described: Described, scores: np.ndarray) -> Posterior:
        """Return what follows from scores, while those of some other architectures are on their way.

        What is pending makes its neighbourhood less uncertain, and changes no mean.

        Args:
            described: architectures whose scores are known, then those that are pending.
            scores: of the known ones, (n,).
        """
        count = len(scores)
        joined = self.standardised(described)
        covariance = self.covariance(self.parameters, joined, joined)[0]
        noise = self.parameters.noise + _JITTER
        covariance[np.diag_indices_from(covariance)] += noise
        lower = cholesky(covariance, lower=True, check_finite=False)
        solved = cho_solve((lower[:count, :count], True), scores, check_finite=False)
        # The covariance with noise, multiplied by what was solved, gives the scores.
        return Posterior(self, joined, lower, solved, scores - noise * solved)

    def _prior_mean(self, features: int) -> np.ndarray:
        tokens = len(self._describer.scale_of_token)
        amplitudes = [_PRODUCT, _ADDITIVE, _LINEAR, _NOISE]
        return np.log([*[2.0 / tokens] * self._scales, *[0.3 / max(features, 1)] * features, *amplitudes])

    def standardised(self, described: Described) -> Described:
        """Return architectures with features of mean zero and variance one among those that were first seen."""
        return Described(described.columns, (described.features - self._centre) / self._spread)

    def _unpacked(self, logarithms: np.ndarray) -> Parameters:
        values = np.exp(logarithms)
        weights, precisions = values[: self._scales], values[self._scales : -4]
        return Parameters(weights[self._describer.scale_of_token], precisions, *map(float, values[-4:]))

    def covariance(self, by: Parameters, left: Described, right: Described) -> tuple[np.ndarray, ...]:
        """Return the covariance (n, m) without noise, and the matrices that its amplitudes multiply."""
        total = by.weights.sum()
        agreeing = (left.columns * by.weights[self._describer.token_of_column]) @ right.columns.T
        agreeing += by.weights @ self._describer.constants
        distance = total - agreeing
        linear = np.zeros_like(agreeing)
        if left.features.shape[1]:
            a, b = left.features * np.sqrt(by.precisions), right.features * np.sqrt(by.precisions)
            distance += np.maximum((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T, 0)
            linear = left.features @ right.features.T / left.features.shape[1]
        product, additive = np.exp(-distance), agreeing / total
        return by.product * product + by.additive * additive + by.linear * linear, product, additive, linear

    def variance(self, by: Parameters, described: Described) -> np.ndarray:
        """Return the diagonal of the covariance of architectures with themselves."""
        features = described.features
        return np.asarray(by.product + by.additive + by.linear * (features**2).sum(axis=1) / max(features.shape[1], 1))

    def loss(self, logarithms: np.ndarray, known: Described, scores: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the negative log posterior density of weights and amplitudes, and its gradient."""
        by = self._unpacked(logarithms)
        covariance, product, additive, linear = self.covariance(by, known, known)
        covariance[np.diag_indices_from(covariance)] += by.noise + _JITTER
        try:
            lower = cholesky(covariance, lower=True, check_finite=False)
        except LinAlgError:
            return 1e10, np.zeros_like(logarithms)
        solved = cho_solve((lower, True), scores, check_finite=False)
        inverse = cho_solve((lower, True), np.eye(len(scores)), check_finite=False)
        # Half the derivative of the log likelihood with respect to each element of the covariance.
        slope = (np.outer(solved, solved) - inverse) / 2
        of_product = by.product * slope * product
        weights = by.weights * self._weight_slopes(by, known, slope, of_product)
        gradient = np.concatenate(
            [
                np.bincount(self._describer.scale_of_token, weights, minlength=self._scales),
                -2 * by.precisions * (of_product.sum(axis=1) @ known.features**2)
                + 2 * by.precisions * (known.features * (of_product @ known.features)).sum(axis=0),
                [of_product.sum(), by.additive * (slope * additive).sum(), by.linear * (slope * linear).sum()],
                [by.noise * np.trace(slope)],
            ]
        )
        away = logarithms - self.start
        loss = scores @ solved / 2 + np.log(np.diag(lower)).sum() + away @ away / 2
        return float(loss), away - gradient

    def _weight_slopes(self, by: Parameters, known: Described, slope: np.ndarray, of_product: np.ndarray) -> np.ndarray:
        """Return the derivative of the log likelihood with respect to the weight of each token."""
        total = by.weights.sum()
        agreeing = self._by_token(known.columns, slope)
        in_product = self._by_token(known.columns, of_product) - of_product.sum()
        return np.asarray(in_product + by.additive / total * (agreeing - by.weights @ agreeing / total))

    def _by_token(self, columns: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Return, for each token, the sum of a matrix where two architectures agree in it."""
        products = np.add.reduceat((columns * (matrix @ columns)).sum(axis=0), self._describer.starts)
        return np.asarray(products + self._describer.constants * matrix.sum())


@dataclass(frozen=True)
class Posterior:
    """A Gaussian process that has seen scores.

    Attributes:
        process: with its weights and amplitudes.
        joined: what is known and then what is pending, standardised.
        lower: Cholesky factor of their covariance.
        solved: (n,), the known scores divided by their covariance.
        known: (n,), the expected scores of what is known.
    """

    process: GaussianProcess
    joined: Described
    lower: np.ndarray
    solved: np.ndarray
    known: np.ndarray

    def mean(self, described: Described) -> np.ndarray:
        """Return the expected scores (m,)."""
        return self._with_covariance(described)[0]

    def mean_and_deviation(self, described: Described) -> tuple[np.ndarray, np.ndarray]:
        """Return the expected scores (m,) and their standard deviations, noise left out."""
        mean, covariance, variance = self._with_covariance(described)
        explained = solve_triangular(self.lower, covariance, lower=True, check_finite=False)
        return mean, np.sqrt(np.maximum(variance - (explained**2).sum(axis=0), 1e-9))

    def _with_covariance(self, described: Described) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # The three belong together: a posterior is a process and what it was told.
        process = self.process
        candidates = process.standardised(described)
        covariance = process.covariance(process.parameters, self.joined, candidates)[0]
        mean = covariance[: len(self.solved)].T @ self.solved
        return mean, covariance, process.variance(process.parameters, candidates)
