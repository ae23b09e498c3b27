"""From the names of a specification to classes and objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amber.architect import ModelSpace, Operation
from amber.compat.controllers import GeneralController, MultiInputController, MultiIOController, ZeroShotController
from amber.compat.enas_manager import EnasManager
from amber.compat.environments import ControllerTrainEnvironment, EnasTrainEnv
from amber.compat.ignored import warn_ignored
from amber.compat.managers import DistributedGeneralManager, GeneralManager
from amber.compat.mock import MockManager, MockReward
from amber.compat.multi_manager import MultiManagerEnvironment, ParallelMultiManagerEnvironment
from amber.compat.operation_controller import OperationController
from amber.compat.rewards import KnowledgeReward, LossAucReward, LossReward, SparseCategoricalReward
from amber.compat.unused import FAMILY
from amber.errors import ConfigError
from amber.modeler import (
    DAGModelBuilder,
    EnasAnnModelBuilder,
    EnasCnnModelBuilder,
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
)

if TYPE_CHECKING:
    from amber.architect.controllers.base import BaseController
    from amber.compat.roles import Manager, ModelFunction, Proposer, RewardFunction

Classes = Mapping[str, type]

CONTROLLERS: Classes = {
    "General": GeneralController,
    "GeneralController": GeneralController,
    "Operation": OperationController,
    "OperationController": OperationController,
    "MultiInput": MultiInputController,
    "MultiInputController": MultiInputController,
    "MultiIO": MultiIOController,
    "MultiIOController": MultiIOController,
    "ZeroShot": ZeroShotController,
    "ZeroShotController": ZeroShotController,
}
MODELERS: Classes = {
    "DAG": DAGModelBuilder,
    "DAGModelBuilder": DAGModelBuilder,
    "Enas": EnasAnnModelBuilder,
    "EnasAnnModelBuilder": EnasAnnModelBuilder,
    "EnasCnnModelBuilder": EnasCnnModelBuilder,
    "KerasModelBuilder": KerasModelBuilder,
    "KerasMultiIOModelBuilder": KerasMultiIOModelBuilder,
    "KerasBranchModelBuilder": KerasBranchModelBuilder,
    "KerasResidualCnnBuilder": KerasResidualCnnBuilder,
}
REWARDS: Classes = {
    "KnowledgeReward": KnowledgeReward,
    "LossReward": LossReward,
    "LossAucReward": LossAucReward,
    "SparseCategoricalReward": SparseCategoricalReward,
    "Mock_Reward": MockReward,
    "MockReward": MockReward,
}
MANAGERS: Classes = {
    "General": GeneralManager,
    "GeneralManager": GeneralManager,
    "Enas": EnasManager,
    "EnasManager": EnasManager,
    "Mock": MockManager,
    "MockManager": MockManager,
    "Distributed": DistributedGeneralManager,
    "DistributedManager": DistributedGeneralManager,
    "DistributedGeneralManager": DistributedGeneralManager,
}
ENVIRONMENTS: Classes = {
    "ControllerTrainEnv": ControllerTrainEnvironment,
    "ControllerTrainEnvironment": ControllerTrainEnvironment,
    "EnasTrainEnv": EnasTrainEnv,
    "MultiManagerEnv": MultiManagerEnvironment,
    "MultiManagerEnvironment": MultiManagerEnvironment,
    "ParallelMultiManagerEnv": ParallelMultiManagerEnvironment,
    "ParallelMultiManagerEnvironment": ParallelMultiManagerEnvironment,
}
TABLES: Mapping[str, Classes] = {
    "controller_type": CONTROLLERS,
    "modeler_type": MODELERS,
    "reward_fn_type": REWARDS,
    "manager_type": MANAGERS,
    "env_type": ENVIRONMENTS,
}


def class_of(key: str, name: object) -> Callable[..., Any]:
    """Return the class that a value of `types` stands for: by its name in any case, or as given.

    Raises:
        ConfigError: an unknown name; lists the known ones.
    """
    if callable(name):
        return name
    known = {each.lower(): made for each, made in TABLES[key].items()}
    if not isinstance(name, str) or name.lower() not in known:
        raise ConfigError(f"expected one of {', '.join(TABLES[key])}, or a class. Received: {name!r}")
    return known[name.lower()]


def get_model_space(arg: object) -> ModelSpace:
    """Return a model space: as given, of lists of dictionaries, or "Default ANN" or "Default 1D-CNN".

    Raises:
        ConfigError: it is none of these.
        ModelSpaceError: an operation that cannot be used.
    """
    if isinstance(arg, ModelSpace):
        return arg
    if isinstance(arg, str) and arg in _DEFAULT_SPACES:
        return ModelSpace.from_dict(_DEFAULT_SPACES[arg])
    if isinstance(arg, (list, dict)):
        listed: list[Any] = [arg[key] for key in sorted(arg)] if isinstance(arg, dict) else arg
        return ModelSpace.from_dict(
            [[each.to_dict() if isinstance(each, Operation) else dict(each) for each in layer] for layer in listed]
        )
    raise ConfigError(
        f"expected a ModelSpace, a list of lists of dictionaries, or one of {', '.join(_DEFAULT_SPACES)}. "
        f"Received: {arg!r}"
    )


def operations(given: object) -> list[Operation]:
    """Return operations given as such or as dictionaries, in a list or alone."""
    listed: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    return [each if isinstance(each, Operation) else Operation.from_dict(each) for each in listed]


def named_keywords(made: Callable[..., object]) -> tuple[set[str], bool]:
    """Return the keyword arguments that a class names, those of its bases too, and whether it takes any other."""
    found: set[str] = set()
    for each in made.__mro__ if isinstance(made, type) else (made,):
        initial = each.__dict__.get("__init__") if isinstance(each, type) else each
        if initial is None or each is object:
            continue
        parameters = inspect.signature(initial).parameters.values()
        found.update(one.name for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD))
        if not any(one.kind is one.VAR_KEYWORD for one in parameters):
            return found - {"self"}, False
    return found - {"self"}, True


def builder_keywords() -> set[str]:
    """Return the keyword arguments of all builders, any of which a specification may give to any builder."""
    return {*FAMILY, "session", "verbose"}.union(*(named_keywords(made)[0] for made in MODELERS.values()))


def get_controller(
    controller_type: object, model_space: object, session: object = None, **kwargs: object
) -> BaseController:
    """Return a controller by the name of its class; `session` is passed over."""
    return class_of("controller_type", controller_type)(get_model_space(model_space), **kwargs)


def get_modeler(
    modeler_type: object,
    model_space: object,
    model_builder: Mapping[str, object],
    controller: BaseController | None = None,
    session: object = None,
) -> ModelFunction:
    """Return a builder.

    Args:
        modeler_type: its class, or the name.
        model_space: what may be built.
        model_builder: `inputs_op` and `outputs_op` (or `output_op`), `model_compile_dict`, and keyword arguments of
            the builder. It is not changed.
        controller: given to a weight-sharing builder.
        session: passed over.

    Raises:
        ConfigError: no inputs or outputs, or an unknown name.
    """
    made = class_of("modeler_type", modeler_type)
    options = dict(model_builder)
    outputs = options.pop("outputs_op", options.pop("output_op", None))
    inputs = options.pop("inputs_op", None)
    for name, value in (("inputs_op", inputs), ("outputs_op", outputs)):
        if not value:
            raise ConfigError(f"model_builder needs {name}. Received: {value!r}")
    named, takes_any = named_keywords(made)
    if not takes_any:
        strange = {name: options.pop(name) for name in set(options) & (builder_keywords() - named)}
        warn_ignored(made.__name__, strange, "they belong to other builders")
    if controller is not None and "controller" in named:
        options.setdefault("controller", controller)
    ends = operations(outputs)
    single = made in (KerasModelBuilder, KerasResidualCnnBuilder, EnasCnnModelBuilder, DAGModelBuilder)
    return made(
        inputs_op=_only(operations(inputs)) if single and made is not DAGModelBuilder else operations(inputs),
        output_op=_only(ends) if single or made is KerasBranchModelBuilder else ends,
        **{"model_space": get_model_space(model_space), **options},
    )


def get_reward(
    reward_fn_type: object, knowledge_function: Callable[..., float] | None = None, **kwargs: object
) -> RewardFunction:
    """Return a reward function; raises ConfigError where it takes no knowledge, and there is some."""
    made = class_of("reward_fn_type", reward_fn_type)
    named, takes_any = named_keywords(made)
    if takes_any or "knowledge_function" in named:
        return made(knowledge_function=knowledge_function, **kwargs)
    if knowledge_function is not None:
        raise ConfigError(f"{made.__name__} takes no knowledge function: knowledge_fn_type must be 'zero'.")
    return made(**kwargs)


def get_manager(manager_type: object, model_fn: ModelFunction, reward_fn: RewardFunction, **kwargs: object) -> Manager:
    """Return a manager by the name of its class."""
    return class_of("manager_type", manager_type)(model_fn=model_fn, reward_fn=reward_fn, **kwargs)


def get_train_env(
    env_type: object, controller: Proposer, manager: Manager | Sequence[Manager], **kwargs: object
) -> ControllerTrainEnvironment:
    """Return a training environment by the name of its class."""
    return class_of("env_type", env_type)(controller=controller, manager=manager, **kwargs)


def _only(given: Sequence[Operation]) -> Operation:
    if len(given) != 1:
        raise ConfigError(f"expected one operation. Received: {len(given)}")
    return given[0]


_CONV = {"Layer_type": "conv1d", "activation": "relu", "padding": "same"}
_DEFAULT_SPACES: Mapping[str, list[list[dict[str, Any]]]] = {
    "Default ANN": [
        [{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (3, 10)] for _ in range(4)
    ],
    "Default 1D-CNN": [
        [
            {**_CONV, "filters": filters, "kernel_size": 8},
            {**_CONV, "filters": filters, "kernel_size": 4},
            {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 4, "strides": 1, "padding": "same"},
            {"Layer_type": "identity", "filters": filters},
        ]
        for filters in (8, 8, 16, 16)
    ],
}
