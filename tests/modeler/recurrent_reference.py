"""An LSTM written out in NumPy, after Hochreiter and Schmidhuber (1997) with forget gates."""

from __future__ import annotations

import numpy as np


def lstm_outputs(x: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The state after every step: (samples, steps, units) for inputs (samples, steps, channels)."""
    state = memory = np.zeros((len(x), recurrent.shape[0]))
    states = []
    for step in range(x.shape[1]):
        gates = x[:, step].astype("float64") @ kernel + state @ recurrent + bias
        entry, forget, candidate, leave = np.split(gates, 4, axis=1)
        memory = sigmoid(forget) * memory + sigmoid(entry) * np.tanh(candidate)
        state = sigmoid(leave) * np.tanh(memory)
        states.append(state)
    return np.stack(states, axis=1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
