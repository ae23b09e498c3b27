"""What is known of one proposal of a search, as a value that makes a JSON round trip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from amber.errors import ConfigError

STATUSES = ("complete", "invalid", "over budget", "duplicate", "failed")
_NUMBER, _INTEGER, _TEXT = (int, float, type(None)), (int, type(None)), (str, type(None))
# Of the values of `to_dict`, after a trip through JSON.
_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int,),
    "fingerprint": (str,),
    "status": (str,),
    "score": _NUMBER,
    "metrics": (dict,),
    "parameters": _INTEGER,
    "flops": _INTEGER,
    "seconds": (int, float),
    "seed": _INTEGER,
    "error": _TEXT,
    "epochs": (int,),
}


@dataclass(frozen=True)
class TrialResult:
    """One proposed architecture and what became of it.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture.
        fingerprint: of the planned network; empty where there is none.
        status: "complete" (trained and scored), "invalid" (no network), "over budget" (not
            trained: it costs more than allowed), "duplicate" (the same network as an
            earlier trial, whose score it has; not trained) or "failed" (training raised, or no finite score).
        score: value of the searched metric, None unless complete or a duplicate of a complete trial.
        metrics: everything `fit` reported for the scored epoch.
        parameters: all weights of the network; None where not known.
        flops: 2 x multiply-adds, forward, batch 1; None where not known.
        seconds: wall-clock time of building and training.
        seed: of building and training; None where there was none.
        error: type and message, for "invalid" and "failed"; which trial a duplicate repeats.
        epochs: epochs trained.
    """

    number: int
    tokens: tuple[int, ...]
    fingerprint: str
    status: str
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    seconds: float = 0.0
    seed: int | None = None
    error: str | None = None
    epochs: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready dictionary; numbers that JSON cannot say become None."""
        values = asdict(self)
        values["tokens"] = list(self.tokens)
        values["metrics"] = {name: _finite(value) for name, value in self.metrics.items()}
        values["score"] = _finite(self.score)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrialResult:
        """The inverse of `to_dict`.

        Raises:
            ConfigError: a key is missing, unknown, or has a value of the wrong type.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"A trial must be a mapping. Received: {values!r}")
        known = {each.name for each in fields(cls)}
        missing = {"number", "tokens", "fingerprint", "status"} - set(values)
        if missing or set(values) - known:
            raise ConfigError(
                f"A trial has the keys {', '.join(sorted(known))}. "
                f"Missing: {sorted(missing)}; unknown: {sorted(set(values) - known)}"
            )
        tokens = values["tokens"]
        if not isinstance(tokens, (list, tuple)) or not all(type(token) is int for token in tokens):
            raise ConfigError(f"'tokens' of a trial must be a list of integers. Received: {tokens!r}")
        if values["status"] not in STATUSES:
            raise ConfigError(
                f"'status' of a trial must be one of {', '.join(STATUSES)}. Received: {values['status']!r}"
            )
        for name, types in _TYPES.items():
            if name in values and type(values[name]) not in types:
                raise ConfigError(f"'{name}' of a trial has a value of the wrong type. Received: {values[name]!r}")
        metrics = values.get("metrics", {})
        if not all(type(value) in _NUMBER for value in metrics.values()):
            raise ConfigError(f"'metrics' of a trial must be numbers. Received: {metrics!r}")
        readable = {name: math.nan if value is None else float(value) for name, value in metrics.items()}
        return cls(**{**values, "tokens": tuple(tokens), "metrics": readable})


def short_tokens(tokens: tuple[int, ...], width: int = 32) -> str:
    """Returns tokens as short text, such as `3 0 1`, cut to `width` characters."""
    text = " ".join(str(token) for token in tokens)
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
