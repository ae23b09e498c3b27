"""Groups of blocks of features that belong together, checked. Loads no Keras; `amber.search.rewards` uses them."""

from __future__ import annotations

from collections.abc import Sequence

from amber.errors import ConfigError
from amber.wording import shown


def checked_groups(groups: object, inputs: Sequence[str]) -> list[list[str]]:
    """Return groups of names of inputs.

    Args:
        groups: a list of lists of names.
        inputs: names of all inputs.

    Raises:
        ConfigError: something else, or a name of no input; its `field` is the place in `groups`.
    """
    lists = groups if isinstance(groups, (list, tuple)) else [groups]
    if lists is not groups or not all(
        isinstance(group, (list, tuple)) and all(isinstance(name, str) for name in group) for group in lists
    ):
        raise ConfigError(f"groups must be a list of lists of block names. Received: {shown(groups)}")
    for number, group in enumerate(groups):
        for position, name in enumerate(group):
            if name not in inputs:
                raise ConfigError(
                    f"A related block must be one of {', '.join(inputs)}. Received: {shown(name)}",
                    field=(number, position),
                )
    return [list(group) for group in groups]
