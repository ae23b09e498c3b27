"""Where in a model space a mistake is, as data on its error and in its words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from amber.errors import ModelSpaceError


@contextlib.contextmanager
def at_candidate(layer: int, candidate: int) -> Iterator[None]:
    """Add the place of a candidate to a ModelSpaceError that is raised within the block.

    Args:
        layer: index of the layer.
        candidate: index of the candidate in its layer.

    Raises:
        ModelSpaceError: with the place before the message, and before the `key`.
    """
    try:
        yield
    except ModelSpaceError as error:
        raise ModelSpaceError(
            f"Layer {layer}, candidate {candidate}: {error}", field=(layer, candidate, *error.field)
        ) from error
