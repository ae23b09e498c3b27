"""These tests are of backends that compile; torch has kernels of its own."""

from __future__ import annotations

import keras

from amber.backend.keras_internals import fast_paths_available

collect_ignore_glob = [] if keras.config.backend() != "torch" and fast_paths_available() else ["test_*.py"]
