"""Networks as directed acyclic graphs: every layer chooses its input blocks and earlier layers."""

from amber.modeler.dag.builder import DAGModelBuilder
from amber.modeler.dag.dag import DAG
from amber.modeler.dag.input_blocks import InputBlockAuxLossDAG, InputBlockDAG
from amber.modeler.dag.names import DAGS, get_dag
from amber.modeler.graph import ComputationNode
from amber.modeler.layer_face import get_layer

__all__ = [
    "DAG",
    "DAGS",
    "ComputationNode",
    "DAGModelBuilder",
    "InputBlockAuxLossDAG",
    "InputBlockDAG",
    "get_dag",
    "get_layer",
]
