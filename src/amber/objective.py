"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.knowledge import GraphHierarchyTree, GraphHierarchyTreeAuxLoss

__all__ = ["GraphHierarchyTree", "GraphHierarchyTreeAuxLoss"]
