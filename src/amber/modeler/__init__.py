"""Networks: planned as graphs, counted, drawn, fingerprinted and built as Keras models."""

from amber.backend import prepare_keras

prepare_keras()

from amber.compat.builders import (
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
)
from amber.compat.sequential_functions import (
    build_multi_gpu_sequential_model,
    build_multi_gpu_sequential_model_from_string,
    build_sequential_model,
    build_sequential_model_from_string,
)
from amber.compat.supernets.builders import EnasAnnModelBuilder, EnasCnnModelBuilder
from amber.graph.graph import (
    ComputationGraph,
    ComputationNode,
)
from amber.graph.models.named_inputs import MultiInputModel, input_operations
from amber.modeler import architectureDecoder, child, dag, enasModeler, kerasModeler
from amber.modeler.architecture_decoder import (
    MultiIOArchitecture,
    ResConvNetArchitecture,
)
from amber.modeler.builders.base import ModelBuilder
from amber.modeler.child import DenseAddOutputChild
from amber.modeler.dag import DAG, DAGModelBuilder, InputBlockAuxLossDAG, InputBlockDAG, get_dag
from amber.modeler.get_layer import get_layer
from amber.operations import register_operation

__all__ = [
    "DAG",
    "ComputationGraph",
    "ComputationNode",
    "DAGModelBuilder",
    "DenseAddOutputChild",
    "EnasAnnModelBuilder",
    "EnasCnnModelBuilder",
    "InputBlockAuxLossDAG",
    "InputBlockDAG",
    "KerasBranchModelBuilder",
    "KerasModelBuilder",
    "KerasMultiIOModelBuilder",
    "KerasResidualCnnBuilder",
    "ModelBuilder",
    "MultiIOArchitecture",
    "MultiInputModel",
    "ResConvNetArchitecture",
    "architectureDecoder",
    "build_multi_gpu_sequential_model",
    "build_multi_gpu_sequential_model_from_string",
    "build_sequential_model",
    "build_sequential_model_from_string",
    "child",
    "dag",
    "enasModeler",
    "get_dag",
    "get_layer",
    "input_operations",
    "kerasModeler",
    "register_operation",
]
