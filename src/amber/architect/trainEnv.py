"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.environments import ControllerTrainEnvironment, EnasTrainEnv
from amber.compat.multi_manager import MultiManagerEnvironment, ParallelMultiManagerEnvironment

__all__ = ["ControllerTrainEnvironment", "EnasTrainEnv", "MultiManagerEnvironment", "ParallelMultiManagerEnvironment"]
