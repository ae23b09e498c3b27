"""The residual builder that the tests of the modeler have."""

from tests.modeler.conftest import residual_builder

__all__ = ["residual_builder"]
