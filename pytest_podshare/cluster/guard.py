"""The guard before every cluster: nobody's production by accident."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pytest_podshare import errors
from pytest_podshare.kube import proxy


@dataclasses.dataclass(frozen=True)
class ServerRoute:
    """How an API server is reached, as far as a kubeconfig tells.

    Args:
        server: its address.
        proxy: the proxy on the way to it; "" if there is none.
        tls_name: the name that its certificate has to bear; "" for that of its address.
        authority: the file of the authority that signs its certificate; "" if it is not a file.
    """

    server: str
    proxy: str = ""
    tls_name: str = ""
    authority: str = ""

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.server).hostname or ""


def check(
    way: ServerRoute,
    context: str,
    allowed: tuple[str, ...],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Let a server of this machine pass, and any other only by its context's name.

    Raises:
        ContextNotAllowed: neither.
    """
    if context in allowed or is_local(way) or is_minikube(way, environ):
        return
    by = f" by the proxy {way.proxy}" if way.proxy else ""
    raise errors.ContextNotAllowed(
        f"Context {context!r} leads to {way.server}{by}, which is not on this machine.",
        errors.Remedy(
            "If tests may run there, say so: {}={context}", "allow-context", context=context
        ),
    )


def is_local(way: ServerRoute) -> bool:
    """Whether it can only be a server of this machine, as kind, k3d and the like make one.

    A proxy has another idea of where 127.0.0.1 is, and a certificate in another name tells of a
    tunnel.
    """
    names = [way.host, *([way.tls_name] if way.tls_name else [])]
    return not way.proxy and all(proxy.is_local_host(each) for each in names)


def is_minikube(way: ServerRoute, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it is a minikube of this user, which has an address of its own on this machine.

    It answers by an authority whose key minikube keeps in its folder, so that no other cluster can.
    """
    given = environ.get("MINIKUBE_HOME")
    home = Path(given) if given else Path(environ.get("HOME") or "/nowhere")
    folders = {home / ".minikube", *({home} if given else ())}
    try:
        private = ipaddress.ip_address(way.host).is_private
    except ValueError:
        return False
    ours = any(
        way.authority == str(each / "ca.crt") and (each / "ca.key").is_file() for each in folders
    )
    return private and ours and not way.proxy and not way.tls_name
