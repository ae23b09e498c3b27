"""Running compiled functions as they were traced, without TensorFlow's rewriting of graphs (Grappler).

On one thread of a CPU the rewriting took longer than a short training gains by it, and what it made of a loop over
training steps was slower: 1.10 s of CPU an epoch of the splice example, in place of 0.84 s as traced. Four trials of
`examples/mfeat_dag.yaml` take 34 s, rewritten 51. Only the single step of a network of vectors gains a tenth by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

_REWRITING_OFF = "disable_meta_optimizer"


@contextmanager
def as_traced() -> Iterator[None]:
    """Within this context functions that are called run as they were traced; on a GPU this does nothing.

    What a user has switched off stays so.
    """
    is_off = tf.config.optimizer.get_experimental_options().get(_REWRITING_OFF)
    if is_off or tf.config.list_logical_devices("GPU"):
        yield
        return
    tf.config.optimizer.set_experimental_options({_REWRITING_OFF: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({_REWRITING_OFF: False})
