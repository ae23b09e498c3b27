"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.data import DataToParse, load_data
from amber.compat.getters import (
    get_controller,
    get_manager,
    get_model_space,
    get_modeler,
    get_reward,
    get_train_env,
)
from amber.compat.knowledge import get_knowledge_fn

__all__ = [
    "DataToParse",
    "get_controller",
    "get_knowledge_fn",
    "get_manager",
    "get_model_space",
    "get_modeler",
    "get_reward",
    "get_train_env",
    "load_data",
]
