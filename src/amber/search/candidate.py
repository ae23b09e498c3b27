"""An architecture before it is trained, planned and measured once; sent to workers, so importing it loads little."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amber.errors import ConfigError

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

    def check_known(self) -> None:
        """Check that this process knows all operations of the graph; a fresh one knows what it registered itself.

        Raises:
            ConfigError: it does not know one, which the process that planned the architecture registered.
        """
        from amber.operations import OPERATIONS

        graph = self.graph
        if graph is None:
            return
        used = {node.operation.Layer_type for node in graph.nodes if node.name not in graph.inputs}
        missing = sorted(name for name in used if name not in OPERATIONS)
        if missing:
            raise ConfigError(
                f"A worker does not know the operation {missing[0]!r}, which the program that searches registered. Put "
                "what registers it into a file of its own that every worker loads: amber --plugin FILE.py, or "
                "plugins=amber.plugins.load_plugins(['FILE.py'])."
            )

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
