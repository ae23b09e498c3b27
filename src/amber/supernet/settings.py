"""What a supernet is made with beside its space, inputs and outputs, as one value for each family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from amber.checks import finite_number_at_least, positive_integer
from amber.display import one_line
from amber.errors import ConfigError

STEM_DEFAULTS = {"has_stem_conv": True, "stem_kernel_size": 8, "flatten_op": "flatten", "fc_units": 1000}
FLATTEN = {
    "flatten": "flatten",
    "gap": "globalavgpool1d",
    "global_avg_pool": "globalavgpool1d",
    "gmp": "globalmaxpool1d",
}


@dataclass(frozen=True)
class SupernetSettings:
    """What the settings of every family have; a value out of range raises ConfigError."""

    with_skip_connection: bool = True
    l1_reg: float = 0.0
    l2_reg: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(each.default, bool):
                object.__setattr__(self, each.name, bool(value))
            elif isinstance(each.default, float):
                number = value.item() if isinstance(value, np.generic) else value
                object.__setattr__(self, each.name, float(finite_number_at_least(number, each.name, 0)))


@dataclass(frozen=True)
class AnnSettings(SupernetSettings):
    """Settings of a feed-forward supernet.

    Args:
        with_skip_connection: whether each layer chooses earlier layers; otherwise it reads the previous one.
        l1_reg, l2_reg: coefficients of sum|w| and sum(w^2)/2 over the selected rows and columns, biases left
            out, output weights only with output blocks. Rows of all units of a selected layer count.
        with_input_blocks: whether each layer chooses its input blocks; otherwise the first layer reads all.
        with_output_blocks: whether each output chooses layers; otherwise it reads the last one.
    """

    with_input_blocks: bool = True
    with_output_blocks: bool = False


@dataclass(frozen=True)
class ConvSettings(SupernetSettings):
    """Settings of a convolutional supernet.

    Args:
        with_skip_connection: whether each layer adds chosen earlier layers. Without, only the newest tensor is
            reduced where the number of filters changes.
        l1_reg, l2_reg: coefficients of sum|w| and sum(w^2)/2 over the kernels of all convolutions when the
            architecture is sampled, and over those of a fixed child during training.
        keep_prob: 1 - rate of the dropout after each layer, after flattening and after the dense layer.
        reduction_factor: pool size and stride where the number of filters changes.
        stem_config: `has_stem_conv`, `stem_kernel_size`, `flatten_op` (or `gap`, `gmp`), `fc_units`: see STEM_DEFAULTS.
        data_format: `NWC` or `NCW`: how the data lie. Weights and results are the same.
        add_conv1_under_pool: a 1x1 convolution, normalisation and relu before each pooling.
    """

    keep_prob: float = 0.9
    reduction_factor: int = 4
    stem_config: Mapping[str, Any] = field(default_factory=dict)
    data_format: str = "NWC"
    add_conv1_under_pool: bool = True
    __repr__ = one_line

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "stem_config", _checked_stem(self.stem_config or {}))
        if self.data_format not in ("NWC", "NCW"):
            raise ConfigError(f"data_format must be 'NWC' or 'NCW'. Received: {self.data_format!r}")
        positive_integer(self.reduction_factor, "reduction_factor")
        if not 0 < self.keep_prob <= 1:
            raise ConfigError(f"keep_prob must be above 0 and at most 1. Received: {self.keep_prob!r}")


def _checked_stem(stem: Mapping[str, object]) -> dict[str, object]:
    unknown = sorted(set(stem) - set(STEM_DEFAULTS))
    if unknown:
        raise ConfigError(f"stem_config takes {', '.join(STEM_DEFAULTS)}. Received: {', '.join(map(str, unknown))}")
    options: dict[str, Any] = {**STEM_DEFAULTS, **stem}
    for key in ("stem_kernel_size", "fc_units"):
        positive_integer(options[key], f"stem_config['{key}']")
    flatten = options["flatten_op"]
    options["flatten_op"] = flatten.lower() if isinstance(flatten, str) else flatten
    if options["flatten_op"] not in FLATTEN:
        raise ConfigError(f"stem_config['flatten_op'] must be one of {', '.join(FLATTEN)}. Received: {flatten!r}")
    options["has_stem_conv"] = bool(options["has_stem_conv"])
    return options
