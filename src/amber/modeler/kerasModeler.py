"""The module path users of the first AMBER know; nothing else lives here."""

from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder

__all__ = ["KerasResidualCnnBuilder", "ModelBuilder"]
