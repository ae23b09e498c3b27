"""The API page of the first AMBER's `amber.modeler`, stated: names, arguments in order, defaults, bases, calls.

`REQUIRED` is an argument without a default on the page; it may have one here. Arguments of our own come after those of
the page, or by name only. `*args` and `**kwargs` are there where the page has them.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.new_process import run_code, warm
from tests.supernet.spaces import BLOCKS, ann_data, cnn_data, make_ann, make_cnn

from amber import architect, modeler
from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import ArchitectureError, ConfigError, DataError, ModelSpaceError
from amber.modeler import child, dag, enasModeler, kerasModeler

REQUIRED = inspect.Parameter.empty
INPUT, OUTPUT = Operation("input", shape=(3,), name="x"), Operation("dense", units=1, activation="linear", name="y")
COMPILE = {"optimizer": "sgd", "loss": "mse"}
DENSE = [{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (3, 5)]
CONV = [{"Layer_type": "conv1d", "filters": 4, "kernel_size": k, "activation": "relu"} for k in (1, 3)]
ARC = [0, 1, 0, 1, 1]

# "name=default" and "name" as the page has them, in order; "*" and "**" where it takes any.
FIT = "x y batch_size=None nsteps=None epochs=1 verbose=1 callbacks=None validation_data=None"
GENERATOR = (
    "generator steps_per_epoch=None epochs=1 verbose=1 callbacks=None validation_data=None max_queue_size=10 workers=1 "
    "use_multiprocessing=False shuffle=True"
)
DAG = "arc_seq model_space input_node output_node with_skip_connection=True with_input_blocks=True"
CONV1D = (
    "model_space input_node output_node model_compile_dict session with_skip_connection=True batch_size=128 "
    "keep_prob=0.9 l1_reg=0.0 l2_reg=0.0 reduction_factor=4 controller=None child_train_op_kwargs=None "
    "stem_config=None data_format='NWC' train_fixed_arc=False fixed_arc=None name='EnasDAG' "
    "add_conv1_under_pool=True **"
)
PAGE = {
    "kerasModeler.KerasModelBuilder": "inputs_op output_op model_compile_dict model_space=None gpus=None **",
    "kerasModeler.KerasBranchModelBuilder": "inputs_op output_op model_compile_dict model_space=None with_bn=False **",
    "kerasModeler.KerasMultiIOModelBuilder": "inputs_op output_op model_compile_dict model_space with_input_blocks "
    "with_output_blocks dropout_rate=0.2 wsf=1 **",
    "kerasModeler.KerasResidualCnnBuilder": "inputs_op output_op fc_units flatten_mode model_compile_dict model_space "
    "dropout_rate=0.2 wsf=1 add_conv1_under_pool=True verbose=1 **",
    "kerasModeler.build_sequential_model": "model_states input_state output_state model_compile_dict **",
    "kerasModeler.build_multi_gpu_sequential_model": "model_states input_state output_state model_compile_dict gpus=4 "
    "**",
    "kerasModeler.build_sequential_model_from_string": "model_states_str input_state output_state state_space "
    "model_compile_dict",
    "kerasModeler.build_multi_gpu_sequential_model_from_string": "model_states_str input_state output_state "
    "state_space model_compile_dict",
    "enasModeler.DAGModelBuilder": "inputs_op output_op model_space model_compile_dict num_layers=None "
    "with_skip_connection=True with_input_blocks=True dag_func=None * **",
    "enasModeler.EnasAnnModelBuilder": "session=None controller=None dag_func='EnasAnnDAG' l1_reg=0.0 l2_reg=0.0 "
    "with_output_blocks=False use_node_dag=True feature_model=None dag_kwargs=None **",
    "enasModeler.EnasCnnModelBuilder": "session=None controller=None dag_func='EnasConv1DDAG' l1_reg=0.0 l2_reg=0.0 "
    "batch_size=None dag_kwargs=None **",
    "enasModeler.ModelBuilder": "* **",
    "dag.ComputationNode": "operation node_name merge_op='concatenate'",
    "dag.DAG": f"{DAG} * **",
    "dag.InputBlockDAG": "add_output=True * **",
    "dag.InputBlockAuxLossDAG": "add_output=True * **",
    "dag.EnasAnnDAG": "model_space input_node output_node model_compile_dict session l1_reg=0.0 l2_reg=0.0 "
    "with_skip_connection=True with_input_blocks=True with_output_blocks=False controller=None feature_model=None "
    "feature_model_trainable=None child_train_op_kwargs=None name='EnasDAG'",
    "dag.EnasConv1dDAG": CONV1D,
    "dag.EnasConv1DwDataDescrption": "data_description * **",
    "dag.EnasAnnDAG.__call__": "arc_seq node_builder=None",
    "dag.EnasConv1dDAG.__call__": "arc_seq **",
    "dag.EnasAnnDAG.set_controller": "controller",
    "dag.EnasConv1dDAG.set_controller": "controller",
    "dag.get_dag": "arg",
    "dag.get_layer": "x state with_bn=False",
    "child.DenseAddOutputChild": "nodes=None block_loss_mapping=None * **",
    "child.DenseAddOutputChild.evaluate": "x y final_only=True * **",
    "child.DenseAddOutputChild.predict": "x final_only=True * **",
    "child.EnasAnnModel": "inputs outputs arc_seq dag session dropouts=None name='EnasModel'",
    "child.EnasCnnModel": "inputs outputs labels arc_seq dag session dropouts=None use_pipe=None name='EnasModel' "
    "sample_dag_feed_dict=None **",
    "architectureDecoder.ResConvNetArchitecture": "model_space",
    "architectureDecoder.ResConvNetArchitecture.decode": "arc_seq",
    "architectureDecoder.ResConvNetArchitecture.encode": "operations res_con",
    "architectureDecoder.MultiIOArchitecture": "num_layers num_inputs num_outputs",
    "architectureDecoder.MultiIOArchitecture.decode": "arc_seq",
    "kerasModeler.KerasResidualCnnBuilder.get_out_filters": "model_space",
    "enasModeler.EnasAnnModelBuilder.set_controller": "controller",
    "enasModeler.EnasCnnModelBuilder.set_controller": "controller",
    "dag.ComputationNode.build": "*",
    "enasModeler.DAGModelBuilder.__call__": "arc_seq **",
    "kerasModeler.KerasModelBuilder.__call__": "arc_seq",
}
for _model in ("child.EnasAnnModel", "child.EnasCnnModel"):
    PAGE |= {f"{_model}.{name}": FIT for name in ("fit", "fit_ph", "fit_pipe")}
    PAGE |= {
        f"{_model}.{name}": "x y batch_size=None verbose=0" for name in ("evaluate", "evaluate_ph", "evaluate_pipe")
    }
    PAGE |= {f"{_model}.{name}": "x batch_size=None verbose=0" for name in ("predict", "predict_ph", "predict_pipe")}
    PAGE |= {
        f"{_model}.fit_generator": GENERATOR,
        f"{_model}.compile": "optimizer loss=None metrics=None loss_weights=None **",
        f"{_model}.train_on_batch": "x y",
        f"{_model}.save": "filepath **",
        f"{_model}.save_weights": "filepath",
        f"{_model}.load_weights": "filepath **",
        f"{_model}.get_weights": "",
        f"{_model}.set_weights": "weights",
    }


def of_the_page(name: str) -> Any:
    module, *path = name.split(".")
    found: Any = importlib.import_module(f"amber.modeler.{module}")
    for part in path:
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("name", "written"), PAGE.items(), ids=PAGE)
def test_signature(name: str, written: str) -> None:
    found = of_the_page(name)
    parameters = dict(inspect.signature(found.__init__ if inspect.isclass(found) else found).parameters)
    parameters.pop("self", None)
    words = written.split()
    by_position = [
        (each.name, each.default)
        for each in parameters.values()
        if each.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    ]
    kinds = {each.kind for each in parameters.values()}
    plain = [word for word in words if word not in ("*", "**")]
    assert [argument for argument, _ in by_position][: len(plain)] == [word.split("=")[0] for word in plain]
    for word, (argument, default) in zip(plain, by_position, strict=False):
        if "=" in word:
            assert repr(default) == word.split("=")[1], argument
    assert all(default is not REQUIRED for _, default in by_position[len(plain) :])
    assert "*" not in words or inspect.Parameter.VAR_POSITIONAL in kinds
    assert "**" not in words or inspect.Parameter.VAR_KEYWORD in kinds


def test_classes_and_their_bases() -> None:
    assert issubclass(enasModeler.EnasAnnModelBuilder, enasModeler.DAGModelBuilder)
    assert issubclass(enasModeler.EnasCnnModelBuilder, enasModeler.DAGModelBuilder)
    builders = ("DAGModelBuilder", "EnasAnnModelBuilder", "EnasCnnModelBuilder", "ModelBuilder")
    for name in builders:
        assert getattr(enasModeler, name) is getattr(modeler, name)
        assert issubclass(getattr(modeler, name), modeler.ModelBuilder)
    assert kerasModeler.ModelBuilder is modeler.ModelBuilder
    for name in ("KerasModelBuilder", "KerasBranchModelBuilder", "KerasMultiIOModelBuilder", "KerasResidualCnnBuilder"):
        assert issubclass(getattr(kerasModeler, name), modeler.ModelBuilder)
    assert issubclass(dag.InputBlockAuxLossDAG, dag.InputBlockDAG) and issubclass(dag.InputBlockDAG, dag.DAG)
    assert issubclass(child.DenseAddOutputChild, child.GeneralChild) and issubclass(child.GeneralChild, keras.Model)
    assert issubclass(child.EnasAnnModel, keras.Model) and issubclass(child.EnasCnnModel, keras.Model)
    assert issubclass(dag.EnasConv1DwDataDescrption, dag.EnasConv1dDAG)
    with pytest.raises(NotImplementedError):
        modeler.ModelBuilder(INPUT, OUTPUT, 1, other=2)


LIGHT_MODULES = """
import sys
import amber
assert "numpy" not in sys.modules and "keras" not in sys.modules
from amber import architect
assert architect.modelSpace.ModelSpace is architect.ModelSpace
assert architect.buffer.get_buffer is architect.get_buffer
assert "keras" not in sys.modules
"""
MODULES = """
import amber
from amber import architect
assert architect.controller.GeneralController is architect.GeneralController
from amber import modeler
for name in ("kerasModeler", "enasModeler", "architectureDecoder", "dag", "child"):
    assert getattr(modeler, name).__name__ == "amber.modeler." + name
assert amber.modeler is modeler and amber.search.Objective
for module in (amber, architect, architect.controller):
    try:
        module.nothing_of_this_name
    except AttributeError as error:
        assert "nothing_of_this_name" in str(error)
    else:
        raise SystemExit("no AttributeError")
"""


@pytest.mark.slow
def test_modules_without_importing_them_first() -> None:
    for done in (warm().run(LIGHT_MODULES, ["-c"]), run_code(MODULES)):
        assert done.returncode == 0, done.stderr


def space(layers: list[dict[str, Any]] = DENSE, count: int = 2) -> ModelSpace:
    return ModelSpace.from_dict([layers] * count)


def nodes() -> tuple[Any, Any]:
    return dag.ComputationNode(INPUT, "x"), dag.ComputationNode(OUTPUT, "y")


def test_one_set_of_keywords_for_every_builder() -> None:
    branched = BranchedModelSpace([[space(count=1)], space(count=1)])
    everything = {
        "inputs_op": INPUT,
        "output_op": OUTPUT,
        "model_compile_dict": COMPILE,
        "session": None,
        "controller": None,
        "with_input_blocks": True,
        "with_output_blocks": False,
        "with_skip_connection": True,
        "fc_units": 4,
        "flatten_mode": "GAP",
        "wsf": 1,
        "verbose": 0,
    }
    wanted = {
        kerasModeler.KerasModelBuilder: space(),
        kerasModeler.KerasBranchModelBuilder: branched,
        kerasModeler.KerasMultiIOModelBuilder: space(),
        kerasModeler.KerasResidualCnnBuilder: space(CONV),
        enasModeler.DAGModelBuilder: space(),
        enasModeler.EnasAnnModelBuilder: space(),
        enasModeler.EnasCnnModelBuilder: space(CONV),
    }
    for make, model_space in wanted.items():
        ends = {"inputs_op": Operation("input", shape=(12, 4), name="x")} if model_space == space(CONV) else {}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            builder = make(**{**everything, **ends, "model_space": model_space})
        assert builder(model_states=builder.layout.sample(0)).compiled
        (warning,) = [each for each in said if "no effect on" in str(each.message)]
        assert make.__name__ in str(warning.message) and warning.filename == __file__
        assert "'session'" not in str(warning.message) and "did you mean" not in str(warning.message)
        known = inspect.signature(make.__init__).parameters
        for name in everything:
            is_unused = name not in known and everything[name] is not None
            assert (f"'{name}'" in str(warning.message)) == is_unused, name


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: kerasModeler.KerasModelBuilder(INPUT, OUTPUT, COMPILE, space(), gpu=None), "'gpus'"),
        (lambda: enasModeler.DAGModelBuilder(INPUT, OUTPUT, space(), COMPILE, with_input_block=False), "input_blocks"),
        (
            lambda: kerasModeler.build_sequential_model([0, 0], INPUT, OUTPUT, COMPILE, space(), stop_compil=1),
            "stop_comp",
        ),
        (lambda: make_ann(l1_rg=0.1), "'l1_reg'"),
        (lambda: make_cnn(dag_func="EnasConv1dDAG", batchsize=3), "'batch_size'"),
        (lambda: dag.DAG(ARC, space(), *nodes(), with_skip_conection=False), "with_skip_connection"),
    ],
    ids=["sequential", "dag", "function", "ann", "cnn", "DAG"],
)
def test_a_misspelt_keyword_is_pointed_out(call: Any, hint: str) -> None:
    with pytest.warns(UserWarning, match=f"no effect on .*did you mean '?.*{hint.strip(chr(39))}"):
        call()


def test_orders_of_dags() -> None:
    first = dag.InputBlockDAG(True, ARC, space(), *nodes(), True, True)
    assert first.graph == dag.InputBlockDAG(ARC, space(), *nodes()).graph
    assert len(first.graph.outputs) == 2
    assert len(dag.InputBlockDAG(False, ARC, space(), *nodes()).graph.outputs) == 1
    assert dag.InputBlockAuxLossDAG(True, ARC, space(), *nodes()).graph.outputs
    with pytest.raises(ConfigError, match="add_output=True"):
        dag.InputBlockAuxLossDAG(False, ARC, space(), *nodes())
    tensor = nodes()[0].build()
    assert nodes()[1].build(tensor).shape == (None, 1)


def test_more_devices_than_there_are() -> None:
    devices = {} if keras.config.backend() == "torch" else {"match": "gpus=4"}
    with pytest.warns(UserWarning, **devices):
        model = kerasModeler.build_multi_gpu_sequential_model([0, 1], INPUT, OUTPUT, COMPILE, model_space=space())
    assert model.compiled and model.count_params() == 12 + 20 + 6
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        kerasModeler.build_multi_gpu_sequential_model([0, 1], INPUT, OUTPUT, COMPILE, 1, space())


def test_the_architecture_by_either_name() -> None:
    builder = kerasModeler.KerasModelBuilder(INPUT, OUTPUT, COMPILE, space())
    assert builder(arc_seq=[0, 1]).count_params() == builder(model_states=[0, 1]).count_params()
    for wrong in ({}, {"arc_seq": [0, 1], "model_states": [0, 1]}):
        with pytest.raises(ArchitectureError, match="Received: (both|neither)"):
            builder(**wrong)


def test_get_layer_with_custom_objects() -> None:
    class Twice(keras.layers.Layer):
        def __init__(self, factor: int) -> None:
            super().__init__()
            self.factor = factor

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    x = keras.Input((3,))
    model = keras.Model(x, dag.get_layer(x, Operation("Twice", factor=2), custom_objects={"Twice": Twice}))
    np.testing.assert_allclose(model.predict(np.ones((2, 3)), verbose=0), 2 * np.ones((2, 3)))
    with pytest.raises(ModelSpaceError, match="Unknown operation"):
        dag.get_layer(x, Operation("twice", factor=2))


def test_decoder_under_either_name() -> None:
    by_number = modeler.MultiIOArchitecture(num_layers=2, num_inputs=1, num_outputs=1)
    by_space = modeler.MultiIOArchitecture(model_space=space(), num_inputs=1, num_outputs=1)
    tokens = [0, 1, 1, 1, 1, 0, 1]
    assert by_number.decode(tokens)[0] == by_space.decode(tokens)[0] == [0, 1]
    with pytest.raises(ModelSpaceError, match="neither"):
        modeler.MultiIOArchitecture(num_inputs=1)


@pytest.mark.parity
@pytest.mark.parametrize(("make", "data"), [(make_ann, ann_data), (make_cnn, cnn_data)], ids=["ann", "cnn"])
def test_calls_by_position(make: Any, data: Any, tmp_path: Path) -> None:
    builder, (x, y) = make(controller="uniform"), data(32)
    sampled, fixed = builder(), builder(builder.layout.sample(0))
    found = sampled.fit(x, y, 16, 3, 2, 0, None, (x, y))
    assert int(sampled.optimizer.iterations) == 6 and found.epoch == [0, 1]
    assert found["loss"] == found.history["loss"] and "val_loss" in found and "accuracy2" not in found
    assert dict(found) == found.history and list(found) == list(found.keys()) and len(found) == len(found.history)
    with pytest.raises(KeyError, match="reported"):
        found["no such name"]
    batches = (([x], [y]) for _ in range(9))
    sampled.fit_generator(batches, 2, 2, 0, None, None, 10, 1, False, True)
    assert int(sampled.optimizer.iterations) == 10
    scores = fixed.evaluate(x, y, 16, 0)
    assert scores[0] == scores["loss"] == scores["val_loss"] and "val_loss" in scores and isinstance(scores, list)
    assert next(iter(scores.keys())) == "loss" and dict(scores.items())["loss"] == scores[0]
    np.testing.assert_allclose(fixed.evaluate_ph(x, y, 16), fixed.evaluate_pipe(x, y), rtol=1e-4)
    np.testing.assert_allclose(fixed.predict_ph(x, 16), fixed.predict_pipe(x), atol=1e-5)
    fixed.save_weights(tmp_path / "w.h5")
    before = fixed.predict(x)
    loss = fixed.train_on_batch([x], [y])
    assert loss["loss"] == loss[0] and not np.allclose(fixed.predict(x), before)
    fixed.load_weights(str(tmp_path / "w.h5"))
    np.testing.assert_allclose(fixed.predict(x), before, atol=1e-6)
    fixed.compile("sgd", "mse", ["mae"], None)
    assert set(fixed.evaluate(x, y).keys()) == {"loss", "mae"}


def test_children_of_dags_have_nodes_where_they_are_wanted() -> None:
    builder = make_ann(use_node_dag=False)
    tokens = builder.layout.sample(0)
    assert builder.dag(tokens).nodes == [] and builder.dag(tokens, object()).nodes
    assert builder.num_layers == 3 and [each.get("shape")[0] for each in builder.inputs_op] == list(BLOCKS)
    assert str(builder).endswith("EnasAnnDAG")


def test_controllers_and_buffers_by_their_former_names() -> None:
    controller = architect.MultiIOController(space(), num_input_blocks=3, num_output_blocks=2, rescale_reward=True)
    assert (controller.num_input_blocks, controller.num_output_blocks, controller.num_layers) == (3, 2, 2)
    assert controller.buffer is not None and controller.buffer.rescale_advantage_by_reward
    assert architect.GeneralController(space()).num_input_blocks == 0
    assert architect.MultiManagerBuffer(4, 0.0, None, True, False).is_squeeze_dim
    assert architect.MultiManagerBuffer(max_size=4, rescale_advantage_by_reward=True).rescale_advantage_by_reward
    with pytest.raises(TypeError):
        architect.GeneralController(space(), "ordinal", True, None, False, 0.05, False, 15, 5, None, 20)  # type: ignore[misc]


@pytest.mark.parametrize("metrics", [["mae"], ["mae", "mse"], ["mae", "mse", "mape"]])
def test_metrics_given_once_hold_for_every_output(metrics: list[str]) -> None:
    inputs = [Operation("input", shape=(size,), name=name) for size, name in ((2, "A"), (3, "B"))]
    outputs = [Operation("dense", units=1, activation="linear", name=name) for name in ("o1", "o2")]
    rng = np.random.default_rng(0)
    x, y = [rng.normal(size=(6, 2)), rng.normal(size=(6, 3))], [rng.normal(size=(6, 1))] * 2
    compiled = {**COMPILE, "metrics": metrics}
    apart = kerasModeler.KerasMultiIOModelBuilder(inputs, outputs, compiled, space(), True, True)
    shared = enasModeler.EnasAnnModelBuilder(
        inputs_op=inputs,
        output_op=outputs,
        model_space=space(),
        model_compile_dict=compiled,
        with_output_blocks=True,
        use_node_dag=False,
    )
    wanted = {f"{output}_{metric}" for output in ("o1", "o2") for metric in metrics}
    for builder, given in ((apart, x), (shared, np.hstack(x))):
        found = builder([0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1]).fit(given, y, epochs=1, verbose=0)
        assert wanted <= set(found.history), builder
    assert compiled["metrics"] == metrics


def test_methods_of_spaces_and_controllers_take_what_they_took(capsys: pytest.CaptureFixture[str]) -> None:
    space().print_state_space()
    assert capsys.readouterr().out == f"{space().describe()}\n" and "Layer 1" in space().describe()
    assert [each.Layer_type for each in space().get_random_model_states()] == ["dense", "dense"]
    state = np.zeros((1, 1, 4))
    for make in (architect.GeneralController, architect.MultiInputController, architect.MultiIOController):
        assert len(make(space()).get_action(state)) == 2
    zero_shot = architect.ZeroShotController(space(), {"length": 2}, with_skip_connection=False)
    for named in ({"description_feature": np.ones((1, 2))}, {"description": np.ones((1, 2))}, {}):
        assert len(zero_shot.get_action(**named)[0]) == 2
    with pytest.raises(DataError, match=r"shape \(1, 2\)"):
        zero_shot.get_action(np.ones((1, 5)))
