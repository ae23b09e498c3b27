"""Checks of the values that controllers are made with."""

from __future__ import annotations

import difflib
import logging
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from amber.errors import ConfigError

logger = logging.getLogger(__name__)

IGNORED = frozenset(
    "verbose name with_input_blocks num_input_blocks input_block_unique_connection with_output_blocks "
    "num_output_blocks output_block_unique_connection output_block_diversity_weight".split()
)
"""Keywords of the first AMBER's controllers that a controller they do not belong to passes over."""


def check_ignored(keywords: Mapping[str, Any], known: Collection[str], owner: str) -> None:
    """Pass over keywords that the first AMBER's controllers had; any other is a mistake.

    Raises:
        ConfigError: an unknown keyword.
    """
    for keyword, value in keywords.items():
        if keyword == "session":
            if value is not None:
                warnings.warn(
                    f"{owner} ignores session: weights belong to its own model, and Keras 3 has no sessions.",
                    UserWarning,
                    stacklevel=3,
                )
        elif keyword in IGNORED:
            logger.info("%s passes over %s=%r.", owner, keyword, value)
        else:
            close = difflib.get_close_matches(keyword, [*known, *IGNORED], n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f"{owner} has no argument of that name.{hint} Received: {keyword}={value!r}")


def check_positive(value: float | None, name: str) -> float | None:
    """Return a positive number or None; raise ConfigError where it is neither."""
    if value is not None and not value > 0:
        raise ConfigError(f"{name} must be positive, or None. Received: {value!r}")
    return value


def check_share(value: float, name: str, *, ends: bool = False) -> float:
    """Return a number between 0 and 1, without the ends unless they are allowed; else raises ConfigError."""
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        raise ConfigError(f"{name} must lie between 0 and 1. Received: {value!r}")
    return float(value)


def embedding_owners(shared: Mapping[Any, Any] | None, candidates: Sequence[int]) -> tuple[int, ...]:
    """Return, for every layer, the layer whose embedding it uses.

    Args:
        shared: from a layer to the earlier layer that it shares with; keys may be texts, as from JSON.
        candidates: number of operations of every layer.

    Raises:
        ConfigError: a layer that does not exist or is not earlier, or another number of operations.
    """
    owners = list(range(len(candidates)))
    for layer, earlier in sorted((int(key), int(value)) for key, value in (shared or {}).items()):
        if not 0 <= earlier < layer < len(candidates):
            raise ConfigError(
                f"share_embedding maps a layer (up to {len(candidates) - 1}) to an earlier one. "
                f"Received: {layer}: {earlier}"
            )
        if candidates[layer] != candidates[earlier]:
            raise ConfigError(
                f"Layers that share an embedding need equally many operations. Received: {layer}: {earlier}, with "
                f"{candidates[layer]} and {candidates[earlier]}"
            )
        owners[layer] = owners[earlier]
    return tuple(owners)
