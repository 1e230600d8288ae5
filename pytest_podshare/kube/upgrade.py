"""A WebSocket to the API server, with the credentials of its kubeconfig, opened within a time.

The Kubernetes client opens one too, and waits without end for a server that accepts a connection
and then says nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any

import websocket
from kubernetes.stream import ws_client

from pytest_podshare.kube.client import Api


def open_websocket(
    api: Api,
    path: str,
    headers: Mapping[str, str],
    *,
    timeout: float,
    silence: float | None = None,
) -> websocket.WebSocket:
    """Open one.

    Args:
        api: the API server.
        path: what is asked for, with its query.
        headers: further headers.
        timeout: seconds for each step of it: to connect, to agree on TLS, to be answered.
        silence: seconds after which a connection is broken that does not even confirm what was
            sent; None for the system's own, a quarter of an hour.

    Raises:
        WebSocketException: the server refuses, or does not answer in time.
        OSError: it is not to be reached, or its certificate is not the expected one.
    """
    given = {**api.authorization(), **headers}
    proxy: dict[str, Any] = ws_client.websocket_proxycare({}, api.configuration, "", None)
    opened: websocket.WebSocket = websocket.create_connection(
        api.server.replace("http", "ws", 1) + path,
        timeout=max(0.001, timeout),
        header=[f"{name}: {value}" for name, value in given.items()],
        sslopt=_tls(api),
        sockopt=_impatient(silence),
        **proxy,
    )
    return opened


def _impatient(silence: float | None) -> list[tuple[int, int, int]]:
    # the library itself asks for TCP_NODELAY and for keep-alives; only Linux knows this one
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if silence is None or option is None:
        return []
    return [(socket.IPPROTO_TCP, option, round(1000 * silence))]


def _tls(api: Api) -> dict[str, Any]:
    configuration = api.configuration
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE}
    if configuration.verify_ssl:
        # without a file of its own the system's certificates are trusted
        options = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": configuration.ssl_ca_cert}
        if configuration.assert_hostname is not None:
            options["check_hostname"] = configuration.assert_hostname
    options["certfile"] = configuration.cert_file
    options["keyfile"] = configuration.key_file
    options["server_hostname"] = getattr(configuration, "tls_server_name", None)
    return {name: value for name, value in options.items() if value is not None}
