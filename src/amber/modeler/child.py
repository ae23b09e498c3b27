"""Child models that are more than a plain functional model."""

from amber.compat.supernets.models import EnasAnnModel, EnasCnnModel
from amber.graph.models.auxiliary import block_loss_mapping, child_class_of
from amber.graph.models.intermediate import DenseAddOutputChild, GeneralChild

__all__ = [
    "DenseAddOutputChild",
    "EnasAnnModel",
    "EnasCnnModel",
    "GeneralChild",
    "block_loss_mapping",
    "child_class_of",
]
