"""AMBER's search as scikit-learn estimators: `AmberClassifier` and `AmberRegressor`.

They need scikit-learn 1.6 or later (extra `sklearn`).
"""

from amber.sklearn.estimators import AmberClassifier, AmberRegressor

__all__ = ["AmberClassifier", "AmberRegressor"]
