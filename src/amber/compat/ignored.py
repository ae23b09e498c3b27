"""Arguments of the first AMBER that mean nothing any more: accepted, and said once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping


def warn_ignored(owner: str, given: Mapping[str, object], why: str = "they belong to TensorFlow 1") -> None:
    """Warn once of all the arguments that a call gives and nothing uses.

    Args:
        owner: the class or function, for the message.
        given: the arguments by name; those that are None are not given.
        why: the reason, for the message.
    """
    names = sorted(name for name, value in given.items() if value is not None)
    if names:
        warnings.warn(f"{owner} ignores {', '.join(names)}: {why}.", UserWarning, stacklevel=3)


def ignore_session(session: object) -> None:
    """Warn of a TensorFlow 1 session, which nothing uses."""
    if session is not None:
        warnings.warn(
            "session is ignored: weights belong to the supernet itself, and Keras 3 has no sessions.",
            UserWarning,
            stacklevel=4,
        )
