"""These tests are of the models on TensorFlow; on another backend there is nothing to test."""

from __future__ import annotations

import keras

from amber.backend.keras_internals import fast_paths_available

collect_ignore_glob = [] if keras.config.backend() == "tensorflow" and fast_paths_available() else ["test_*.py"]
