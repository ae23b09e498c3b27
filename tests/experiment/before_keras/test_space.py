"""What is said of a space without Keras is what its builder says of every architecture."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml

from amber.errors import AmberError, ConfigError, InvalidArchitectureError
from amber.experiment.before_keras.checks import check_before_keras
from amber.experiment.before_keras.search import layout_of
from amber.experiment.before_keras.space import _networks, check_space
from amber.experiment.components import make_builder
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.task_spec import TaskSpec

_SEQUENCE = TaskSpec({"input": (12, 4)}, {"output": ("a", "b", "c")})
_BLOCKS = TaskSpec({"one": (6,), "two": (3,)}, {"output": ("a", "b")})
_CONV: dict[str, Any] = {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}
_DENSE: dict[str, Any] = {"Layer_type": "dense", "units": 4}
_FLAT: dict[str, Any] = {"Layer_type": "flatten"}


def _configuration(space: Any, **sections: Any) -> Configuration:
    return config_from_text(yaml.safe_dump({"model_space": space, **sections}), "c.yaml")


def _pool(size: int, **more: Any) -> dict[str, Any]:
    return {"Layer_type": "maxpool1d", "pool_size": size, **more}


_SPACES: dict[str, tuple[Any, dict[str, Any], TaskSpec]] = {
    "sequential": (
        [[_CONV, {**_CONV, "kernel_size": 7, "filters": 2}], [_pool(2), _pool(9)], [_FLAT], [_DENSE]],
        {"type": "sequential"},
        _SEQUENCE,
    ),
    "flattened": ([[_CONV, {"Layer_type": "lstm", "units": 3}]], {"type": "sequential", "flatten": True}, _SEQUENCE),
    "residual": (
        [
            [_CONV, {"Layer_type": "identity", "filters": 4}, _pool(2, filters=4)],
            [{**_CONV, "filters": 6, "activation": "relu"}, _pool(3, filters=6, strides=2)],
        ],
        {"type": "residual_cnn", "fc_units": 5},
        _SEQUENCE,
    ),
    "residual of scaled width": (
        [[_CONV, _pool(2, filters=4)], [{**_CONV, "filters": 6, "dilation": 2}]],
        {"type": "residual_cnn", "wsf": 0.5, "flatten_mode": "GAP", "add_conv1_under_pool": False},
        _SEQUENCE,
    ),
    "residual, looked at for its maximum": (
        [[_CONV, {"Layer_type": "identity", "filters": 4}]],
        {"type": "residual_cnn", "fc_units": 5, "flatten_mode": "GMP"},
        _SEQUENCE,
    ),
    "branch": (
        {"branches": {"one": [[_DENSE, {**_DENSE, "units": 2}]], "two": [[_DENSE]]}, "stem": [[_DENSE]]},
        {"type": "branch", "with_bn": True},
        _BLOCKS,
    ),
}


def _of(name: str, **sections: Any) -> tuple[Configuration, TaskSpec]:
    space, builder, problem = _SPACES[name]
    data = {"blocks": {"one": ["a"], "two": ["b"]}} if problem is _BLOCKS else {}
    return _configuration(space, builder=builder, data=data, **sections), problem


@pytest.mark.parametrize("name", _SPACES)
def test_the_least_is_that_of_all_architectures(name: str) -> None:
    loaded, problem = _of(name)
    builder = make_builder(loaded, problem, compiled=False)
    costs = []
    for tokens in itertools.product(*(range(size) for size in builder.layout.sizes)):
        try:
            costs.append(builder.measure(tokens))
        except InvalidArchitectureError:
            continue
    found = _networks(loaded, problem)
    assert found is not None
    least = found.cheapest()
    assert least.parameters == min(cost.parameters for cost in costs)
    assert least.flops == min(cost.flops for cost in costs)


@pytest.mark.parametrize("name", _SPACES)
@pytest.mark.parametrize("key", ["parameters", "flops"])
def test_a_budget_is_refused_where_no_network_keeps_it(name: str, key: str) -> None:
    loaded, problem = _of(name)
    found = _networks(loaded, problem)
    assert found is not None
    least = getattr(found.cheapest(), key)
    check_space(_of(name, search={"budget": {key: least}})[0], problem)
    with pytest.raises(ConfigError, match=f"at least {least:,}") as caught:
        check_space(_of(name, search={"budget": {key: least - 1}})[0], problem)
    assert caught.value.field == ("search", "budget", key)


@pytest.mark.parametrize("name", [*_SPACES, "dag", "multi_io"])
def test_tokens_are_those_of_the_builder(name: str) -> None:
    if name in _SPACES:
        loaded, problem = _of(name)
    else:
        loaded, problem = _configuration([[_DENSE], [_DENSE]], builder={"type": name}), _BLOCKS
    assert layout_of(loaded, problem) == make_builder(loaded, problem, compiled=False).layout


def test_a_layer_that_can_be_left_out_may_be_useless() -> None:
    space = [[_pool(13)], [_FLAT]]
    loaded = _configuration(space, builder={"type": "dag"})
    assert check_space(loaded, _SEQUENCE).keys() == {(0, 0)}
    builder = make_builder(loaded, _SEQUENCE, compiled=False)
    assert builder.measure([0, 0, 0, 1, 0]).parameters
    loaded = _configuration(space, builder={"type": "dag", "with_skip_connection": False})
    with pytest.raises(ConfigError, match="reads 13 positions"):
        check_space(loaded, _SEQUENCE)


@pytest.mark.parametrize(
    ("space", "builder", "field", "words"),
    [
        ([[{**_CONV, "kernel_size": 13}], [_FLAT]], "sequential", ("model_space", 0, 0), "reads 13 positions"),
        ([[_pool(9)], [_pool(2), _pool(3)], [_FLAT]], "sequential", ("model_space", 1), "there are 1"),
        ([[_FLAT], [_CONV]], "sequential", ("model_space", 1, 0), "needs a sequence"),
        ([[_CONV], [_DENSE]], "sequential", ("model_space",), "one vector for each example"),
        ([[_CONV, _DENSE]], "dag", ("model_space",), "one vector for each example"),
        ([[_CONV, _DENSE]], "multi_io", ("model_space",), "one vector for each example"),
        ([[_CONV, {**_CONV, "filters": 3}]], "residual_cnn", ("model_space", 0), "the same 'filters'"),
        ([[{**_DENSE, "filters": 3}]], "residual_cnn", ("model_space", 0, 0), "is made of conv1d"),
    ],
)
def test_a_space_without_networks_is_refused(space: Any, builder: str, field: tuple[Any, ...], words: str) -> None:
    loaded = _configuration(space, builder={"type": builder})
    with pytest.raises(ConfigError, match=words) as caught:
        check_space(loaded, _SEQUENCE)
    assert caught.value.field == field
    assert caught.value.line is not None


def test_branches_that_cannot_meet_are_refused() -> None:
    space = {"branches": {"one": [[_DENSE]], "two": [[{**_DENSE, "units": 3}]]}, "stem": [[_DENSE]], "merge": "add"}
    loaded = _configuration(space, builder={"type": "branch"}, data={"blocks": {"one": ["a"], "two": ["b"]}})
    with pytest.raises(ConfigError, match=r"add cannot join the shapes \(4,\) and \(3,\)"):
        check_space(loaded, _BLOCKS)


def test_candidates_that_fit_in_no_network_are_named() -> None:
    space = [[_CONV, {**_CONV, "kernel_size": 70}], [_FLAT]]
    for builder in ("sequential", "dag", "multi_io"):
        loaded = _configuration(space, builder={"type": builder})
        (line,) = check_before_keras(loaded, _SEQUENCE)
        assert line.startswith("model_space: layer 0, candidate 1 fits in no network.")


def test_what_is_not_known_is_left_to_keras() -> None:
    attention = {"Layer_type": "self_attention", "num_heads": 2, "key_dim": 2}
    for builder in ("sequential", "dag", "multi_io"):
        loaded = _configuration([[attention], [_FLAT]], builder={"type": builder})
        assert check_space(loaded, _SEQUENCE) == {}


def test_no_network_reads_a_candidate_that_fits_in_none() -> None:
    space = [[_CONV, _pool(13)], [_FLAT, {"Layer_type": "globalmaxpool1d"}]]
    loaded = _configuration(space, builder={"type": "dag"})
    builder = make_builder(loaded, _SEQUENCE, compiled=False)
    assert check_space(loaded, _SEQUENCE).keys() == {(0, 1)}
    fitting = []
    for tokens in itertools.product(*(range(size) for size in builder.layout.sizes)):
        try:
            builder.measure(tokens)
        except AmberError:
            continue
        fitting.append({node.operation.Layer_type for node in builder.plan(tokens).nodes})
    assert any("conv1d" in kinds for kinds in fitting)
    assert not any("maxpool1d" in kinds for kinds in fitting)
