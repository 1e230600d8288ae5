"""A WebSocket to the API server, with the credentials of its kubeconfig, opened within a time.

The Kubernetes client opens one too, and waits without end for a server that accepts a connection
and then says nothing.
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

_FORBIDDEN = 403
# a name that is never anybody's
_NONE = "none.invalid"


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
        CredentialsRefused: it does not accept who asks, also after they were read anew.
        MissingRight: the account may not do this.
    """
    login = api.login
    try:
        try:
            return _opened(api, path, headers, timeout, silence)
        except websocket.WebSocketBadStatusException as refused:
            if refused.status_code != 401 or not api.renew(login):
                raise
        return _opened(api, path, headers, timeout, silence)
    except websocket.WebSocketBadStatusException as refused:
        error = api_errors.read("GET", path.partition("?")[0], refused.status_code, _body(refused))
        if refused.status_code == _FORBIDDEN and not isinstance(error, errors.MissingRight):
            # of the second right that it asks for, the API server does not say the name
            wanted = Permission("create", "pods/exec", namespace=path.split("/")[4])
            access_review.require(api, [wanted], error.what)
        if isinstance(error, (errors.CredentialsRefused, errors.MissingRight)):
            raise error from None
        raise


def _opened(
    api: Api, path: str, headers: Mapping[str, str], timeout: float, silence: float | None
) -> websocket.WebSocket:
    given = {**api.authorization(), **headers}
    return websocket.create_connection(
        api.server.replace("http", "ws", 1) + path,
        timeout=max(0.001, timeout),
        header=[f"{name}: {value}" for name, value in given.items()],
        sslopt=_tls(api),
        sockopt=_impatient(silence),
        **_proxy(api),
    )


def _body(refused: websocket.WebSocketBadStatusException) -> bytes:
    body = refused.resp_body or b""
    return body if isinstance(body, bytes) else str(body).encode()


def _proxy(api: Api) -> dict[str, Any]:
    """The proxy that the requests go by, or none; the library has rules of its own otherwise."""
    proxy = api.login.proxy
    if proxy is None:
        # it heeds the second only beside the first, and reads the environment otherwise
        host = urlsplit(api.server).hostname
        return {"http_proxy_host": _NONE, "http_proxy_port": 1, "http_no_proxy": ["*", host]}
    how: dict[str, Any] = {"http_proxy_host": proxy.host, "http_proxy_port": proxy.port}
    how |= {"proxy_type": "http", "http_no_proxy": [_NONE]}
    return how | ({"http_proxy_auth": (proxy.user, proxy.password)} if proxy.user else {})


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
