"""The operation registry and the built-in operations."""

from amber.backend import prepare_keras

prepare_keras()

from amber.operations import catalogue as _catalogue
from amber.operations.registry import (
    OPERATIONS,
    FlopFunction,
    OperationSpec,
    check_layers,
    layer_arguments,
    make_layer,
    read_attributes,
    register_operation,
)

__all__ = [
    "OPERATIONS",
    "FlopFunction",
    "OperationSpec",
    "check_layers",
    "layer_arguments",
    "make_layer",
    "read_attributes",
    "register_operation",
]

del _catalogue
