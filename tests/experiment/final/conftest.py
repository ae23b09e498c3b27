"""The tiny configuration and the command of the tests of `amber.cli`."""

from __future__ import annotations

from tests.cli.conftest import amber, tiny, write_config

__all__ = ["amber", "tiny", "write_config"]
