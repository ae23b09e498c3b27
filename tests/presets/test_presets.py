"""Presets are pure, sized by the data, and hold networks that can be built."""

from __future__ import annotations

import pytest
import yaml

from amber.architect import BranchedModelSpace, ModelSpace
from amber.errors import ModelSpaceError
from amber.presets import PRESETS, DataFacts, chosen_preset, preset_space, register_preset, written_out

OF_SEQUENCES = sorted(set(PRESETS.names()) - {"feature_groups"})


def of_sequence(length: int, examples: int = 10_000) -> DataFacts:
    return DataFacts({"input": (length, 4)}, examples)


@pytest.mark.parametrize("name", OF_SEQUENCES)
@pytest.mark.parametrize("length", [8, 60, 400, 5_000])
@pytest.mark.parametrize("examples", [100, 10_000, 1_000_000])
def test_every_size_of_data_gets_a_space(name: str, length: int, examples: int) -> None:
    facts = of_sequence(length, examples)
    found = preset_space(name, facts)
    assert found == preset_space(name, facts)
    space = ModelSpace.from_dict(found.model_space)
    assert 2 <= len(space) <= 20
    sizes = [op.get("kernel_size") for layer in space for op in layer if op.get("kernel_size")]
    assert max(sizes) <= max(3, 7, length // 2)


@pytest.mark.parametrize("name", OF_SEQUENCES)
def test_more_examples_get_wider_networks(name: str) -> None:
    def widest(examples: int) -> int:
        space = ModelSpace.from_dict(preset_space(name, of_sequence(400, examples)).model_space)
        return max(op.get("filters") or 0 for layer in space for op in layer)

    assert widest(500) < widest(5_000) < widest(50_000)


def test_longer_sequences_are_reduced_more_often_and_dilated_further() -> None:
    def space(name: str, length: int) -> ModelSpace:
        return ModelSpace.from_dict(preset_space(name, of_sequence(length)).model_space)

    deep = [len(space("deep_residual_cnn", length)) for length in (60, 400, 3_000)]
    assert deep == sorted(set(deep))
    dilations = [
        max(op.get("dilation_rate") or 1 for layer in space("dilated_cnn", length) for op in layer)
        for length in (60, 400, 2_000)
    ]
    assert dilations == [8, 64, 256]


@pytest.mark.parametrize(
    ("inputs", "outputs", "builder"),
    [
        ({"rna": (20,)}, 1, "sequential"),
        ({"rna": (20,), "protein": (5,)}, 1, "dag"),
        ({"rna": (20,), "protein": (5,)}, 2, "multi_io"),
        ({"dna": (200, 4), "age": (1,)}, 1, "branch"),
        ({"dna": (200, 4), "signal": (200, 2)}, 1, "branch"),
    ],
)
def test_feature_groups_take_the_builder_that_suits(
    inputs: dict[str, tuple[int, ...]], outputs: int, builder: str
) -> None:
    assert preset_space("feature_groups", DataFacts(inputs, 500, outputs)).builder["type"] == builder


def test_auto_goes_by_the_data() -> None:
    assert chosen_preset(of_sequence(200)) == "motif_cnn"
    assert chosen_preset(of_sequence(2_000)) == "dilated_cnn"
    assert chosen_preset(of_sequence(200), shares_weights=True) == "deep_residual_cnn"
    assert chosen_preset(DataFacts({"a": (3,), "b": (4,)}, 10)) == "feature_groups"
    assert preset_space("auto", of_sequence(200)) == preset_space("motif_cnn", of_sequence(200))


@pytest.mark.parametrize("name", OF_SEQUENCES)
def test_what_is_written_out_reads_back(name: str) -> None:
    found = preset_space(name, of_sequence(400))
    read = yaml.safe_load(written_out(found))
    layers = [
        each["candidates"] if isinstance(each, dict) else each
        for each in read["model_space"]
        for _ in range(each.get("repeat", 1) if isinstance(each, dict) else 1)
    ]
    assert layers == found.model_space
    assert read["builder"] == found.builder


def test_branches_are_written_out() -> None:
    found = preset_space("feature_groups", DataFacts({"dna: x": (200, 4), "age": (1,)}, 500))
    read = yaml.safe_load(written_out(found))["model_space"]
    assert list(read["branches"]) == ["dna: x", "age"]
    branches = [ModelSpace.from_dict(each) for each in read["branches"].values()]
    assert len(BranchedModelSpace([branches, ModelSpace.from_dict(read["stem"])], read["merge"])) == 8


def test_what_does_not_suit_is_refused_with_the_way_out() -> None:
    with pytest.raises(ModelSpaceError, match=r"feature_groups or auto\. Received: rna 20"):
        preset_space("motif_cnn", DataFacts({"rna": (20,)}, 10))
    with pytest.raises(ModelSpaceError, match="multi_io"):
        preset_space("cnn_recurrent", DataFacts({"dna": (20, 4)}, 10, outputs=2))
    with pytest.raises(ModelSpaceError, match="motif_cnn or auto"):
        preset_space("feature_groups", of_sequence(20))
    with pytest.raises(ModelSpaceError, match=r"cnn_attention, .*Did you mean 'motif_cnn'\?.*Received: 'motif_cn'"):
        preset_space("motif_cn", of_sequence(20))


@pytest.mark.parametrize("inputs", [{}, {"x": (3, 4, 5)}, {"x": (0, 4)}, None])
def test_facts_that_are_none_are_refused(inputs: object) -> None:
    with pytest.raises(ModelSpaceError, match=r"\(length, channels\) or \(features,\)"):
        DataFacts(inputs, 10)  # type: ignore[arg-type]
    with pytest.raises(ModelSpaceError, match="`examples` must be a positive integer. Received: 0"):
        DataFacts({"x": (3,)}, 0)


def test_a_plug_in_registers_its_own() -> None:
    with pytest.raises(ModelSpaceError, match="registered already"):
        register_preset("motif_cnn", PRESETS.get("motif_cnn"))
