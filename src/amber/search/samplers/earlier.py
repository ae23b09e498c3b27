"""What earlier searches say of architectures: predictions that a surrogate starts from, and how far it trusts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from amber.architect import TokenLayout
from amber.search.samplers.gaussian_process import Describer, GaussianProcess, Posterior
from amber.search.samplers.ranks import best_and_spread, normal_scores
from amber.search.samplers.space_features import SpaceFeatures

# Trials of an earlier search that are learnt from, and its best that are proposed again.
_FITTED, _BEST = 128, 20
# Fewer trials than this say nothing.
FEWEST = 5
# Variance of the belief in an earlier search: it counts as much as one trial of this one.
_DOUBT = 1.0
_RIDGE = 3.0


@dataclass(frozen=True)
class EarlierTrials:
    """The scored trials of an earlier search.

    Attributes:
        name: of the search.
        scores: (n,), higher is better; only their order counts.
        tokens: (n, tokens), where it was of the same space; None of another.
        features: (n, features) as `SpaceFeatures` gives them; used for other spaces.
        likeness: from 0 to 1, how far its data and its space are those of this search: the first belief in it.
    """

    name: str
    scores: np.ndarray
    tokens: np.ndarray | None = None
    features: np.ndarray | None = field(default=None, repr=False)
    likeness: float = 0.5


class EarlierPredictions:
    """Predicts scores from earlier searches, of mean zero and variance one among the trials of each.

    Args:
        earlier: their trials; searches of fewer than five are left out.
        layout: the tokens.
        features: of the space that is searched; None where no space is known, so that only its own tokens count.

    Attributes:
        best: (n, tokens), the best architectures of earlier searches of the same space.
        likeness: (searches,), the first belief in each; together at most one.
    """

    def __init__(
        self, earlier: Sequence[EarlierTrials], layout: TokenLayout, features: SpaceFeatures | None = None
    ) -> None:
        self._describe = Describer(layout)
        self._features = features
        self._models: list[Posterior | _Ridge] = []
        likeness, best = [], [np.zeros((0, len(layout)), np.int64)]
        for each in earlier:
            if len(each.scores) < FEWEST:
                continue
            scores = normal_scores(each.scores)
            if each.tokens is not None:
                rows = best_and_spread(scores, _FITTED)
                known = self._describe(each.tokens[rows])
                process = GaussianProcess(self._describe, known, normal_scores(scores[rows]))
                self._models.append(process.given(known, normal_scores(scores[rows])))
                best.append(each.tokens[np.argsort(-scores, kind="stable")[:_BEST]])
            elif each.features is not None and features is not None:
                self._models.append(_Ridge(each.features, scores))
            else:
                continue
            likeness.append(each.likeness)
        self.likeness = np.array(likeness) / max(1.0, sum(likeness))
        self.best = np.concatenate(best)

    def __len__(self) -> int:
        return len(self._models)

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        """Return (n, searches) predictions."""
        described, features = self._describe(tokens), None
        columns = []
        for model in self._models:
            if isinstance(model, _Ridge):
                features = self._features(tokens) if features is None and self._features is not None else features
                columns.append(model(features))
            else:
                columns.append(model.mean(described))
        return np.array(columns).T.reshape(len(tokens), len(columns))

    def trust(self, predicted: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Return how much of each prediction holds for this search, (searches,), none below zero.

        The first belief is the likeness; the trials of this search, as they come, take its place (linear regression
        with a normal prior), so that unrelated searches are soon forgotten.

        Args:
            predicted: (n, searches), of the trials of this search.
            scores: (n,), theirs, of mean zero and variance one.
        """
        centred = predicted - predicted.mean(axis=0) if len(predicted) else predicted
        precision = centred.T @ centred + np.eye(len(self)) / _DOUBT
        found = np.linalg.solve(precision, centred.T @ scores + self.likeness / _DOUBT)
        return np.asarray(np.maximum(found, 0.0))


class _Ridge:
    """Linear regression of scores on features, for architectures of another space."""

    def __init__(self, features: np.ndarray, scores: np.ndarray) -> None:
        self._centre, self._spread = features.mean(axis=0), features.std(axis=0)
        # What was the same in all trials is not known to matter.
        self._spread[self._spread == 0] = np.inf
        scaled = (features - self._centre) / self._spread
        self._weights = np.linalg.solve(scaled.T @ scaled + _RIDGE * np.eye(scaled.shape[1]), scaled.T @ scores)

    def __call__(self, features: np.ndarray | None) -> np.ndarray:
        """Return predictions, at most some deviations off what was seen."""
        scaled = np.clip((np.asarray(features) - self._centre) / self._spread, -3, 3)
        return np.asarray(scaled @ self._weights)
