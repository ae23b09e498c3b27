"""What is left out of anything that is shown, logged or written: passwords, wherever they stand in a text."""

from __future__ import annotations

import re

HIDDEN = "***"
# scheme://user:PASSWORD@host; a password may hold an @ of its own, so the last one before a blank or quote counts.
_IN_ADDRESS = re.compile(r"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@'\"]*:)(?P<secret>[^\s'\"]*)@")
# password=..., 'password': '...', PGPASSWORD=...
_NAMED = re.compile(
    r"(?P<before>\b\w*(?:passw|passphrase|pwd|secret)\w*['\"]?\s*[:=]\s*)"
    r"(?P<secret>'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"&,;}\])]+)",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return text with `***` in the place of passwords in addresses, and of values called a password or secret."""
    if "://" in text:
        text = _IN_ADDRESS.sub(lambda found: f"{found['before']}{HIDDEN}@", text)
    return _NAMED.sub(lambda found: f"{found['before']}{HIDDEN}", text)


def password_in(text: str) -> int | None:
    """Return where in a text an address with a password begins; None where there is none."""
    found = _IN_ADDRESS.search(text) if "://" in text else None
    return found.start() if found and found["secret"] else None
