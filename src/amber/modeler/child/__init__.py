"""Child models that are more than a plain functional model."""

from amber.modeler.child.intermediate import DenseAddOutputChild
from amber.modeler.child.of_graph import block_loss_mapping, child_class_of

__all__ = ["DenseAddOutputChild", "block_loss_mapping", "child_class_of"]
