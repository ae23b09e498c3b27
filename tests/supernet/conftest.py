from __future__ import annotations

import keras

from amber.backend.keras_internals import fast_paths_available

# How torch runs slices of shared tensors: there is nothing to test where stock Keras runs, or another backend.
collect_ignore = [] if keras.config.backend() == "torch" and fast_paths_available() else ["test_sliced_mlp.py"]
