"""Remove passwords that this process was given from all that it prints and logs."""

from __future__ import annotations

import logging
import os
import sys

from amber.redaction import HIDDEN, redacted


def without_secrets(text: str) -> str:
    """Return text without the passwords of addresses on the command line, that of PGPASSWORD, and any in an address."""
    addresses = [argument for argument in sys.argv[1:] if "://" in argument]
    if addresses:
        from amber.search.storage.urls import without_passwords

        for address in addresses:
            text = without_passwords(text, address)
    password = os.environ.get("PGPASSWORD", "")
    return redacted(text.replace(password, HIDDEN) if password else text)


class HidingFormatter(logging.Formatter):
    """Lines of a log, those of other packages too, without passwords.

    Args:
        names: whether AMBER's own lines name their module too, as those of other packages do.
    """

    def __init__(self, names: bool = True) -> None:
        super().__init__("%(name)s: %(message)s")
        self._names = names

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of one entry."""
        line = super().format(record)
        if not self._names and record.name.partition(".")[0] == "amber":
            line = record.levelname.capitalize() + line.removeprefix(record.name)
        return without_secrets(line)
