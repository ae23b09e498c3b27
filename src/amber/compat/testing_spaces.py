"""Small model spaces for trying things out."""

from __future__ import annotations

from typing import Any

from amber.architect import ModelSpace


def get_example_conv1d_space(out_filters: int = 8, num_layers: int = 2) -> tuple[ModelSpace, dict[int, int]]:
    """Return a space of convolutions, pools and identities, and which layers share an embedding.

    Args:
        out_filters: channels of every layer.
        num_layers: how many there are.
    """
    layer: list[dict[str, Any]] = [
        {"Layer_type": "conv1d", "kernel_size": 8, "activation": "relu", "filters": out_filters},
        {"Layer_type": "maxpool1d", "pool_size": 4, "strides": 1, "filters": out_filters},
        {"Layer_type": "identity", "filters": out_filters},
    ]
    return ModelSpace.from_dict([layer] * num_layers), {later: 0 for later in range(1, num_layers)}


def get_example_sparse_model_space(num_layers: int) -> ModelSpace:
    """Return a space of dense layers of 3 or 10 units.

    Args:
        num_layers: how many there are.
    """
    return ModelSpace.from_dict(
        [[{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (3, 10)]] * num_layers
    )
