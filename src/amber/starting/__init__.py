"""Begin with one's own files: look at them, and write a configuration of which every guess says that it is one."""

from __future__ import annotations

from amber.starting.searching import Found, search
from amber.starting.writing import Started, start

__all__ = ["Found", "Started", "search", "start"]
