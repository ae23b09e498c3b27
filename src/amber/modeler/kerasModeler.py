"""The module path users of the first AMBER know; nothing else lives here."""

from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.branch import KerasBranchModelBuilder
from amber.modeler.builders.multi_io import KerasMultiIOModelBuilder
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder

__all__ = ["KerasBranchModelBuilder", "KerasMultiIOModelBuilder", "KerasResidualCnnBuilder", "ModelBuilder"]
