"""Requests to one API server; objects are plain dicts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from kubernetes import client
from urllib3 import exceptions as http_errors
from urllib3.response import BaseHTTPResponse

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.kube import (
    api_errors,
    availability,
    connection_pool,
    credentials,
    field_validation,
    request_timeouts,
)
from pytest_podshare.kube.answer_times import AnswerTimes

# connections that are kept open for the next request, of several threads with a watch each
_POOL_SIZE = 32
# attempts of a GET within that time: a pooled connection may be half open
_GET_ATTEMPTS = 3


class Api(Closeable):
    """One API server, with the credentials of one kubeconfig context; for any number of threads.

    Close it, or use it as a context manager.

    Args:
        kubeconfig: the kubeconfig file; None for kubectl's default or, if that does not exist, the
            service account of the Pod that this process runs in.
        context: the name of the context; None for the current one.

    Attributes:
        answers: how fast the API server answers.

    Raises:
        ClusterUnreachable: the kubeconfig is missing or unusable.
    """

    def __init__(self, kubeconfig: Path | None = None, context: str | None = None) -> None:
        self._source = (kubeconfig, context)
        self._renewal = threading.Lock()
        self._availability = availability.Availability()
        self.answers = AnswerTimes()
        self._log_in()

    def __repr__(self) -> str:
        return f"<Api {self.server}>"

    @property
    def server(self) -> str:
        """Return the API server's address, `https://host:port`."""
        return str(self.login.configuration.host).rstrip("/")

    def close(self) -> None:
        """Close all connections; may be called again."""
        self._pool.clear()

    def authorization(self) -> dict[str, str]:
        """Return the authorization headers with a current token, since tokens are rotated."""
        if self._token_file is not None:
            return {"authorization": f"Bearer {self._token_file.read()}"}
        setting = self.login.configuration.auth_settings().get("BearerToken")
        return {"authorization": setting["value"]} if setting and setting["value"] else {}

    def renew(self, rejected: credentials.Login) -> bool:
        """Read the credentials again after the API server has rejected them.

        Args:
            rejected: the credentials that were used; another thread may have renewed them already.

        Returns:
            Whether there are other credentials to try.
        """
        with self._renewal:
            if self.login is rejected:
                try:
                    self._log_in()
                except errors.ClusterUnreachable:
                    return False
        return True

    def get(self, path: str, *, timeout: float | None = None, **query: str) -> dict[str, Any]:
        """GET an object or a list.

        With `timeout`, try only once, and wait at most that many seconds for the next byte.
        """
        return self._request_json("GET", path, query=query, timeout=timeout)

    def get_patiently(self, path: str) -> dict[str, Any]:
        """GET an object or a list; wait for a server that accepts no connection, as `post` does."""
        return self._request_json("GET", path, patient=True)

    def get_text(self, path: str, *, timeout: float | None = None, **query: str) -> str:
        """GET something that is not JSON, such as a log; `timeout` as in `get`."""
        response = self._request("GET", path, query=query, timeout=timeout)
        return response.data.decode(errors="replace")

    def post(
        self, path: str, body: Mapping[str, Any], *, warnings: list[str] | None = None, **query: str
    ) -> dict[str, Any]:
        """POST an object, for example with `dryRun="All"`, once the server accepts a connection.

        The server's warnings are added to a list.
        """
        return self._request_json(
            "POST", path, body=body, query=query, patient=True, warnings=warnings
        )

    def patch(
        self, path: str, changes: Mapping[str, Any], *, strategic: bool = False
    ) -> dict[str, Any]:
        """PATCH by merging: None removes a field, and a list replaces a list.

        With `strategic`, lists of named entries are merged by name.
        """
        kind = "strategic-merge-patch" if strategic else "merge-patch"
        content_type = f"application/{kind}+json"
        return self._request_json("PATCH", path, body=changes, content_type=content_type)

    def delete(self, path: str, **options: Any) -> dict[str, Any]:
        """DELETE with the fields of DeleteOptions, for example `gracePeriodSeconds=1`."""
        return self._request_json("DELETE", path, body={"kind": "DeleteOptions", **options})

    def stream(
        self, path: str, *, timeout: Callable[[], float], **query: str
    ) -> Iterator[dict[str, Any]]:
        """GET a stream of JSON lines, such as a watch.

        Ends without an error when the server closes the stream, the connection breaks, or nothing
        comes for as many seconds as `timeout` returns before each read: a watch resumes anyway.
        """
        response = self._request("GET", path, query=query, stream=True, timeout=timeout())
        try:
            rest, chunks = b"", response.stream(65536)
            while True:
                request_timeouts.set_read_timeout(response, timeout())
                *lines, rest = (rest + next(chunks)).split(b"\n")
                yield from (json.loads(line) for line in lines if line.strip())
        except (StopIteration, http_errors.HTTPError, OSError):
            return
        finally:
            response.close()

    def _log_in(self) -> None:
        login = credentials.load(*self._source)
        login.configuration.connection_pool_maxsize = _POOL_SIZE
        # other threads may be using the old pool, which ends with their requests
        pool = client.ApiClient(login.configuration).rest_client.pool_manager
        connection_pool.install(pool)
        file = login.token_file
        self._token_file = None if file is None else credentials.TokenFile(file)
        self._pool, self.login = pool, login

    def _request_json(
        self, method: str, path: str, *, warnings: list[str] | None = None, **arguments: Any
    ) -> dict[str, Any]:
        response = self._request(method, path, **arguments)
        if warnings is not None:
            warnings += field_validation.parse_warnings(response.headers.getlist("warning"))
        data = response.data
        try:
            content: dict[str, Any] = json.loads(data)
        except ValueError:
            # a truncated response, or one of a proxy
            raise self._unreachable(f"its response is not JSON: {data[:60]!r}") from None
        return content

    def _request(self, method: str, path: str, **arguments: Any) -> BaseHTTPResponse:
        login, request = self.login, (method, path, arguments.get("query") or {})
        response, body = self._send(method, path, **arguments)
        if response.status == 401 and self.renew(login):
            response, body = self._send(method, path, **arguments)
        seconds = arguments.get("timeout") or request_timeouts.READ_TIMEOUT
        pauses = self._availability.pause_after_denial(request, seconds)
        while api_errors.is_denial(response.status, body) and next(pauses, False):
            response, body = self._send(method, path, **arguments)
        if response.status >= 400:
            raise api_errors.parse_error(method, path, response.status, body)
        self._availability.note_allowed(request)
        return response

    def _send(
        self, method: str, path: str, *, patient: bool = False, **arguments: Any
    ) -> tuple[BaseHTTPResponse, bytes]:
        """Send a request, and return the response and, if that is an error, its body."""
        while True:
            start = time.monotonic()
            try:
                sent = self._send_now(method, path, **arguments)
            except http_errors.HTTPError as error:
                self._availability.note_failure()
                # a POST whose response was lost must not be sent again
                may_repeat = patient and availability.is_unsent(error)
                if not may_repeat or not self._availability.wait_for_connection():
                    raise self._unreachable(availability.describe(error)) from None
                continue
            self._availability.note_answer()
            self.answers.add(sent[0].status, time.monotonic() - start)
            return sent

    def _send_now(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        stream: bool = False,
        timeout: float | None = None,
    ) -> tuple[BaseHTTPResponse, bytes]:
        headers = {"accept": "application/json, */*", **self.authorization()}
        if body is not None:
            headers["content-type"] = content_type
        attempts = _GET_ATTEMPTS if method == "GET" and timeout is None else 1
        response: BaseHTTPResponse = self._pool.request(
            method,
            self.server + path + (f"?{urlencode(query)}" if query else ""),
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=request_timeouts.create_timeout(timeout, attempts),
            preload_content=not stream,
            retries=attempts - 1 or False,
        )
        return response, (response.read() or response.data) if response.status >= 400 else b""

    def _unreachable(self, why: str) -> errors.ClusterUnreachable:
        return errors.ClusterUnreachable(
            f"The API server {self.server} does not respond: {why}.",
            "Check that the cluster is running; with kind: `kind get clusters`, `docker ps`.",
        )


def pod_path(namespace: str, pod: str = "", subresource: str = "") -> str:
    """Return the path of a namespace's Pods, of one of them, or of one of its subresources."""
    parts = ("api", "v1", "namespaces", namespace, "pods", pod, subresource)
    return "/" + "/".join(quote(part, safe="") for part in parts if part)
