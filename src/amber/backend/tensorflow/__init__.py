"""Models on TensorFlow that train several batches in one call of a compiled function."""

from amber.backend.tensorflow.model import MultiStepFunctional, MultiStepTraining
from amber.backend.tensorflow.shared import SharedModel

__all__ = ["MultiStepFunctional", "MultiStepTraining", "SharedModel"]
