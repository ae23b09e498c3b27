"""What may be built: operations, model spaces, and the grammar of tokens. NumPy only, no Keras."""

from amber.architect.architecture import Architecture
from amber.architect.branched_model_space import BranchedModelSpace
from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation, State, get_layer_shortname
from amber.architect.token_layout import TokenLayout

__all__ = [
    "Architecture",
    "BranchedModelSpace",
    "ModelSpace",
    "Operation",
    "State",
    "TokenLayout",
    "get_layer_shortname",
]
