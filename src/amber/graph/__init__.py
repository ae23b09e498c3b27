"""Networks as values: describe, measure, fingerprint and build them into Keras models."""

from amber.backend import prepare_keras

prepare_keras()

from amber.graph.cost import GraphCost, NodeCost, measure
from amber.graph.graph import ComputationGraph
from amber.graph.node import ComputationNode

__all__ = ["ComputationGraph", "ComputationNode", "GraphCost", "NodeCost", "measure"]
