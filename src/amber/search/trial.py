"""What is known of one proposal of a search, as a value that makes a JSON round trip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from amber.display import html_table, one_line
from amber.errors import ConfigError

STATUSES = ("complete", "invalid", "over budget", "duplicate", "failed", "pruned")
TRAINED = ("complete", "failed", "pruned")
SCORED = ("complete", "duplicate")
_NUMBER, _INTEGER, _TEXT = (int, float, type(None)), (int, type(None)), (str, type(None))
# Characters of an error that are kept: an exception may hold a whole array.
_ERROR_LENGTH = 2000
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
    "curve": (list,),
    "architecture": (str,),
    "retries": (int,),
    "reference": (str,),
    "latency": _NUMBER,
    "diverged": (bool,),
}


@dataclass(frozen=True)
class Trial:
    """One proposed architecture and what became of it.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture.
        fingerprint: of the planned network; empty where there is none.
        status: "complete" (trained and scored), "invalid" (no network), "over budget" (not
            trained: it costs more than allowed), "duplicate" (the same network as an
            earlier trial, whose score it has; not trained), "failed" (training raised, or no finite score)
            or "pruned" (given up by a pruner before its last epoch).
        score: value of the searched metric, None unless complete or a duplicate of a complete trial.
        metrics: everything `fit` reported for the scored epoch.
        parameters: all weights of the network; None where not known.
        flops: 2 x multiply-adds, forward, batch 1; None where not known.
        seconds: wall-clock time of building and training.
        seed: of building and training; None where there was none.
        error: type and message, for "invalid" and "failed"; which trial a duplicate repeats; when a trial was pruned.
            One line of at most 2,000 characters, whatever was given: it goes to logs, tables and web pages.
        epochs: epochs trained.
        curve: the searched metric after each epoch, where a pruner looked at it; else empty.
        architecture: the architecture in words, such as `conv8-conv4-maxpool`; empty where it was not said.
        retries: how often it was trained again, as it had failed.
        reference: name of the reference network that it trained, which has no tokens; empty for an architecture of the
            space.
        latency: milliseconds to predict one batch, where that was measured.
        diverged: whether it failed since its loss, score or predictions were not finite: trained again with the same
            seed, it would end the same.
    """

    __repr__ = one_line

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
    curve: tuple[float, ...] = ()
    architecture: str = ""
    retries: int = 0
    reference: str = ""
    latency: float | None = None
    diverged: bool = False

    def __post_init__(self) -> None:
        """Clean the texts."""
        object.__setattr__(self, "architecture", plain_line(self.architecture, _ERROR_LENGTH))
        if isinstance(self.error, str):
            object.__setattr__(self, "error", plain_line(self.error, _ERROR_LENGTH))

    @property
    def title(self) -> str:
        """The architecture in words, or its tokens where there are no words."""
        return self.architecture or f"tokens {short_tokens(self.tokens)}"

    def _repr_html_(self) -> str:
        """Return what is known of the trial as a table for notebooks."""
        values = {"architecture": self.title, "status": self.status, "score": self.score, **self.metrics}
        values |= {"parameters": self.parameters, "FLOPs": self.flops, "ms per batch": self.latency}
        values |= {"seconds": self.seconds, "error": self.error}
        rows = [(name, value) for name, value in values.items() if value is not None]
        return html_table(f"Trial {self.number}", ("", ""), rows)

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary: numbers that JSON cannot say are None; some keys only if there is any."""
        values = asdict(self)
        for name in ("retries", "reference", "latency", "diverged"):
            if not values[name]:
                del values[name]
        values["tokens"] = list(self.tokens)
        values["metrics"] = {name: _finite(value) for name, value in self.metrics.items()}
        values["score"] = _finite(self.score)
        values["curve"] = [_finite(value) for value in self.curve]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Trial:
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
        for name, types in _TYPES.items():
            if name in values and type(values[name]) not in types:
                raise ConfigError(f"'{name}' of a trial has a value of the wrong type. Received: {_cut(values[name])}")
        tokens = values["tokens"]
        if not isinstance(tokens, (list, tuple)) or not all(type(token) is int and token >= 0 for token in tokens):
            raise ConfigError(f"'tokens' of a trial must be a list of non-negative integers. Received: {_cut(tokens)}")
        metrics = values.get("metrics", {})
        curve = values.get("curve", ())
        if not all(type(value) in _NUMBER for value in [*metrics.values(), *curve]):
            raise ConfigError(
                f"'metrics' and 'curve' of a trial must be numbers. Received: {_cut(metrics)}, {_cut(curve)}"
            )
        _check_ranges(values)
        readable = {name: _number(value) for name, value in metrics.items()}
        curve = tuple(_number(value) for value in curve)
        return cls(**{**values, "tokens": tuple(tokens), "metrics": readable, "curve": curve})


def _check_ranges(values: Mapping[str, Any]) -> None:
    """Check what the types do not say: signs, finite numbers, and which statuses have a score."""
    status, score = values["status"], values.get("score")
    if status not in STATUSES:
        raise ConfigError(f"'status' of a trial must be one of {', '.join(STATUSES)}. Received: {_cut(status)}")
    for name in ("number", "parameters", "flops", "seconds", "seed", "epochs", "retries", "latency"):
        value = values.get(name)
        if value is not None and not 0 <= value < math.inf:
            raise ConfigError(f"'{name}' of a trial must be a finite number from 0 on. Received: {_cut(value)}")
    if score is not None and not math.isfinite(_number(score)):
        raise ConfigError(f"'score' of a trial must be a finite number. Received: {_cut(score)}")
    if status == "complete" and score is None:
        raise ConfigError("A complete trial must have a score, a finite number. Received: none")
    if status not in SCORED and score is not None:
        raise ConfigError(f"'score' of a trial that is {status} must be null. Received: {_cut(score)}")
    if status in TRAINED and not values["fingerprint"]:
        raise ConfigError(f"A trial that is {status} must have the fingerprint of its network. Received: ''")


def plain_line(text: str, length: int) -> str:
    r"""Return text as one line that every file and terminal takes.

    Blanks and line feeds become one blank each; control characters and lone surrogates are written out, such as
    `\x1b`.

    Args:
        text: any text, however long.
        length: the most characters; what is beyond is replaced by `…`.
    """
    # Cut before it is worked on: an exception may hold megabytes.
    line = " ".join(text[: 2 * length].split()) if len(text) > 2 * length else " ".join(text.split())
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    return line if len(line) <= length and len(text) <= 2 * length else f"{line[: length - 1]}…"


def short_tokens(tokens: tuple[int, ...], width: int = 32) -> str:
    """Return tokens as short text, such as `3 0 1`, cut to `width` characters."""
    text = " ".join(str(token) for token in tokens)
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"


def _number(value: float | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _cut(value: object) -> str:
    return plain_line(repr(value), 200)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
