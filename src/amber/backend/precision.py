"""What layers compute in: a Keras dtype policy for the layers that are made within a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

POLICIES: dict[str, str | None] = {"float32": None, "bfloat16": "mixed_bfloat16"}
"""By what a configuration calls it; None: as Keras is set."""


@contextmanager
def computing_in(policy: str | None) -> Iterator[None]:
    """Give the layers that are made within the block a policy.

    Args:
        policy: its Keras name, such as `mixed_bfloat16`: weights stay float32, sums and products are in bfloat16. None:
            the one that is set.
    """
    if policy is None:
        yield
        return
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def is_mixed() -> bool:
    """Say whether layers that are made now compute in another type than their weights have."""
    import keras

    policy = keras.config.dtype_policy()
    return bool(policy.compute_dtype != policy.variable_dtype)
