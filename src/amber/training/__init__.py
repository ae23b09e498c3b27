"""Training: settings, one function that trains a model, its state and checkpoint, recalibration.

Search and final training train through `train_model`, so that the same seed gives the same model. It and the shared
training of one-shot search go through `train_epoch`: no other code calls `fit` for them.
"""

from __future__ import annotations

from amber.backend import select

# Before anything in this package imports Keras.
select()
