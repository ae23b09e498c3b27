"""Networks as directed acyclic graphs: every layer chooses its input blocks and earlier layers."""

from amber.modeler.dag.builder import DAGModelBuilder
from amber.modeler.dag.dag import DAG
from amber.modeler.dag.input_blocks import InputBlockAuxLossDAG, InputBlockDAG
from amber.modeler.dag.names import DAGS, get_dag
from amber.modeler.graph import ComputationNode
from amber.modeler.layer_face import get_layer
from amber.modeler.supernet.dags import (
    EnasAnnDAG,
    EnasConv1dDAG,
    EnasConv1DwDataDescription,
    EnasConv1DwDataDescrption,
)

DAGS.register("EnasAnnDAG", EnasAnnDAG)
DAGS.register("EnasConv1dDAG", EnasConv1dDAG)
DAGS.register("EnasConv1DwDataDescription", EnasConv1DwDataDescription, aliases=("EnasConv1DwDataDescrption",))

__all__ = [
    "DAG",
    "DAGS",
    "ComputationNode",
    "DAGModelBuilder",
    "EnasAnnDAG",
    "EnasConv1DwDataDescription",
    "EnasConv1DwDataDescrption",
    "EnasConv1dDAG",
    "InputBlockAuxLossDAG",
    "InputBlockDAG",
    "get_dag",
    "get_layer",
]
