"""Requests to one API server, answered with plain dicts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from kubernetes import client
from urllib3 import Timeout
from urllib3 import exceptions as http_errors
from urllib3.response import BaseHTTPResponse

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.kube import api_errors, credentials

# seconds to connect, seconds between two bytes of an answer; not the patience of a caller
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 30.0
# how often a GET is tried within that time: a connection that was kept may be half open
_TRIES = 3


class Api(Closeable):
    """One API server, with the credentials of one kubeconfig context.

    Close it, or use it as a context manager.

    Args:
        kubeconfig: path of the kubeconfig file; None for kubectl's own default, and where there is
            none, for the account of the Pod that this runs in.
        context: name of the context; None for the file's current one.

    Raises:
        ClusterUnreachable: the kubeconfig is missing or unusable.
    """

    def __init__(self, kubeconfig: Path | None = None, context: str | None = None) -> None:
        self._source = (kubeconfig, context)
        self._renewing = threading.Lock()
        self._log_in()

    def __repr__(self) -> str:
        return f"<Api {self.server}>"

    @property
    def server(self) -> str:
        """The API server's address, `https://host:port`."""
        return str(self.configuration.host).rstrip("/")

    def close(self) -> None:
        """Close every connection; may be called again."""
        self._pool.clear()

    @property
    def context(self) -> str:
        """The name of the context; `in-cluster` for the account of our own Pod."""
        return self.login.context

    @property
    def configuration(self) -> client.Configuration:
        """The client's own configuration, as TLS needs it."""
        return self.login.configuration

    def authorization(self) -> dict[str, str]:
        """The headers that say who is asking, fresh: tokens may rotate."""
        if (token := self._token()) is not None:
            return {"authorization": f"Bearer {token}"}
        setting = self.configuration.auth_settings().get("BearerToken")
        return {"authorization": setting["value"]} if setting and setting["value"] else {}

    def renew(self, refused: credentials.Login) -> bool:
        """Read the credentials anew which the API server does not accept.

        Args:
            refused: those that were used; another thread may have read newer ones by now.

        Returns:
            Whether there are others to try.
        """
        with self._renewing:
            if self.login is refused:
                self._pool.clear()
                try:
                    self._log_in()
                except errors.ClusterUnreachable:
                    return False
        return True

    def _log_in(self) -> None:
        self.login = credentials.load(*self._source)
        self._pool = credentials.connect(self.login)
        self._read: tuple[object, str] | None = None

    def _token(self) -> str | None:
        """What is in the token's file, which is read when it has changed; None if there is none."""
        file = self.login.token_file
        if file is None:
            return None
        try:
            found = file.stat()
            state = (found.st_mtime_ns, found.st_ino, found.st_size)
            if self._read is None or self._read[0] != state:
                self._read = (state, file.read_text().strip())
        except OSError as error:
            raise errors.ClusterUnreachable(
                f"The token's file {file} cannot be read: {error.strerror}.",
                "See who writes it; the context of the kubeconfig names it.",
            ) from None
        return self._read[1]

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

    def stream(
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
        data = self._request(method, path, **how).data
        try:
            answer: dict[str, Any] = json.loads(data)
        except ValueError:
            # an answer that was cut short, or somebody's in between
            raise self._unreachable(f"its answer is no JSON: {data[:60]!r}") from None
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
        renewed: bool = False,
    ) -> BaseHTTPResponse:
        login = self.login
        url = self.server + path + (f"?{urlencode(query)}" if query else "")
        headers = {"accept": "application/json, */*", **self.authorization()}
        if body is not None:
            headers["content-type"] = content_type
        # a POST that was lost on the way must not be sent twice
        tries = _TRIES if method == "GET" and patience is None else 1
        try:
            response: BaseHTTPResponse = self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=_timeout(patience, tries),
                preload_content=not stream,
                retries=tries - 1 or False,
            )
            refused = (response.read() or response.data) if response.status >= 400 else None
        except http_errors.HTTPError as error:
            raise self._unreachable(_cause(error)) from None
        if response.status == 401 and not renewed and self.renew(login):
            return self._request(
                method,
                path,
                query=query,
                body=body,
                content_type=content_type,
                stream=stream,
                patience=patience,
                renewed=True,
            )
        if refused is not None:
            raise api_errors.read(method, path, response.status, refused)
        return response

    def _unreachable(self, why: str) -> errors.ClusterUnreachable:
        return errors.ClusterUnreachable(
            f"The API server {self.server} does not answer: {why}.",
            "See whether the cluster runs; for one on kind: `kind get clusters`, `docker ps`.",
        )


def pod_path(namespace: str, pod: str = "", verb: str = "") -> str:
    """The path of a namespace's Pods, of one of them, or of one of its subresources."""
    parts = ["api", "v1", "namespaces", namespace, "pods", pod, verb]
    return "/" + "/".join(quote(part, safe="") for part in parts if part)


def _timeout(patience: float | None, tries: int) -> Timeout:
    if patience is None:
        return Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT / tries)
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
