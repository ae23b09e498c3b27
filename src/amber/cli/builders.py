"""Where plug-ins of versions before 0.2 import `register_builder` from; it lives in `amber.experiment.builders`."""

from amber.experiment.builders import (
    BUILDERS,
    BranchOptions,
    BuilderRequest,
    BuilderType,
    DagOptions,
    MultiIOOptions,
    ResidualCnnOptions,
    SequentialOptions,
    register_builder,
)

__all__ = [
    "BUILDERS",
    "BranchOptions",
    "BuilderRequest",
    "BuilderType",
    "DagOptions",
    "MultiIOOptions",
    "ResidualCnnOptions",
    "SequentialOptions",
    "register_builder",
]
