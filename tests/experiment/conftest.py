"""The tiny configuration and the command of the tests of `amber.cli`."""

from __future__ import annotations

from tests.cli.conftest import amber, finished_run, tiny, write_config

__all__ = ["amber", "finished_run", "tiny", "write_config"]
