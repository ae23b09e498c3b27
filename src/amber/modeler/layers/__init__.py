"""Layers that Keras does not have. Importing this package makes saved models with them loadable."""

from amber.modeler.layers.denovo import DenovoConstraint, DenovoMotif, DenovoRegularizer, NonPositive
from amber.modeler.layers.separable_fc import CurvatureConstraint, SeparableFC, SmoothnessRegularizer
from amber.modeler.layers.sparse_top_k import SparseTopK

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
