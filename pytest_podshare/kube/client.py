"""Requests to one API server, answered with plain dicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from kubernetes import client, config
from kubernetes.config import config_exception
from urllib3 import Timeout
from urllib3 import exceptions as http_errors
from urllib3.response import BaseHTTPResponse

from pytest_podshare import errors
from pytest_podshare.owner import Owner

# seconds to connect, seconds between two bytes of an answer; not the patience of a caller
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 30.0

_REMEDY = {
    401: "Log in again: the credentials of the kubeconfig are not accepted.",
    403: "Ask for the right named above, or use another account.",
    404: "Check the name and the namespace.",
    422: "Mend the field the API server names.",
}


class Api(Owner):
    """One API server, with the credentials of one kubeconfig context.

    Close it, or use it as a context manager.

    Args:
        kubeconfig: path of the kubeconfig file; None for the client's own default.
        context: name of the context; None for the file's current one.

    Raises:
        ClusterUnreachable: the kubeconfig is missing or unusable.
    """

    def __init__(self, kubeconfig: Path | None = None, context: str | None = None) -> None:
        source = kubeconfig or "The default kubeconfig"
        file = str(kubeconfig) if kubeconfig else None
        try:
            self._client = config.new_client_from_config(config_file=file, context=context)
            self.context = context or str(config.list_kube_config_contexts(file)[1]["name"])
        except (config_exception.ConfigException, OSError, ValueError) as error:
            raise errors.ClusterUnreachable(
                f"{source}{f', context {context}' if context else ''}: {error}",
                "Give a kubeconfig with --podshare-kubeconfig and one of its contexts "
                "with --podshare-context.",
            ) from None
        self.configuration: client.Configuration = self._client.configuration
        self._pool = self._client.rest_client.pool_manager

    def __repr__(self) -> str:
        return f"<Api {self.server}>"

    @property
    def server(self) -> str:
        """The API server's address, `https://host:port`."""
        return str(self.configuration.host).rstrip("/")

    def close(self) -> None:
        """Close every connection; may be called again."""
        self._pool.clear()

    def authorization(self) -> dict[str, str]:
        """The headers that say who is asking, fresh: tokens may rotate."""
        setting = self.configuration.auth_settings().get("BearerToken")
        return {"authorization": setting["value"]} if setting and setting["value"] else {}

    def get(self, path: str, *, patience: float | None = None, **query: str) -> dict[str, Any]:
        """GET an object or a list.

        With `patience`, ask once, and wait no longer than that many seconds for the next byte.
        """
        return self._json("GET", path, query=query, patience=patience)

    def text(self, path: str, *, patience: float | None = None, **query: str) -> str:
        """GET something that is not JSON, such as a log; `patience` as with `get`."""
        answer = self._request("GET", path, query=query, patience=patience)
        return answer.data.decode(errors="replace")

    def post(self, path: str, body: Mapping[str, Any], **query: str) -> dict[str, Any]:
        """POST an object, for example with `dryRun="All"`."""
        return self._json("POST", path, body=body, query=query)

    def patch(
        self, path: str, changes: Mapping[str, Any], *, strategic: bool = False
    ) -> dict[str, Any]:
        """PATCH by merging: None removes a field, a list replaces a list.

        With `strategic`, entries of a list of named things are merged by their names.
        """
        kind = "strategic-merge-patch" if strategic else "merge-patch"
        return self._json("PATCH", path, body=changes, content_type=f"application/{kind}+json")

    def delete(self, path: str, **options: Any) -> dict[str, Any]:
        """DELETE with the fields of DeleteOptions, for example `gracePeriodSeconds=1`."""
        return self._json("DELETE", path, body={"kind": "DeleteOptions", **options})

    def lines(
        self, path: str, *, patience: Callable[[], float], **query: str
    ) -> Iterator[dict[str, Any]]:
        """GET a stream of JSON lines, as a watch is.

        Ends quietly when the server closes it, the connection breaks, or nothing came for as many
        seconds as `patience` gives before each read: whoever watches has to resume anyway.
        """
        response = self._request("GET", path, query=query, stream=True, patience=patience())
        try:
            rest, chunks = b"", response.stream(65536)
            while True:
                _be_patient(response, patience())
                *whole, rest = (rest + next(chunks)).split(b"\n")
                yield from (json.loads(line) for line in whole if line.strip())
        except (StopIteration, http_errors.HTTPError, OSError):
            return
        finally:
            response.close()

    def _json(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._request(method, path, **how).data)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        stream: bool = False,
        patience: float | None = None,
    ) -> BaseHTTPResponse:
        url = self.server + path + (f"?{urlencode(query)}" if query else "")
        headers = {"accept": "application/json, */*", **self.authorization()}
        if body is not None:
            headers["content-type"] = content_type
        try:
            response: BaseHTTPResponse = self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=_timeout(patience),
                preload_content=not stream,
                # a POST that was lost on the way must not be sent twice
                retries=2 if method == "GET" and patience is None else False,
            )
        except http_errors.HTTPError as error:
            raise errors.ClusterUnreachable(
                f"The API server {self.server} does not answer: {_cause(error)}.",
                "See whether the cluster runs; for one on kind: `kind get clusters`, `docker ps`.",
            ) from None
        if response.status >= 400:
            raise _refusal(method, path, response.status, response.read() or response.data)
        return response


def pod_path(namespace: str, pod: str = "", verb: str = "") -> str:
    """The path of a namespace's Pods, of one of them, or of one of its subresources."""
    parts = ["api", "v1", "namespaces", namespace, "pods", pod, verb]
    return "/" + "/".join(quote(part, safe="") for part in parts if part)


def _timeout(patience: float | None) -> Timeout:
    if patience is None:
        return Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
    # zero would mean that nothing is to be waited for, which urllib3 refuses
    read = max(0.001, patience)
    return Timeout(connect=min(CONNECT_TIMEOUT, read), read=read)


def _be_patient(response: BaseHTTPResponse, seconds: float) -> None:
    """Let the next read of a stream take that long."""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(0.001, seconds))


def _cause(error: BaseException) -> str:
    """The innermost of urllib3's nested reasons, which is the one that says something."""
    reason = getattr(error, "reason", None)
    return _cause(reason) if isinstance(reason, BaseException) else str(error).split(": ", 1)[-1]


def _refusal(method: str, path: str, status: int, body: bytes) -> errors.ApiError:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    details = answer.get("message") or body.decode(errors="replace")[:200] or f"HTTP {status}"
    return errors.ApiError(
        f"{method} {path}: {details}",
        _REMEDY.get(status, "See the API server's message."),
        status=status,
        reason=answer.get("reason", ""),
        details=details,
    )
