"""Refuse requests that come from pages of other sites.

Any page in the world may send a browser's requests to this machine, and a name that its owner points here (DNS
rebinding) makes them look like the page's own. So a request must name an address of this server, and no page of
another.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from amber.wording import shown

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SameOrigin:
    """WSGI application that answers requests to its own address, and all others with 403.

    Args:
        application: what answers them.
        host: the address that the server listens at.
    """

    def __init__(self, application: Application, host: str) -> None:
        self._application = application
        self._host = host.lower()
        self._everywhere = _is_everywhere(host)
        self._names = {self._host, "localhost"}
        if self._everywhere:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        reason = self._reason_against(environ)
        if reason is None:
            return self._application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{reason}\n".encode()]

    def _reason_against(self, environ: dict[str, Any]) -> str | None:
        host = environ.get("HTTP_HOST", "")
        if not self._is_own(_name_in(f"//{host}")):
            expected = "an address of this machine" if self._everywhere else f"localhost or {self._host}"
            return (
                f"Host: expected {expected}; start amber dashboard with --host to use another. Received: {shown(host)}"
            )
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and urlsplit(_safe(origin)).netloc.lower() != host.lower():
            return f"Origin: expected a page of {host}. Received: {shown(origin)}"
        if environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin") and not _is_visit(environ):
            return f"Sec-Fetch-Site: expected a page of {host}. Received: {shown(environ['HTTP_SEC_FETCH_SITE'])}"
        return None

    def _is_own(self, name: str | None) -> bool:
        if name is None:
            return False
        # Nobody can point a number elsewhere, so that of any interface is its own where the server listens at all.
        address = _address(name)
        if address is not None:
            return name == self._host or self._everywhere or (address.is_loopback and self._is_local())
        return name in self._names

    def _is_local(self) -> bool:
        address = _address(self._host)
        return self._host == "localhost" or (address is not None and address.is_loopback)


def _is_visit(environ: dict[str, object]) -> bool:
    """Say whether a request only follows a link to here, which changes nothing."""
    return environ.get("REQUEST_METHOD") == "GET" and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"


def _is_everywhere(host: str) -> bool:
    address = _address(host)
    return host == "" or (address is not None and address.is_unspecified)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _name_in(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  a port that is not a number raises here
        return None if "@" in parts.netloc or parts.path else parts.hostname
    except ValueError:
        return None


def _safe(origin: str) -> str:
    try:
        urlsplit(origin)
    except ValueError:
        return ""
    return origin
