"""Addresses of databases, as Optuna and SQLAlchemy write them: what is accepted, and what of one may be shown.

A password never leaves this process but to the database: all that is shown, logged or written goes through `shown_url`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amber.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import URL

HIDDEN = "***"
# Where a driver takes a password beside the usual place.
_SECRET_OPTIONS = ("password", "passwd", "sslpassword")
# Drivers where the address names none; SQLAlchemy's own choice differs by its version.
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def parse_url(url: str) -> URL:
    """Returns the address in parts, with a driver.

    Args:
        url: such as `postgresql://user@host:5432/database` or `sqlite:///file.db`.

    Raises:
        ConfigError: it is none, or names no database that another process can reach.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    expected = "expected the address of a database, such as postgresql://user@host/database"
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):  # whose messages quote it, with its password
        raise ConfigError(f"storage: {expected}. Received: other text, which is not shown") from None
    if "plugin" in parts.query:
        raise ConfigError(f"storage: {expected}, without the option plugin. Received: {shown_url(url)}")
    if not parts.database or parts.database == ":memory:":
        raise ConfigError(f"storage: {expected}, with the name of a database. Received: {shown_url(url)}")
    return parts.set(drivername=_DRIVERS.get(parts.drivername, parts.drivername))


def passwords(url: str) -> list[str]:
    """Returns every password in an address; none where it has none or is no address."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return []
    options = [parts.query[name] for name in _SECRET_OPTIONS if name in parts.query]
    values = [value for each in options for value in ([each] if isinstance(each, str) else each)]
    return [text for text in [str(parts.password or ""), *values] if text]


def shown_url(url: str) -> str:
    """Returns an address as it may be shown: without passwords, and without the options."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return HIDDEN
    return parts.set(query={}).render_as_string(hide_password=True)


def without_passwords(text: str, url: str) -> str:
    """Returns text, such as what a driver says, in which no password of an address is left."""
    for password in sorted(passwords(url), key=len, reverse=True):
        text = text.replace(password, HIDDEN)
    return text
