"""Models on TensorFlow that train several batches in one call of a compiled function."""

from amber.backend.tensorflow.model import StridingFunctional, StridingTraining

__all__ = ["StridingFunctional", "StridingTraining"]
