"""The module path users of the first AMBER know; nothing else lives here."""

from amber.architect.branched_model_space import BranchedModelSpace
from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation, State, get_layer_shortname

__all__ = ["BranchedModelSpace", "ModelSpace", "Operation", "State", "get_layer_shortname"]
