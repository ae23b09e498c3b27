"""When a motif may be called by the name of a known one that it resembles."""

from __future__ import annotations

LARGEST_Q = 0.05
"""A match is a name where fewer than one of twenty as good ones is false."""
NO_NAME = "no known motif"


def title_of(name: str, alternative: str) -> str:
    """Return what a known motif is called: its factor, with its name in the database."""
    return f"{alternative} ({name})" if alternative else name


def is_name(q_value: float) -> bool:
    """Say whether a match of this q value is a name; nothing that is shown to anybody names a motif otherwise."""
    return q_value <= LARGEST_Q
