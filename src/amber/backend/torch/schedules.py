"""The learning rate of a step by Keras's cosine schedule, in plain numbers.

Keras computes it in some twenty operations on tensors, which took a tenth of the training step of a small network.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import torch


def cosine_rate(schedule: Any, step: int) -> float | None:
    """Return the learning rate of a step, as Keras has it in float32; None where only Keras knows it.

    Args:
        schedule: of an optimizer.
        step: how many steps were done.
    """
    if type(schedule) is not keras.optimizers.schedules.CosineDecay or keras.config.floatx() != "float32":
        return None
    of_decay, of_warm_up = np.float32(schedule.decay_steps), np.float32(schedule.warmup_steps)
    begin = np.float32(schedule.initial_learning_rate)
    if schedule.warmup_target is None:
        return _falling(begin, min(np.float32(step), of_decay) / of_decay, schedule.alpha)
    top, done = np.float32(schedule.warmup_target), min(np.float32(step), of_decay + of_warm_up)
    if done < of_warm_up:
        return float((top - begin) * (done / of_warm_up) + begin)
    return _falling(top, (done - of_warm_up) / of_decay, schedule.alpha)


def _falling(begin: np.float32, share: np.float32, alpha: float) -> float:
    """Return the rate after a share of the steps in which it falls; NumPy's cosine differs in the last place."""
    cosine = np.float32(torch.cos(torch.tensor(np.float32(math.pi) * share)).item())
    fallen = np.float32(0.5) * (np.float32(1) + cosine)
    return float(begin * (np.float32(1 - alpha) * fallen + np.float32(alpha)))
