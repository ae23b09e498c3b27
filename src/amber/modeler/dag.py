"""Networks as directed acyclic graphs: every layer chooses its input blocks and earlier layers."""

from amber.compat.builders import DAGModelBuilder
from amber.compat.dags import DAG, InputBlockAuxLossDAG, InputBlockDAG, get_dag
from amber.compat.linked import LinkedNode as ComputationNode
from amber.compat.supernets.dags import (
    EnasAnnDAG,
    EnasConv1dDAG,
    EnasConv1DwDataDescription,
    EnasConv1DwDataDescrption,
)
from amber.modeler.builders.dag.names import DAGS
from amber.modeler.get_layer import get_layer

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
