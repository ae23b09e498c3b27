"""Checks of the values that controllers are made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amber.errors import ConfigError


def check_positive(value: float | None, name: str) -> float | None:
    """Return a positive number or None; raise ConfigError for any other value."""
    if value is not None and not value > 0:
        raise ConfigError(f"{name} must be positive, or None. Received: {value!r}")
    return value


def check_share(value: float, name: str, *, ends: bool = False) -> float:
    """Return a number between 0 and 1, without the ends unless they are allowed; raise ConfigError for any other."""
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        raise ConfigError(f"{name} must lie between 0 and 1. Received: {value!r}")
    return float(value)


def embedding_owners(
    shared: Mapping[int, int] | Mapping[str, int] | None, candidates: Sequence[int]
) -> tuple[int, ...]:
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
