"""Builders of a user's own whose networks could not be loaded again are refused before a search."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from tests.cli.test_sequential import CHAIN

from amber import Experiment
from amber.errors import AmberError
from amber.experiment import builders
from amber.experiment.builders import BuilderRequest, SequentialOptions
from amber.modeler.builders.sequential import KerasModelBuilder


class Unregistered(keras.layers.Layer):
    def call(self, inputs: object) -> object:
        return inputs


@keras.saving.register_keras_serializable("own_layers")
class Registered(Unregistered):
    pass


def added(layer: str) -> keras.layers.Layer:
    if layer == "lambda":
        return keras.layers.Lambda(lambda x: x)
    return Registered() if layer == "registered" else Unregistered()


@pytest.mark.parametrize("layer", ["lambda", "unregistered", "registered"])
def test_layers_of_a_builder_are_looked_at(layer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(KerasModelBuilder):
        def __call__(self, arc_seq: object = None, *, model_states: object = None) -> keras.Model:
            made = super().__call__(arc_seq)
            model = keras.Model(made.inputs, added(layer)(made.outputs[0]))
            model.compile("adam", made.loss)
            return model

    def make(request: BuilderRequest) -> KerasModelBuilder:
        ends = request.problem.only_input("sequential"), request.problem.only_output("sequential")
        return Own(*ends, request.compile_arguments, request.space)

    kept = dict(builders.BUILDERS._entries)
    monkeypatch.setattr(builders.BUILDERS, "_entries", kept)
    builders.register_builder("own_chain", SequentialOptions, make)
    (tmp_path / "c.yaml").write_text(
        CHAIN.replace("type: sequential", "type: own_chain").replace("    - {Layer_type: identity}\n", "")
    )
    if layer == "registered":
        assert Experiment.from_yaml(tmp_path / "c.yaml", run_directory=tmp_path / "run")
        return
    with pytest.raises(AmberError, match="of this builder.*register_keras_serializable") as refused:
        Experiment.from_yaml(tmp_path / "c.yaml", run_directory=tmp_path / "run")
    assert refused.value.field == ("builder", "type") and not (tmp_path / "run").exists()
