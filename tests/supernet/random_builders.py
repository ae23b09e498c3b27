"""Random weight-sharing builders, some of them impossible, for `tests/modeler/test_any_space.py`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from amber.architect import ModelSpace, Operation
from amber.modeler import EnasAnnModelBuilder, EnasCnnModelBuilder

ODD = st.sampled_from([0, -1, 2.5, True, None, "3", [3], [1, 2]])
COMPILE = {"optimizer": "sgd", "loss": "mse"}


def either(draw: st.DrawFn, faults: bool, good: list[Any], bad: list[Any]) -> Any:
    """A good value, or where faults are wanted sometimes a bad one."""
    return draw(st.sampled_from(bad if faults and not draw(st.integers(0, 7)) else good))


def odd_or(draw: st.DrawFn, faults: bool, largest: int = 5) -> Any:
    return draw(ODD) if faults and not draw(st.integers(0, 7)) else draw(st.integers(1, largest))


@st.composite
def enas_ann_builders(draw: st.DrawFn) -> EnasAnnModelBuilder:
    faults = draw(st.booleans())
    activation = either(draw, faults, ["relu", "TanH", "softmax", "sigmoid", "linear"], ["softplus", 3, None])
    candidates = [
        {
            "Layer_type": either(draw, faults, ["dense"], ["conv1d", "no_such_type"]),
            "units": odd_or(draw, faults),
            "activation": activation,
            **either(draw, faults, [{}], [{"colour": 1}, {"use_bias": False}]),
        }
        for _ in range(draw(st.integers(0 if faults else 1, 3)))
    ]
    layers = [list(candidates) for _ in range(draw(st.integers(0 if faults else 1, 3)))]
    if layers and either(draw, faults, [False], [True]):
        layers[-1] = [{"Layer_type": "dense", "units": 9, "activation": "relu"}]
    inputs = [
        Operation("input", shape=either(draw, faults, [(2,), (3,)], [(0,), (2, 2), None]), name=f"x{k}")
        for k in range(draw(st.integers(1, 3)))
    ]
    outputs = [
        Operation("dense", units=odd_or(draw, faults, 2), activation=either(draw, faults, ["tanh"], [None, "none"]))
        for _ in range(1)
    ]
    return EnasAnnModelBuilder(
        inputs_op=either(draw, faults, [inputs], [None, "x", []]),
        output_op=outputs,
        model_space=ModelSpace.from_dict(layers),
        model_compile_dict=COMPILE,
        l1_reg=either(draw, faults, [0.0, 0.01], [-1, "much"]),
        with_input_blocks=draw(st.booleans()),
        with_skip_connection=draw(st.booleans()),
        with_output_blocks=draw(st.booleans()),
        session=either(draw, faults, [None], ["session"]),
        dag_func=either(draw, faults, ["EnasAnnDAG", "enas"], ["dag", None]),
        dag_kwargs=either(draw, faults, [None, {"name": "mine"}], [{"colour": 1}]),
    )


def conv_candidate(draw: st.DrawFn, faults: bool, filters: Any) -> dict[str, Any]:
    kind = either(draw, faults, ["conv1d", "maxpool1d", "avgpool1d", "identity"], ["dense", "no_such_type"])
    candidate: dict[str, Any] = {"Layer_type": kind, "filters": filters}
    if kind == "conv1d":
        candidate["kernel_size"] = odd_or(draw, faults)
        candidate["activation"] = either(draw, faults, ["relu", "elu", "softmax", "linear"], ["softplus", 3])
        candidate.update(either(draw, faults, [{}, {"dilation": 2}], [{"dilation": 0}, {"strides": 2}]))
    elif kind.endswith("pool1d"):
        candidate.update(pool_size=odd_or(draw, faults), strides=either(draw, faults, [1], [0, 2, "1"]))
    candidate.update(either(draw, faults, [{}], [{"colour": 1}]))
    return candidate


@st.composite
def enas_cnn_builders(draw: st.DrawFn) -> EnasCnnModelBuilder:
    faults = draw(st.booleans())
    layers = []
    for _ in range(draw(st.integers(0 if faults else 1, 3))):
        filters = either(draw, faults, [2, 2, 4], [0, "2"])
        count = draw(st.integers(0 if faults else 1, 3))
        layers.append([conv_candidate(draw, faults, filters) for _ in range(count)])
    return EnasCnnModelBuilder(
        inputs_op=Operation("input", shape=either(draw, faults, [(9, 4), (1, 2)], [(9,), (0, 4), None])),
        output_op=Operation("dense", units=either(draw, faults, [1, 2], [0, None]), activation="sigmoid"),
        model_space=ModelSpace.from_dict(layers),
        model_compile_dict=COMPILE,
        batch_size=4,
        dag_kwargs={
            "stem_config": {
                "has_stem_conv": draw(st.booleans()),
                "flatten_op": either(draw, faults, ["flatten", "gap", "gmp"], ["max", 1]),
                "fc_units": odd_or(draw, faults),
            },
            "with_skip_connection": draw(st.booleans()),
            "reduction_factor": either(draw, faults, [1, 2, 4], [0, 2.5]),
            "add_conv1_under_pool": draw(st.booleans()),
            "keep_prob": either(draw, faults, [1.0, 0.9], [0, 2, "all"]),
            "data_format": either(draw, faults, ["NWC", "NCW"], ["NHWC"]),
        },
    )
