"""Weight-sharing builders under the module path that users of the first AMBER know."""

from amber.compat.builders import DAGModelBuilder
from amber.compat.supernets.builders import EnasAnnModelBuilder, EnasCnnModelBuilder
from amber.modeler.builders.base import ModelBuilder

__all__ = ["DAGModelBuilder", "EnasAnnModelBuilder", "EnasCnnModelBuilder", "ModelBuilder"]
