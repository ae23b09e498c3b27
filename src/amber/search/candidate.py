"""What is known of an architecture before it is trained; sent to workers, so importing it loads nothing heavy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A planned architecture that has not been trained: tokens, fingerprint and size.

    Both sizes are None where the builder cannot tell before it builds.
    """

    tokens: tuple[int, ...]
    fingerprint: str
    parameters: int | None
    flops: int | None


def token_fingerprint(tokens: Sequence[int]) -> str:
    """Return what identifies an architecture whose network cannot be planned: its tokens alone."""
    text = " ".join(str(int(token)) for token in tokens)
    return f"tokens-{hashlib.sha256(text.encode('ascii')).hexdigest()[:16]}"
