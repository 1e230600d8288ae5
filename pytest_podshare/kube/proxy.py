"""The proxy for an API server, for requests and exec sessions alike.

The rules are kubectl's: the kubeconfig's proxy, else the environment's, which is never used for an
address of this machine. The client libraries have rules of their own, which are overridden.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from pytest_podshare import errors


@dataclasses.dataclass(frozen=True)
class Proxy:
    """An HTTP proxy.

    Args:
        host: its name or address.
        port: its port.
        user: the user name; "" for none.
        password: the user's password.
    """

    host: str
    port: int
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)

    @property
    def url(self) -> str:
        """Return its address without the user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def find_proxy(server: str, configured: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a server; None if there is none.

    Args:
        server: the API server's address.
        configured: `proxy-url` of the kubeconfig.
        environ: the environment.

    Raises:
        ClusterUnreachable: it is not an HTTP proxy.
    """
    if configured:
        return _parse(configured, "proxy-url of the kubeconfig")
    parts = urlsplit(server)
    variable = f"{parts.scheme}_proxy"
    url = environ.get(variable.upper()) or environ.get(variable)
    if not url or _is_excluded(parts.hostname or "", parts.port, environ):
        return None
    return _parse(url if "://" in url else f"http://{url}", variable.upper())


def is_local_host(host: str) -> bool:
    """Return whether a host name or an address always means this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    address = getattr(address, "ipv4_mapped", None) or address
    # k3d writes 0.0.0.0 if it listens on all interfaces; a connection to it stays on this machine
    return address.is_loopback or address.is_unspecified


def _is_excluded(host: str, port: int | None, environ: Mapping[str, str]) -> bool:
    if is_local_host(host):
        return True
    entries = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").lower().split(",")
    return any(_matches(entry.strip(), host.lower(), port) for entry in entries)


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Return whether an entry of NO_PROXY applies to a host."""
    if not entry or entry == "*":
        return entry == "*"
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    name, _, number = entry.partition(":")
    if number and number != str(port):
        return False
    return host == name.lstrip(".") or host.endswith(f".{name.lstrip('.')}")


def _parse(url: str, source: str) -> Proxy:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise errors.ClusterUnreachable(
            f"{source} names a proxy that cannot be used: {parts.scheme}://{parts.hostname}",
            "Use an http:// proxy: exec sessions do not work through other proxies.",
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.hostname, parts.port or 80, user, password)
