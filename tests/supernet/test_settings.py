"""Supernets made of settings: what these refuse, and how a description of a supernet keeps them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import keras
import numpy as np
import pytest
from tests.supernet.spaces import conv_layer, make_ann, make_cnn

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.supernet import AnnSettings, AnnSupernet, ConvSettings, ConvSupernet

DENSE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": n} for n in (2, 3)]] * 2)
INPUT = Operation("input", shape=(3,), name="x")
OUTPUT = Operation("dense", units=1, activation="linear", name="y")


def ann(settings: Any = None, **more: Any) -> AnnSupernet:
    return AnnSupernet(DENSE, [INPUT], [OUTPUT], settings, **more)


def cnn(settings: Any = None, **more: Any) -> ConvSupernet:
    space = ModelSpace.from_dict([conv_layer(2)] * 2)
    return ConvSupernet(space, Operation("input", shape=(9, 4)), OUTPUT, settings, **more)


MAKERS = {"AnnSupernet": (ann, AnnSettings), "ConvSupernet": (cnn, ConvSettings)}


@pytest.mark.parametrize("name", MAKERS)
def test_what_belongs_in_the_settings_is_sent_there(name: str) -> None:
    make, kind = MAKERS[name]
    for setting in dataclasses.fields(kind):
        with pytest.raises(ConfigError, match=rf"{name} takes {setting.name} .*settings={kind.__name__}\("):
            make(**{setting.name: 1})
    with pytest.raises(ValueError, match="l1_rege"):
        make(l1_rege=1)


@pytest.mark.parametrize("name", MAKERS)
def test_what_are_no_settings_of_this_family_is_refused(name: str) -> None:
    make, kind = MAKERS[name]
    for given in (True, {"l1_reg": 0.1}, ConvSettings() if kind is AnnSettings else AnnSettings()):
        with pytest.raises(ConfigError, match=rf"The settings of {name} are {kind.__name__}\(\.\.\.\), or None"):
            make(given)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (AnnSettings, {"l1_reg": -1}),
        (AnnSettings, {"l2_reg": "much"}),
        (AnnSettings, {"l1_reg": float("inf")}),
        (AnnSettings, {"l2_reg": None}),
        (ConvSettings, {"l1_reg": float("nan")}),
        (ConvSettings, {"keep_prob": 0}),
        (ConvSettings, {"keep_prob": 1.5}),
        (ConvSettings, {"keep_prob": "all"}),
        (ConvSettings, {"reduction_factor": 0}),
        (ConvSettings, {"data_format": "NHWC"}),
        (ConvSettings, {"stem_config": {"colour": 1}}),
        (ConvSettings, {"stem_config": {"fc_units": 0}}),
        (ConvSettings, {"stem_config": {"flatten_op": "max"}}),
    ],
)
def test_values_out_of_range_are_named(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(values))}.*Received: "):
        kind(**values)


def test_numbers_of_numpy_are_kept_as_plain_ones() -> None:
    settings = ConvSettings(with_skip_connection=np.bool_(False), l1_reg=np.float32(0.5), l2_reg=np.int64(1))  # type: ignore[arg-type]
    assert json.loads(json.dumps(dataclasses.asdict(settings)))["l1_reg"] == 0.5
    assert (settings.with_skip_connection, settings.l2_reg) == (False, 1.0)


def test_the_users_stem_is_not_changed() -> None:
    stem = {"flatten_op": "GAP"}
    settings = ConvSettings(stem_config=stem)
    assert stem == {"flatten_op": "GAP"} and settings.stem_config["flatten_op"] == "gap"
    assert settings.stem_config["fc_units"] == 1000 and settings.stem_config["has_stem_conv"] is True


@pytest.mark.parametrize(
    ("supernet", "changed"),
    [
        (lambda: ann(AnnSettings(False, 0.1, 0.2, False, True)), {"with_output_blocks": True, "l2_reg": 0.2}),
        (lambda: cnn(ConvSettings(keep_prob=0.5, stem_config={"fc_units": 3})), {"keep_prob": 0.5}),
        (lambda: cnn(fixed_arc=[0, 1, 1]), {"fixed_arc": [0, 1, 1]}),
    ],
    ids=["ann", "cnn", "fixed"],
)
def test_a_description_is_flat_and_makes_the_same_supernet(supernet: Any, changed: dict[str, Any]) -> None:
    made = supernet()
    config = json.loads(json.dumps(made.get_config()))
    assert changed.items() <= config.items() and "settings" not in config
    again = type(made).from_config(config)
    assert again.settings == made.settings and again.design == made.design
    described = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert described.settings == made.settings and len(described.weights) == len(made.weights)


def test_builders_of_the_first_amber_fill_the_settings() -> None:
    assert make_ann(l1_reg=0.1, with_skip_connection=False, with_output_blocks=True).supernet.settings == AnnSettings(
        with_skip_connection=False, l1_reg=0.1, with_output_blocks=True
    )
    made = make_cnn(l2_reg=0.2, dag_kwargs={"keep_prob": 0.5, "add_conv1_under_pool": False}).supernet.settings
    stem = {"fc_units": 5, "flatten_op": "gap", "stem_kernel_size": 3}
    assert made == ConvSettings(
        l2_reg=0.2, keep_prob=0.5, reduction_factor=2, stem_config=stem, add_conv1_under_pool=False
    )
