"""The guard before every cluster: nobody's production by accident."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pytest_podshare import errors


def is_loopback(server: str) -> bool:
    """Whether an API server's address can only be this machine's."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check(server: str, context: str, allowed: tuple[str, ...]) -> None:
    """Let a loopback server pass, and any other only by its context's name.

    Raises:
        ContextNotAllowed: neither.
    """
    if not is_loopback(server) and context not in allowed:
        raise errors.ContextNotAllowed(
            f"Context {context!r} leads to {server}, which is not on this machine.",
            f"If tests may run there, say so: --podshare-allow-context={context}",
        )
