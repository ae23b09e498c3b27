"""Addresses of databases, as Optuna and SQLAlchemy write them: what is accepted, and what of one may be shown.

A password never leaves this process but to the database: all that is shown, logged or written goes through `shown_url`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from amber.errors import ConfigError
from amber.redaction import HIDDEN, redacted

if TYPE_CHECKING:
    from sqlalchemy import URL

# scheme://user:PASSWORD@, up to the last @ of the address.
_USER_INFO = re.compile(r"://[^:/@?#]*:(?P<secret>[^\s]*)@")
# Where a driver takes a password beside the usual place.
_SECRET_NAME = re.compile("pass|pwd|secret|token", re.IGNORECASE)
_OPTION = re.compile(r"[?&;]\w*(?:pass|pwd|secret|token)\w*=(?P<secret>[^&;\s]+)", re.IGNORECASE)
# Drivers where the address names none; SQLAlchemy's own choice differs by its version.
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def parse_url(url: str) -> URL:
    """Return the address in parts, with a driver.

    Args:
        url: such as `postgresql://user@host:5432/database` or `sqlite:///file.db`.

    Raises:
        ConfigError: it is none, or names no database that another process can reach.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    expected = "Expected the address of a database, such as postgresql://user@host/database"
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):  # whose messages quote it, with its password
        raise ConfigError(f"{expected}. Received: other text, which is not shown") from None
    if "plugin" in parts.query:
        raise ConfigError(f"{expected}, without the option plugin. Received: {shown_url(url)}")
    if not parts.database or parts.database == ":memory:":
        raise ConfigError(f"{expected}, with the name of a database. Received: {shown_url(url)}")
    return parts.set(drivername=_DRIVERS.get(parts.drivername, parts.drivername))


def passwords(url: str) -> list[str]:
    """Return every password in an address, as it is written, as it is meant, and as a driver may quote it.

    What is not an address may hold one nevertheless.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    found = [each["secret"] for each in _USER_INFO.finditer(url)]
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        found += [each["secret"] for each in _OPTION.finditer(url)]
    else:
        options = [value for name, value in parts.query.items() if _SECRET_NAME.search(name)]
        found += [text for each in options for text in ([each] if isinstance(each, str) else each)]
        found.append(str(parts.password or ""))
    forms = [form for text in found for form in (text, unquote(text), quote(unquote(text), safe=""))]
    return list(dict.fromkeys(form for form in forms if form))


def shown_url(url: str) -> str:
    """Return an address as it may be shown: without passwords, and without the options."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return HIDDEN
    written = _USER_INFO.search(url)
    # An unquoted @ or / in a password makes the rest of it look like host or database.
    if written and unquote(written["secret"]) != str(parts.password or ""):
        return HIDDEN
    return parts.set(query={}).render_as_string(hide_password=True)


def without_passwords(text: str, url: str) -> str:
    """Return text, such as what a driver says, in which no password of an address is left."""
    for password in sorted(passwords(url), key=len, reverse=True):
        text = text.replace(password, HIDDEN)
    return redacted(text)
