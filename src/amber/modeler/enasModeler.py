"""Weight-sharing builders under the module path that users of the first AMBER know."""

from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.dag.builder import DAGModelBuilder
from amber.supernet.builders import EnasAnnModelBuilder, EnasCnnModelBuilder

__all__ = ["DAGModelBuilder", "EnasAnnModelBuilder", "EnasCnnModelBuilder", "ModelBuilder"]
