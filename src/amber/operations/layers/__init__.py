"""Layers that Keras does not have. Import this package to load saved models that have them."""

from amber.operations.layers.denovo import DenovoConstraint, DenovoMotif, DenovoRegularizer, NonPositive
from amber.operations.layers.separable_fc import CurvatureConstraint, SeparableFC, SmoothnessRegularizer
from amber.operations.layers.sparse_top_k import SparseTopK

__all__ = [
    "CurvatureConstraint",
    "DenovoConstraint",
    "DenovoMotif",
    "DenovoRegularizer",
    "NonPositive",
    "SeparableFC",
    "SmoothnessRegularizer",
    "SparseTopK",
]
