"""What members do is expected of the tested versions of Keras; with any other they are not used."""

from __future__ import annotations

from amber.backend.keras_internals import fast_paths_available

collect_ignore = [] if fast_paths_available() else ["test_members.py"]
