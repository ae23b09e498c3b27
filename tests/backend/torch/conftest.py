"""These tests are of the fast paths; where stock Keras runs, there is nothing to test."""

from __future__ import annotations

from amber.backend.keras_internals import fast_paths_available

collect_ignore_glob = [] if fast_paths_available() else ["test_*.py"]
