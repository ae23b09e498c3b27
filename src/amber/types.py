"""Types that many packages name in their signatures."""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A NumPy array of any type of number or text."""

Inputs: TypeAlias = Array | dict[str, Array]
"""What a network reads, or what it should give: one array, or one for each name; examples along the first axis."""

InputShape: TypeAlias = tuple[int, ...] | dict[str, tuple[int, ...]]
"""The shape of one example of `Inputs`."""

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON: a reader checks its values before it uses them."""
