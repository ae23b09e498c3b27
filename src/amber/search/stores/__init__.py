"""Stores for the trials of a study: in memory, in the journal of a run directory, or in a database."""

from __future__ import annotations

from amber.search.stores.database import DatabaseStore
from amber.search.stores.journal import JournalStore
from amber.search.stores.memory import MemoryStore
from amber.search.trial_store import StoredTrial, TrialStore

__all__ = ["DatabaseStore", "JournalStore", "MemoryStore", "StoredTrial", "TrialStore"]
