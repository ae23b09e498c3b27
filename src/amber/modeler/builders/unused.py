"""Arguments of a builder that change nothing on its space, named in one warning."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from amber.architect import ModelSpace
from amber.architect.without_effect import sentence, without_effect


def warn_without_effect(
    builder: str, owner: str, space: ModelSpace, given: Mapping[str, tuple[object, object]], inputs: int = 1
) -> None:
    """Name arguments that change nothing on this space, in one warning.

    Args:
        builder: as `amber.architect.without_effect` calls it.
        owner: what messages call it.
        space: what is searched.
        given: value and default of each argument; those that are at their default are passed over.
        inputs: how many there are.
    """
    changed = {name: value for name, (value, default) in given.items() if value != default}
    said = sentence(owner, without_effect(builder, space, changed, inputs=inputs))
    if said:
        warnings.warn(said, UserWarning, stacklevel=4)
