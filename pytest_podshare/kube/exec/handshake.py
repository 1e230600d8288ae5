"""Open a WebSocket to the API server with a timeout and with the kubeconfig's credentials.

The Kubernetes client library can open one as well, but waits without limit for a server that
accepts the connection and then sends nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import websocket

from pytest_podshare import errors
from pytest_podshare.kube import access_review, api_errors
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.rbac import Permission

# a host name that never exists
_NO_HOST = "none.invalid"


def open_websocket(
    api: Api,
    path: str,
    headers: Mapping[str, str],
    *,
    timeout: float,
    silence: float | None = None,
) -> websocket.WebSocket:
    """Open a WebSocket.

    Args:
        api: the API server.
        path: the path with its query.
        headers: additional headers.
        timeout: seconds for each step: to connect, for the TLS handshake, for the response.
        silence: seconds without an acknowledgment after which the system closes the connection;
            None for the system's default, a quarter of an hour.

    Raises:
        WebSocketException: the server rejects the request, or does not respond in time.
        OSError: the server cannot be reached, or its certificate is not valid.
        CredentialsRefused: the server rejects the credentials, even after they were read again.
        MissingRight: the account may not open an exec session.
    """
    login = api.login
    try:
        try:
            return _connect(api, path, headers, timeout, silence)
        except websocket.WebSocketBadStatusException as rejected:
            if rejected.status_code != 401 or not api.renew(login):
                raise
        return _connect(api, path, headers, timeout, silence)
    except websocket.WebSocketBadStatusException as rejected:
        status, body = rejected.status_code, rejected.resp_body or b""
        body = body if isinstance(body, bytes) else str(body).encode()
        error = api_errors.parse_error("GET", path.partition("?")[0], status, body)
        if status == 403 and not isinstance(error, errors.MissingRight):
            # exec needs two permissions, and the API server's message names only the first one
            create = Permission("create", "pods/exec", namespace=path.split("/")[4])
            access_review.require(api, [create], error.what)
        if isinstance(error, (errors.CredentialsRefused, errors.MissingRight)):
            raise error from None
        raise


def _connect(
    api: Api, path: str, headers: Mapping[str, str], timeout: float, silence: float | None
) -> websocket.WebSocket:
    all_headers = {**api.authorization(), **headers}
    return websocket.create_connection(
        api.server.replace("http", "ws", 1) + path,
        timeout=max(0.001, timeout),
        header=[f"{name}: {value}" for name, value in all_headers.items()],
        sslopt=_tls_options(api),
        sockopt=_socket_options(silence),
        **_proxy_options(api),
    )


def _proxy_options(api: Api) -> dict[str, Any]:
    """Return the same proxy as for requests, or none; otherwise the library picks one itself."""
    proxy = api.login.proxy
    if proxy is None:
        # the library reads the environment unless a proxy is given along with its exceptions
        host = urlsplit(api.server).hostname
        return {"http_proxy_host": _NO_HOST, "http_proxy_port": 1, "http_no_proxy": ["*", host]}
    options: dict[str, Any] = {"http_proxy_host": proxy.host, "http_proxy_port": proxy.port}
    options |= {"proxy_type": "http", "http_no_proxy": [_NO_HOST]}
    return options | ({"http_proxy_auth": (proxy.user, proxy.password)} if proxy.user else {})


def _socket_options(silence: float | None) -> list[tuple[int, int, int]]:
    # the library itself sets TCP_NODELAY and keep-alives; only Linux has this option
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if silence is None or option is None:
        return []
    return [(socket.IPPROTO_TCP, option, round(1000 * silence))]


def _tls_options(api: Api) -> dict[str, Any]:
    configuration = api.login.configuration
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE}
    if configuration.verify_ssl:
        # without a file the system's certificates are trusted
        options = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": configuration.ssl_ca_cert}
        if configuration.assert_hostname is not None:
            options["check_hostname"] = configuration.assert_hostname
    options["certfile"] = configuration.cert_file
    options["keyfile"] = configuration.key_file
    options["server_hostname"] = getattr(configuration, "tls_server_name", None)
    return {name: value for name, value in options.items() if value is not None}
