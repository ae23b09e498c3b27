"""The networks and data of the tests of a search."""

from __future__ import annotations

from tests.search.conftest import builder, make_objective

__all__ = ["builder", "make_objective"]
