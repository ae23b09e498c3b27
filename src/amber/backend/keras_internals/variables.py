"""The tensor inside a variable and the variable inside a layer, as Keras keeps them.

`keras.Variable.value` looks for scopes at every access; in the middle of a training step that takes longer than some
of the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

tensor_of: Callable[[Any], Any] = attrgetter("_value")
"""Return the backend's own tensor of a variable, which is replaced where the variable is moved or loaded."""

kernel_of: Callable[[Any], Any] = attrgetter("_kernel")
"""Return the kernel variable of a Dense or convolution layer, whether or not LoRA is enabled."""

is_trainable_by_itself: Callable[[Any], bool] = attrgetter("_trainable")
"""Return a variable's or layer's own switch, not that of what holds it."""
