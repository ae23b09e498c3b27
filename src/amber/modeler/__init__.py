"""Networks: planned as graphs, counted, drawn, fingerprinted and built as Keras models."""

from amber.backend import select

select()

from amber.modeler.architecture_decoder import (
    MultiIOArchitecture,
    ResConvNetArchitecture,
)
from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.branch import KerasBranchModelBuilder
from amber.modeler.builders.multi_io import KerasMultiIOModelBuilder
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder
from amber.modeler.graph import (
    ComputationGraph,
    ComputationNode,
)
from amber.modeler.layer_face import get_layer
from amber.modeler.named_inputs import MultiInputModel
from amber.modeler.operations import register_operation

__all__ = [
    "ComputationGraph",
    "ComputationNode",
    "KerasBranchModelBuilder",
    "KerasMultiIOModelBuilder",
    "KerasResidualCnnBuilder",
    "ModelBuilder",
    "MultiIOArchitecture",
    "MultiInputModel",
    "ResConvNetArchitecture",
    "get_layer",
    "register_operation",
]
