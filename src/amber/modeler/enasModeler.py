"""Weight-sharing builders under the module path that users of the first AMBER know."""

from amber.modeler.supernet.builders import EnasAnnModelBuilder, EnasCnnModelBuilder

__all__ = ["EnasAnnModelBuilder", "EnasCnnModelBuilder"]
