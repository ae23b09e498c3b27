"""The controllers with the keywords of the first AMBER, most of which mean nothing any more."""

from __future__ import annotations

import logging
from typing import Any

from amber.architect import controllers
from amber.backend.bound_arguments import documented_as
from amber.compat.ignored import warn_ignored

logger = logging.getLogger(__name__)

PASSED_OVER = frozenset(
    "verbose name with_input_blocks num_input_blocks input_block_unique_connection with_output_blocks "
    "num_output_blocks output_block_unique_connection output_block_diversity_weight".split()
)
"""Keywords of the first AMBER's controllers that a controller they do not belong to passes over."""

_RENAMED = {"lr_init": "learning_rate", "rescale_reward": "rescale_advantage_by_reward"}


class GeneralController(controllers.GeneralController):
    """A `GeneralController` that also takes `session` (with a warning), `lr_init`, `rescale_reward` and `verbose`.

    Keywords that belong to other controllers are passed over.
    """

    @documented_as(controllers.GeneralController.__init__)
    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        owner = type(self).__name__
        warn_ignored(
            owner,
            {"session": keywords.pop("session", None)},
            "weights belong to its own model, and Keras 3 has no sessions",
        )
        for former, name in _RENAMED.items():
            if former in keywords:
                value = keywords.pop(former)
                keywords[name] = value if keywords.get(name) is None else keywords[name]
        for name in PASSED_OVER & set(keywords):
            logger.info("%s passes over %s=%r.", owner, name, keywords.pop(name))
        super().__init__(*arguments, **keywords)


class MultiInputController(controllers.MultiInputController, GeneralController):
    """A `MultiInputController` that takes the same keywords."""


class MultiIOController(controllers.MultiIOController, MultiInputController):
    """A `MultiIOController` that takes the same keywords."""


class ZeroShotController(controllers.ZeroShotController, GeneralController):
    """A `ZeroShotController` that takes the same keywords."""
