"""Functional Keras models that torch runs at the speed of a hand-written network.

Plain Keras spends most of a training step of a small network between the kernels: it calls every layer through
its general machinery, transposes every convolution, and feeds, updates and reports one batch at a time. Here the
same model, with the same layers and variables, is run as a flat list of torch kernels (`plan`), fed by one
permutation per epoch (`feeding`), and trained by one fused update (`train_step`). `model.FastFunctional` puts these
into the places Keras has for them. Whatever a part does not know it leaves to Keras: one layer (`plan`), one loss or
the update (`train_step`), or the whole step.

Only this package may import torch.
"""

from __future__ import annotations

from amber.backend.torch.model import FastFunctional

__all__ = ["FastFunctional"]
