"""Refuse clusters beyond this machine unless their context is allowed by name."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pytest_podshare import errors
from pytest_podshare.kube import proxies


@dataclasses.dataclass(frozen=True)
class ServerRoute:
    """How a kubeconfig reaches an API server.

    Args:
        server: the server's URL.
        proxy: the URL of the proxy; "" if there is none.
        tls_name: the name expected in the server's certificate; "" for the host of the URL.
        authority: the file of the certificate authority; "" if it is not in a file.
    """

    server: str
    proxy: str = ""
    tls_name: str = ""
    authority: str = ""

    @property
    def host(self) -> str:
        """Return the server's host name or IP address."""
        return urlsplit(self.server).hostname or ""


def check(
    route: ServerRoute,
    context: str,
    allowed_contexts: tuple[str, ...],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Raise unless the server is on this machine or its context is allowed.

    Raises:
        ContextNotAllowed: neither is the case.
    """
    if context in allowed_contexts or is_local(route) or is_minikube(route, environ):
        return
    via = f" via the proxy {route.proxy}" if route.proxy else ""
    raise errors.ContextNotAllowed(
        f"Context {context!r} points to {route.server}{via}, which is not on this machine.",
        errors.Remedy(
            "If tests may use that cluster, allow its context: {}={context}",
            "allow-context",
            context=context,
        ),
    )


def is_local(route: ServerRoute) -> bool:
    """Return whether the server is certainly on this machine, as those of kind and k3d are.

    It is not behind a proxy, whose 127.0.0.1 is another machine, nor behind a tunnel, which shows
    in a certificate with another name.
    """
    names = [route.host, *([route.tls_name] if route.tls_name else [])]
    return not route.proxy and all(map(proxies.is_this_machine, names))


def is_minikube(route: ServerRoute, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the server is this user's minikube, whose IP address is not a loopback one.

    Its certificate authority proves it: minikube keeps the private key in this user's folder.
    """
    configured = environ.get("MINIKUBE_HOME")
    home = Path(configured) if configured else Path(environ.get("HOME") or "/nowhere")
    folders = {home / ".minikube", *({home} if configured else ())}
    try:
        is_private = ipaddress.ip_address(route.host).is_private
    except ValueError:
        return False
    is_signed_here = any(
        route.authority == str(folder / "ca.crt") and (folder / "ca.key").is_file()
        for folder in folders
    )
    return is_private and is_signed_here and not route.proxy and not route.tls_name
