"""The module path users of the first AMBER know; nothing else lives here."""

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
from amber.modeler.builders.base import ModelBuilder

__all__ = [
    "KerasBranchModelBuilder",
    "KerasModelBuilder",
    "KerasMultiIOModelBuilder",
    "KerasResidualCnnBuilder",
    "ModelBuilder",
    "build_multi_gpu_sequential_model",
    "build_multi_gpu_sequential_model_from_string",
    "build_sequential_model",
    "build_sequential_model_from_string",
]
