"""The first AMBER's managers, environments, rewards, stores and `Amber(types, specs)`, on the engine of this one.

Scripts of the first AMBER run with the changes that `docs/migration.md` lists. The names are also importable from
where they were: `amber.Amber`, `amber.architect.GeneralManager`, `amber.architect.trainEnv`, `amber.plots`, ...

| module | what |
|---|---|
| `specifications` | `Amber`, `AmberSpecifications` |
| `managers`, `enas_manager`, `mock` | an architecture goes in, a reward comes out |
| `environments`, `multi_manager` | the loops of a search |
| `rewards`, `knowledge`, `stores` | what a model is worth, what is known, what is kept |
| `data`, `hdf5` | what data may be |
| `history`, `table`, `run_statistics`, `plots` | files of a search, and their drawings |
| `getters` | classes by name |
| `builders`, `controllers` | builders and controllers with the first AMBER's keywords |
| `operation_controller` | the controller with one-hot actions |
| `supernets` | weight-sharing builders, DAGs and child models, which `amber.modeler` offers too |

Importing the package is light: a name loads its module, and with it Keras, when it is first used.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "Amber": "specifications",
    "AmberSpecifications": "specifications",
    "BatchedHDF5Generator": "hdf5",
    "ControllerTrainEnvironment": "environments",
    "DataToParse": "data",
    "DistributedGeneralManager": "managers",
    "EnasManager": "enas_manager",
    "EnasTrainEnv": "environments",
    "GeneralController": "controllers",
    "GeneralManager": "managers",
    "GraphHierarchyTree": "knowledge",
    "GraphHierarchyTreeAuxLoss": "knowledge",
    "KnowledgeReward": "rewards",
    "LossAucReward": "rewards",
    "LossReward": "rewards",
    "MockManager": "mock",
    "MockReward": "mock",
    "MultiIOController": "controllers",
    "MultiInputController": "controllers",
    "MultiManagerEnvironment": "multi_manager",
    "OperationController": "operation_controller",
    "ParallelMultiManagerEnvironment": "multi_manager",
    "Selector": "hdf5",
    "SparseCategoricalReward": "rewards",
    "SpecificationError": "specifications",
    "ZeroShotController": "controllers",
    "batchify": "data",
    "get_controller": "getters",
    "get_knowledge_fn": "knowledge",
    "get_manager": "getters",
    "get_model_space": "getters",
    "get_modeler": "getters",
    "get_reward": "getters",
    "get_store_fn": "stores",
    "get_train_env": "getters",
    "read_history": "history",
    "store_general": "stores",
    "store_minimal": "stores",
    "store_with_model_plot": "stores",
    "unpack_data": "data",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
