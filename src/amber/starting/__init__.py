"""Start from a user's files: inspect them, and write a configuration in which every guess is marked."""

from __future__ import annotations

from amber.starting.searching import Found, search
from amber.starting.writing import Started, start

__all__ = ["Found", "Started", "search", "start"]
