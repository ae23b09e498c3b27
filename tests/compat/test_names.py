"""Every public name of the first AMBER is where it was, and importing is as light as ever."""

from __future__ import annotations

import importlib

import pytest
from tests.new_process import run_code, warm

import amber.compat

NAMES = {
    "amber": "Amber AmberSpecifications architect modeler bootstrap getter objective plots utils",
    "amber.architect": "ModelSpace BranchedModelSpace Operation State GeneralController MultiInputController "
    "MultiIOController OperationController ZeroShotController GeneralManager DistributedGeneralManager EnasManager "
    "ControllerTrainEnvironment EnasTrainEnv MultiManagerEnvironment ParallelMultiManagerEnvironment buffer reward "
    "store trainEnv manager controller modelSpace",
    "amber.architect.manager": "GeneralManager DistributedGeneralManager EnasManager",
    "amber.architect.trainEnv": "ControllerTrainEnvironment EnasTrainEnv MultiManagerEnvironment "
    "ParallelMultiManagerEnvironment",
    "amber.architect.reward": "LossReward LossAucReward KnowledgeReward MockReward SparseCategoricalReward",
    "amber.architect.store": "get_store_fn store_general store_minimal store_with_model_plot",
    "amber.architect.controller": "GeneralController MultiIOController OperationController ZeroShotController",
    "amber.architect.buffer": "get_buffer Buffer ReplayBuffer MultiManagerBuffer",
    "amber.bootstrap": "MockManager",
    "amber.getter": "DataToParse get_controller get_modeler get_manager get_train_env get_model_space",
    "amber.objective": "GraphHierarchyTree GraphHierarchyTreeAuxLoss",
    "amber.plots": "sma plot_training_history plot_controller_performance plot_environment_entropy "
    "plot_action_weights plot_wiring_weights plot_stats2",
    "amber.utils": "batchify unpack_data read_history BatchedHDF5Generator Selector get_example_conv1d_space "
    "get_example_sparse_model_space",
    "amber.modeler": "ModelBuilder DAGModelBuilder EnasAnnModelBuilder EnasCnnModelBuilder KerasModelBuilder "
    "KerasBranchModelBuilder KerasMultiIOModelBuilder KerasResidualCnnBuilder dag child enasModeler kerasModeler "
    "architectureDecoder",
}


@pytest.mark.parametrize("module", NAMES)
def test_a_name_is_where_it_was(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []


def test_every_name_of_the_package_loads() -> None:
    assert [name for name in dir(amber.compat) if getattr(amber.compat, name) is None] == []
    with pytest.raises(AttributeError, match="Nothing"):
        _ = amber.compat.Nothing


def test_the_package_is_light_until_a_name_is_used() -> None:
    code = "import amber, amber.compat, amber.architect, sys; print('keras' in sys.modules)"
    done = warm().run(code, ["-c"])
    assert done.stdout.split() == ["False"], done.stderr


def test_attributes_of_a_package_that_was_only_imported() -> None:
    code = "import amber; print(amber.architect.trainEnv.EnasTrainEnv.__name__, amber.plots.sma([2.0])[0])"
    done = run_code(code)
    assert done.stdout.split() == ["EnasTrainEnv", "2.0"], done.stderr
