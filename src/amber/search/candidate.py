"""An architecture before it is trained, planned and measured once; sent to workers, so importing it loads little."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amber.graph.graph import ComputationGraph


@dataclass(frozen=True)
class Candidate:
    """A planned architecture: tokens, fingerprint, size and the graph that the model is built of.

    It is made where an architecture is proposed, and travels on to budget, training and record. Another process gets
    the graph as bytes and reads them when it builds, so that only a process that builds loads Keras.

    Attributes:
        tokens: the architecture.
        fingerprint: of the network.
        parameters: all weights; None where the builder cannot tell before it builds.
        flops: 2 x multiply-adds, forward, batch 1; None likewise.
        planned: the graph, or its bytes; None where the builder cannot plan, or another process has the graph.
    """

    tokens: tuple[int, ...]
    fingerprint: str
    parameters: int | None = None
    flops: int | None = None
    planned: ComputationGraph | bytes | None = field(default=None, repr=False, compare=False)

    @property
    def graph(self) -> ComputationGraph | None:
        """The planned network; None where it is not known here."""
        if isinstance(self.planned, bytes):
            object.__setattr__(self, "planned", pickle.loads(self.planned))
        return self.planned  # type: ignore[return-value]

    def to_dict(self) -> dict[str, object]:
        """Return what other processes of a search are told, JSON-ready: all but the graph."""
        return {
            "tokens": list(self.tokens),
            "fingerprint": self.fingerprint,
            "parameters": self.parameters,
            "flops": self.flops,
        }

    def __getstate__(self) -> dict[str, object]:
        planned = self.planned
        if planned is not None and not isinstance(planned, bytes):
            import cloudpickle  # operations may hold functions of the user's

            planned = cloudpickle.dumps(planned)
        return {**vars(self), "planned": planned}


def token_fingerprint(tokens: Sequence[int]) -> str:
    """Return what identifies an architecture whose network cannot be planned: its tokens alone."""
    text = " ".join(str(int(token)) for token in tokens)
    return f"tokens-{hashlib.sha256(text.encode('ascii')).hexdigest()[:16]}"
