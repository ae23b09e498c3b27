"""What is known of an architecture before it is trained; sent to workers, so importing it loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A planned architecture that has not been trained: tokens, fingerprint and size."""

    tokens: tuple[int, ...]
    fingerprint: str
    parameters: int
    flops: int
