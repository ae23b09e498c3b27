"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.builders import (
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
)
from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.sequential_functions import (
    build_multi_gpu_sequential_model,
    build_multi_gpu_sequential_model_from_string,
    build_sequential_model,
    build_sequential_model_from_string,
)

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
