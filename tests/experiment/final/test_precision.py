"""`training.precision: bfloat16` is how networks are trained; what is handed over computes in float32."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.backend.precision import computing_in
from amber.errors import ConfigError
from amber.experiment.components import make_builder
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.final.training import in_float32
from amber.experiment.task_spec import TaskSpec
from amber.modeler import DAGModelBuilder, KerasModelBuilder, KerasMultiIOModelBuilder, KerasResidualCnnBuilder
from amber.search.references import ReferenceBuilder

PROBLEM = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
BFLOAT16 = "mixed_bfloat16"


def dtypes(model: Any) -> dict[str, str]:
    return {layer.name: layer.compute_dtype for layer in model.layers}


def in_bfloat16(tiny: str) -> str:
    return tiny.replace("  batch_size: 256", "  batch_size: 256\n  precision: bfloat16")


@pytest.mark.parity
def test_trained_networks_compute_in_bfloat16_and_give_float32(tiny: str) -> None:
    loaded = config_from_text(in_bfloat16(tiny), "a.yaml")
    model = make_builder(loaded, PROBLEM, steps=6)([0, 0, 0])
    found = dtypes(model)
    assert found.pop(model.output_names[0]) == "float32" and model.output.dtype == "float32"
    assert set(found.values()) - {"float32"} == {"bfloat16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    # Where nothing is trained, nothing is rounded.
    assert set(dtypes(make_builder(loaded, PROBLEM)([0, 0, 0])).values()) == {"float32"}


@pytest.mark.parity
def test_reference_networks_too(tiny: str) -> None:
    builder = make_builder(config_from_text(in_bfloat16(tiny), "a.yaml"), PROBLEM, steps=6)
    reference = ReferenceBuilder(builder, "deepbind")
    trained = reference([])
    assert "bfloat16" in dtypes(trained).values() and trained.output.dtype == "float32"
    trained.fit(np.zeros((4, 60, 4), "float32"), np.zeros(4), verbose=0)
    plain = in_float32(trained, reference, [])
    assert set(dtypes(plain).values()) == {"float32"}
    for one, other in zip(plain.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(plain.optimizer.iterations) == 1
    for one, other in zip(plain.optimizer.variables, trained.optimizer.variables, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))
    assert reference.precision == BFLOAT16


SPACE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}, {"Layer_type": "dense", "units": 4}]] * 2)
SEQUENCE = ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 3, "kernel_size": 3}]] * 2)
OUTPUTS = [Operation("dense", units=1, activation="sigmoid", name=name) for name in ("one", "two")]
INPUTS = [Operation("input", shape=(3,), name=name) for name in ("a", "b")]
BUILDERS: dict[str, Callable[[], Any]] = {
    "sequential": lambda: KerasModelBuilder(INPUTS[0], OUTPUTS[0], None, SPACE),
    "residual": lambda: KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        OUTPUTS[0],
        fc_units=4,
        flatten_mode="Flatten",
        model_compile_dict=None,
        model_space=SEQUENCE,
    ),
    "dag": lambda: DAGModelBuilder(INPUTS, OUTPUTS[:1], SPACE, num_layers=2, model_compile_dict=None),
    "several outputs": lambda: KerasMultiIOModelBuilder(INPUTS, OUTPUTS, None, SPACE),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_gives_outputs_in_float32(name: str) -> None:
    builder = BUILDERS[name]()
    tokens = [min(1, size - 1) for size in builder.layout.sizes]
    builder.precision = BFLOAT16
    by_builder = builder(tokens)
    builder.precision = None
    with computing_in(BFLOAT16):
        by_policy = builder(tokens)
    for model in (by_builder, by_policy):
        outputs = model.outputs
        assert [each.dtype for each in outputs] == ["float32"] * len(outputs)
        assert "bfloat16" in dtypes(model).values()
    assert set(dtypes(builder(tokens)).values()) == {"float32"}


def test_weights_that_are_shared_are_not_trained_so(tiny: str) -> None:
    text = in_bfloat16(tiny).replace("search:\n", "search:\n  strategy: one_shot\n")
    with pytest.raises(ConfigError, match=r"training\.precision.*shared|share.*float32"):
        config_from_text(text, "a.yaml")


def test_a_run_hands_over_float32(
    write_config: Callable[..., Path], tiny: str, amber: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_config(in_bfloat16(tiny))
    done = amber("search", path, "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 0, done.stderr
    model = keras.saving.load_model(tmp_path / "run" / "best.keras")
    assert set(dtypes(model).values()) == {"float32"}
    settings = json.loads((tmp_path / "run" / "best.json").read_text())
    assert "bfloat16" in json.dumps(settings)
