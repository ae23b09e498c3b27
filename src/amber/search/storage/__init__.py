"""Studies in databases, which several processes work at together; see `StudyDatabase`."""

from __future__ import annotations

from amber.search.storage.study import StudyDatabase
from amber.search.storage.urls import shown_url

__all__ = ["StudyDatabase", "shown_url"]
