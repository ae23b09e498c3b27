"""Networks: planned as graphs, counted, drawn, fingerprinted and built as Keras models."""

from amber.backend import select

select()

from amber.modeler.architecture_decoder import MultiIOArchitecture  # noqa: E402
from amber.modeler.architecture_decoder import ResConvNetArchitecture  # noqa: E402
from amber.modeler.builders.base import ModelBuilder  # noqa: E402
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder  # noqa: E402
from amber.modeler.layer_face import get_layer  # noqa: E402
from amber.modeler.graph import ComputationGraph  # noqa: E402
from amber.modeler.graph import ComputationNode  # noqa: E402
from amber.modeler.operations import register_operation  # noqa: E402

__all__ = [
    "ComputationGraph",
    "ComputationNode",
    "KerasResidualCnnBuilder",
    "ModelBuilder",
    "MultiIOArchitecture",
    "ResConvNetArchitecture",
    "get_layer",
    "register_operation",
]
