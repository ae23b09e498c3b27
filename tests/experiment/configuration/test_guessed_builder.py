"""Which builder is guessed from data and space."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from amber.experiment.components import make_builder
from amber.experiment.configuration.guessed_builder import guessed_builder
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.task_spec import TaskSpec

CONV = {"Layer_type": "conv1d", "filters": 8, "kernel_size": 4}
POOL = {"Layer_type": "maxpool1d", "filters": 8, "pool_size": 2}
DENSE = {"Layer_type": "dense", "units": 8}
SEQUENCE = {"dna": {"sequence": "seq"}}


@pytest.mark.parametrize(
    ("space", "inputs", "outputs", "builder"),
    [
        ([[CONV, POOL]], None, 1, "residual_cnn"),
        ([{"repeat": 3, "candidates": [CONV, POOL]}], SEQUENCE, 1, "residual_cnn"),
        ([[{**CONV, "Layer_type": "Conv1D"}]], None, 1, "residual_cnn"),
        # A layer of two widths, a layer without width, and kinds that a residual CNN does not know.
        ([[CONV, {**CONV, "filters": 16}]], None, 1, "sequential"),
        ([[CONV], [{"Layer_type": "maxpool1d", "pool_size": 2}]], None, 1, "sequential"),
        ([[CONV], [{"Layer_type": "flatten"}], [DENSE]], None, 1, "sequential"),
        ([[POOL]], None, 1, "sequential"),
        ([[DENSE]], {"rna": "rna_*"}, 1, "dag"),
        ([[DENSE]], {"rna": "rna_*", "dna": {"sequence": "seq"}}, 1, "dag"),
        # A residual CNN takes numbers at its dense head.
        ([[CONV, POOL]], {**SEQUENCE, "age": "age"}, 1, "residual_cnn"),
        ([[CONV, POOL]], {**SEQUENCE, "more": {"sequence": "guide"}}, 1, "dag"),
        ([[DENSE]], {"rna": "rna_*"}, 2, "multi_io"),
        ([[CONV, POOL]], None, 2, "multi_io"),
        ({"branches": {}, "stem": []}, {"rna": "rna_*"}, 1, "branch"),
        (["not a layer"], None, 1, "sequential"),
    ],
)
def test_builder(space: Any, inputs: Any, outputs: int, builder: str) -> None:
    assert guessed_builder(space, inputs, outputs)["type"] == builder


def test_name_and_builder_of_a_configuration() -> None:
    text = "model_space:\n  - - {Layer_type: conv1d, filters: 4, kernel_size: 3}\n"
    loaded = config_from_text(text, "runs/my search (2).yaml")
    assert (loaded.config.name, loaded.builder_type) == ("my_search_2_", "residual_cnn")
    assert loaded.config.chosen_run_directory == "runs/my_search_2_"
    written = config_from_text(f"name: mine\nbuilder: {{type: residual_cnn, fc_units: 3}}\n{text}", "a.yaml")
    assert (written.config.name, written.builder_options.model_dump()["fc_units"]) == ("mine", 3)


@pytest.mark.parametrize(
    ("last", "flattened"),
    [
        ([], True),
        ([[DENSE]], True),
        ([[{"Layer_type": "flatten"}, {"Layer_type": "GlobalMaxPool1D"}]], False),
        ([[{"Layer_type": "flatten"}, {"Layer_type": "identity"}]], True),
    ],
)
def test_a_chain_of_layers_over_sequences_ends_flat(last: list[Any], flattened: bool) -> None:
    chain = [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}], [{"Layer_type": "maxpool1d", "pool_size": 2}]]
    assert guessed_builder([*chain, *last], None, 1).get("flatten", False) is flattened
    text = yaml.safe_dump({"model_space": [*chain, *last]})
    builder = make_builder(config_from_text(text, "a.yaml"), TaskSpec({"input": (20, 4)}, {"y": ("a", "b")}), False)
    # Every network of it gives one prediction for a sequence.
    for seed in range(4):
        builder.plan(builder.layout.sample(seed))
