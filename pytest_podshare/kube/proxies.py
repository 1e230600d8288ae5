"""Which proxy leads to an API server, for requests and for exec sessions alike.

As kubectl has it: the one that the kubeconfig names, and otherwise the environment's, which is
never asked for an address of this machine. The libraries below us have rules of their own.
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
        user: who asks it; "" for nobody in particular.
        password: the user's.
    """

    host: str
    port: int
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)

    @property
    def url(self) -> str:
        """Its address, without the user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def to_server(server: str, named: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy that leads to a server; None where none does.

    Args:
        server: the API server's address.
        named: `proxy-url` of the kubeconfig.
        environ: the environment.

    Raises:
        ClusterUnreachable: it is one of another kind than HTTP.
    """
    if named:
        return _read(named, "proxy-url of the kubeconfig")
    parts = urlsplit(server)
    variable = f"{parts.scheme}_proxy"
    given = environ.get(variable.upper()) or environ.get(variable)
    if not given or _passes_by(parts.hostname or "", parts.port, environ):
        return None
    return _read(given if "://" in given else f"http://{given}", variable.upper())


def is_this_machine(host: str) -> bool:
    """Whether a name or an address can only be this machine's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    address = getattr(address, "ipv4_mapped", None) or address
    # k3d writes 0.0.0.0 where it listens everywhere; to connect to it is to connect to oneself
    return address.is_loopback or address.is_unspecified


def _passes_by(host: str, port: int | None, environ: Mapping[str, str]) -> bool:
    """Whether no proxy is asked for that host."""
    if is_this_machine(host):
        return True
    listed = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    return any(_matches(each.strip().lower(), host.lower(), port) for each in listed.split(","))


def _matches(entry: str, host: str, port: int | None) -> bool:
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


def _read(url: str, where: str) -> Proxy:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise errors.ClusterUnreachable(
            f"{where} names a proxy that podshare cannot use: {parts.scheme}://{parts.hostname}",
            "Name one by http://; an exec session goes through no other kind.",
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.hostname, parts.port or 80, user, password)
