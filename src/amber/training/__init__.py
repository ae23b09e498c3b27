"""Training: settings, one function that trains a model, its state and checkpoint, recalibration.

Search, final training and one-shot search train through `train_model`, so that the same seed gives the same model.
"""

from __future__ import annotations

from amber.backend import select

# Before anything in this package imports Keras.
select()
