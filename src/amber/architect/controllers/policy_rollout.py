"""The policy's rollout over the tokens, written once for sampling (NumPy) and for training (keras.ops).

`xp` is either `numpy` or `keras.ops`: only functions that both have are used. A decoder either draws
tokens or reads given ones, so masks, temperature and order cannot differ between sampling and training.

The recurrent policy is that of ENAS (Pham et al. 2018, "Efficient Neural Architecture Search via Parameter
Sharing"), with the input and output blocks of AMBER.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from amber.architect.controllers.spec import PolicySpec
from amber.types import Tensor

if TYPE_CHECKING:
    from types import ModuleType

MASKED_LOGIT = -1e4
"""A logit, put in after squashing, whose probability is exactly zero in single and double precision."""

Kind = Literal["one", "bits", "one_hot"]
Role = Literal["operation", "inputs", "skips", "output"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Tokens decided together.

    Attributes:
        role: what they are about.
        kind: "one" token of n values; independent "bits"; or "one_hot", bits of which exactly one is set.
        log_probs: (batch, n) for "one" and "one_hot", (batch, bits, 2) for "bits".
        tokens: as integers, (batch, 1) for "one", else (batch, bits).
        bits: the same as floating-point numbers; for "one" unused.
    """

    role: Role
    kind: Kind
    log_probs: Any
    tokens: Any
    bits: Any


class Decoder(Protocol):
    """Where tokens come from: returns them as integers and as floating-point numbers, (batch, width) each."""

    def __call__(self, kind: Kind, log_probs: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Return the tokens chosen, as integers and as numbers of the type of the probabilities."""


def rollout(
    xp: ModuleType,
    spec: PolicySpec,
    weights: Mapping[str, Tensor],
    decoder: Decoder,
    batch: int | Tensor,
    description: object = None,
    drop: Callable[[Tensor], Tensor] | None = None,
) -> list[Decision]:
    """Go through all decisions of a batch of architectures, in the order of the layout.

    Args:
        xp: `numpy` or `keras.ops`.
        spec: of the policy.
        weights: by name, as in `spec.weight_shapes()`.
        decoder: draws or reads the tokens.
        batch: number of architectures.
        description: (batch, d), for a policy conditioned on a data set.
        drop: dropout on the input of every LSTM layer; None: none.
    """
    return _Rollout(xp, spec, weights, decoder, batch, description, drop).run()


class _Rollout:
    """One rollout: the LSTM's state, the anchors of the layers so far, and what is used up."""

    def __init__(
        self,
        xp: ModuleType,
        spec: PolicySpec,
        weights: Mapping[str, Tensor],
        decoder: Decoder,
        batch: int | Tensor,
        description: object,
        drop: Callable[[Tensor], Tensor] | None,
    ) -> None:
        self.xp, self.spec, self.weights, self.decoder, self.batch = xp, spec, weights, decoder, batch
        self.drop = drop
        self.input = self._first_input(description)
        nothing = xp.zeros_like(self.input)
        self.cells = [nothing] * spec.lstm_layers
        self.hidden = [nothing] * spec.lstm_layers
        self.anchors: list[Any] = []
        self.anchor_keys: list[Any] = []
        self.used_layers: list[Any] = []
        self.used_inputs: Any = None
        self.decisions: list[Decision] = []

    def run(self) -> list[Decision]:
        for layer in range(self.spec.num_layers):
            self._operation(layer)
            if self.spec.num_inputs:
                self._inputs(layer)
            if self.spec.with_skips and layer:
                self._skips()
            self._add_anchor()
        for output in range(self.spec.num_outputs):
            self._output(output)
        return self.decisions

    def _operation(self, layer: int) -> None:
        owner = self.spec.embedding_owner[layer]
        state = self._step()
        logits = self._squash(self.xp.matmul(state, self.weights[f"softmax_{owner}"]))
        tokens, _ = self._decide("operation", "one", _log_softmax(self.xp, logits), 1)
        self.input = self.xp.take(self.weights[f"embedding_{owner}"], tokens[:, 0], axis=0)

    def _inputs(self, layer: int) -> None:
        state = self._step()
        logits = self._squash(self.xp.matmul(state, self.weights["input_softmax"]))
        if self.spec.unique_inputs:
            logits = self._mask_inputs(layer, logits)
        _, bits = self._decide("inputs", "bits", self._bit_log_probs(logits), self.spec.num_inputs)
        self.used_inputs = bits if self.used_inputs is None else self.xp.maximum(self.used_inputs, bits)
        self.input = self._mean(self.xp.matmul(bits, self.weights["input_embedding"]), bits)

    def _mask_inputs(self, layer: int, logits: Tensor) -> Tensor:
        """Used blocks are closed between the first layer and the last; the last takes every block left over."""
        xp = self.xp
        used = xp.zeros_like(logits) if self.used_inputs is None else self.used_inputs
        if layer == self.spec.num_layers - 1:
            return xp.where(used > 0.5, logits, xp.zeros_like(logits) - MASKED_LOGIT)
        return xp.where(used > 0.5, xp.zeros_like(logits) + MASKED_LOGIT, logits)

    def _skips(self) -> None:
        xp, state = self.xp, self._step()
        query = xp.matmul(state, self.weights["attention_query"])[:, None, :]
        scores = xp.matmul(xp.tanh(xp.stack(self.anchor_keys, axis=1) + query), self.weights["attention_v"])
        logits = self._squash(scores[:, :, 0])
        if self.spec.unique_skips:
            used = xp.stack(self.used_layers, axis=1)
            logits = xp.where(used > 0.5, xp.zeros_like(logits) + MASKED_LOGIT, logits)
        _, bits = self._decide("skips", "bits", self._bit_log_probs(logits), len(self.anchors))
        if self.spec.unique_skips:
            self.used_layers = [xp.maximum(each, bits[:, i]) for i, each in enumerate(self.used_layers)]
        chosen = xp.sum(xp.stack(self.anchors, axis=1) * bits[:, :, None], axis=1)
        self.input = self._mean(chosen, bits)

    def _add_anchor(self) -> None:
        """Keep the state at the end of a layer, which later layers and outputs look back at."""
        anchor = self.hidden[-1]
        self.anchors.append(anchor)
        if self.spec.with_skips:
            self.anchor_keys.append(self.xp.matmul(anchor, self.weights["attention_anchor"]))
            self.used_layers.append(self.xp.zeros_like(anchor[:, 0]))

    def _output(self, output: int) -> None:
        column = self.weights["output_softmax"][:, output : output + 1]
        logits = self._squash(self.xp.matmul(self.xp.stack(self.anchors, axis=1), column)[:, :, 0])
        if self.spec.unique_outputs:
            self._decide("output", "one_hot", _log_softmax(self.xp, logits), self.spec.num_layers)
        else:
            self._decide("output", "bits", self._bit_log_probs(logits), self.spec.num_layers)

    def _decide(self, role: Role, kind: Kind, log_probs: Tensor, width: int) -> tuple[Tensor, Tensor]:
        tokens, bits = self.decoder(kind, log_probs, width)
        self.decisions.append(Decision(role, kind, log_probs, tokens, bits))
        return tokens, bits

    def _step(self) -> Tensor:
        """One step of every LSTM layer on `self.input`; returns the state of the last.

        Without biases; gates in the order input, forget, output, candidate.
        """
        xp, value = self.xp, self.input
        for layer in range(self.spec.lstm_layers):
            if self.drop is not None:
                value = self.drop(value)
            gates = xp.matmul(
                xp.concatenate([value, self.hidden[layer]], axis=1),
                self.weights[f"lstm_{layer}"],
            )
            size = self.spec.lstm_size
            opened = 0.5 + 0.5 * xp.tanh(0.5 * gates[:, : 3 * size])  # the logistic function, without overflow
            kept = opened[:, size : 2 * size] * self.cells[layer]
            self.cells[layer] = opened[:, :size] * xp.tanh(gates[:, 3 * size :]) + kept
            self.hidden[layer] = value = opened[:, 2 * size :] * xp.tanh(self.cells[layer])
        return value

    def _squash(self, logits: Tensor) -> Tensor:
        if self.spec.temperature is not None:
            logits = logits / self.spec.temperature
        if self.spec.tanh_constant is not None:
            logits = self.spec.tanh_constant * self.xp.tanh(logits)
        return logits

    def _bit_log_probs(self, logits: Tensor) -> Tensor:
        """Of bits with logits (-q, q), shape (batch, bits, 2)."""
        return _log_softmax(self.xp, self.xp.stack([-logits, logits], axis=-1))

    def _mean(self, total: Tensor, bits: Tensor) -> Tensor:
        return total / (1.0 + self.xp.sum(bits, axis=1, keepdims=True))

    def _first_input(self, description: object) -> Tensor:
        xp, weights = self.xp, self.weights
        if not self.spec.description_length:
            return xp.broadcast_to(weights["start"], (self.batch, self.spec.lstm_size))
        value = description
        if self.spec.description_units:
            value = xp.matmul(value, weights["description_hidden_kernel"]) + weights["description_hidden_bias"]
            value = ACTIVATIONS[self.spec.description_activation](xp, value)
        return xp.matmul(value, weights["description_kernel"]) + weights["description_bias"]


ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda xp, value: value,
    "relu": lambda xp, value: xp.maximum(value, xp.zeros_like(value)),
    "sigmoid": lambda xp, value: 0.5 + 0.5 * xp.tanh(0.5 * value),
    "tanh": lambda xp, value: xp.tanh(value),
}
"""What the hidden layer over a description may use."""


def _log_softmax(xp: ModuleType, logits: Tensor) -> Tensor:
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


def decision_log_probs(xp: ModuleType, decision: Decision) -> Tensor:
    """Return the log-probability of the tokens of a decision, (batch,)."""
    if decision.kind == "one":
        return xp.take_along_axis(decision.log_probs, decision.tokens, axis=1)[:, 0]
    if decision.kind == "bits":
        chosen = xp.where(decision.bits > 0.5, decision.log_probs[:, :, 1], decision.log_probs[:, :, 0])
        return xp.sum(chosen, axis=1)
    set_bits = xp.sum(decision.bits, axis=1)
    total = xp.sum(decision.bits * decision.log_probs, axis=1)
    return xp.where(xp.abs(set_bits - 1.0) < 0.5, total, xp.zeros_like(total) + MASKED_LOGIT)


def total_log_probs(xp: ModuleType, decisions: Sequence[Decision]) -> Tensor:
    """Return the log-probability of whole architectures, (batch,)."""
    return sum((decision_log_probs(xp, decision) for decision in decisions[1:]), decision_log_probs(xp, decisions[0]))


def entropies(xp: ModuleType, decisions: Sequence[Decision]) -> Tensor:
    """Return the entropy of the decisions met on the way of each architecture, in nats, (batch,)."""
    found = []
    for decision in decisions:
        each = -xp.sum(xp.exp(decision.log_probs) * decision.log_probs, axis=-1)
        found.append(xp.sum(each, axis=1) if decision.kind == "bits" else each)
    return sum(found[1:], found[0])


def skip_penalties(xp: ModuleType, decisions: Sequence[Decision], target: float) -> Tensor:
    """Return the divergence of the skip probabilities from a target rate, (batch,).

    Per bit the divergence KL(policy || [1 - target, target]), averaged over the bits of a layer, then over layers.
    """
    import math

    layers = []
    for decision in decisions:
        if decision.role == "skips":
            off, on = decision.log_probs[:, :, 0], decision.log_probs[:, :, 1]
            each = xp.exp(on) * (on - math.log(target)) + xp.exp(off) * (off - math.log(1.0 - target))
            layers.append(xp.mean(each, axis=1))
    return sum(layers[1:], layers[0]) / len(layers)


def output_diversity(xp: ModuleType, decisions: Sequence[Decision]) -> Tensor:
    """Return how much the outputs differ in the layers they choose, (batch,).

    The standard deviation over outputs of the probability that a layer is chosen, averaged over layers.
    """
    rows = []
    for decision in decisions:
        if decision.role == "output":
            rows.append(xp.exp(decision.log_probs[:, :, 1] if decision.kind == "bits" else decision.log_probs))
    stacked = xp.stack(rows, axis=1)
    spread = xp.mean((stacked - xp.mean(stacked, axis=1, keepdims=True)) ** 2, axis=1)
    return xp.mean(xp.sqrt(spread + 1e-12), axis=1)  # the root has no gradient at zero
