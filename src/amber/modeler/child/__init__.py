"""Child models that are more than a plain functional model."""

from amber.modeler.child.intermediate import DenseAddOutputChild, GeneralChild
from amber.modeler.child.of_graph import block_loss_mapping, child_class_of
from amber.modeler.supernet.models import EnasAnnModel, EnasCnnModel

__all__ = [
    "DenseAddOutputChild",
    "EnasAnnModel",
    "EnasCnnModel",
    "GeneralChild",
    "block_loss_mapping",
    "child_class_of",
]
