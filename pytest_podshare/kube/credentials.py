"""The address of an API server and the credentials for it: a kubeconfig, or a service account.

What may change during a run is read again: a token file when it changes, a credential plugin when
its token expires, and everything when the API server rejects the credentials.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.config import config_exception, kube_config
from urllib3.util import make_headers

from pytest_podshare import errors
from pytest_podshare.kube.proxy import Proxy, find_proxy

# the context's name if there is no kubeconfig but a service account
_IN_CLUSTER = "in-cluster"
# where the kubelet mounts a Pod's service account
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REMEDY = errors.Remedy(
    "Set the kubeconfig with {} and one of its contexts with {}.", "kubeconfig", "context"
)


@dataclasses.dataclass(frozen=True)
class Login:
    """All that is needed to connect to an API server.

    Args:
        context: the context's name; `in-cluster` for the Pod's own service account.
        configuration: the client library's configuration.
        proxy: the proxy to use; None for none.
        token_file: the file that contains the token; None if the token comes from elsewhere.
        authority: the file of the server's certificate authority; "" if it is not a file.
    """

    context: str
    configuration: client.Configuration
    proxy: Proxy | None
    token_file: Path | None
    authority: str


def load(kubeconfig: Path | None, context: str | None) -> Login:
    """Read the address and the credentials.

    Args:
        kubeconfig: the kubeconfig file; None for the default or, if that does not exist, the
            service account of the Pod that this process runs in.
        context: the context; None for the file's current one.

    Raises:
        ClusterUnreachable: there is no usable configuration.
    """
    source = kubeconfig or "The default kubeconfig"
    try:
        if kubeconfig is None and context in (None, _IN_CLUSTER) and (own := _service_account()):
            return _load(own, None, _IN_CLUSTER)
        return _load(None, str(kubeconfig) if kubeconfig else None, context)
    except (config_exception.ConfigException, OSError, ValueError, TypeError) as error:
        raise errors.ClusterUnreachable(
            f"{source}{f', context {context}' if context else ''}: {error}", _REMEDY
        ) from None


def _load(content: Mapping[str, Any] | None, file: str | None, context: str | None) -> Login:
    configuration: client.Configuration = type.__call__(client.Configuration)
    if content is None:
        # the client library itself reads the variable only once, when it is imported
        file = file or _default_kubeconfig()
        nodes = kube_config.KubeConfigMerger(file).config
        if nodes is None:
            raise config_exception.ConfigException(f"file {file} does not exist")
    else:
        nodes = kube_config.ConfigNode("in-cluster", dict(content))
    context = context or str(nodes["current-context"])
    entry = nodes["contexts"].get_with_name(context)["context"]
    cluster = nodes["clusters"].get_with_name(entry["cluster"])["cluster"]
    account = entry.safe_get("user") and nodes["users"].get_with_name(entry["user"], safe=True)
    user = account["user"] if account else kube_config.ConfigNode("user", {})
    with _capture_log() as messages:
        if content is None:
            config.load_kube_config(file, context, configuration)
        else:
            config.load_kube_config_from_dict(content, context, configuration, persist_config=False)
    if user.safe_get("exec") and not (configuration.api_key or configuration.cert_file):
        program = user["exec"].safe_get("command")
        raise config_exception.ConfigException(
            f"its credential plugin {program} returned no credentials: {'; '.join(messages)}"
        )
    proxy = find_proxy(str(configuration.host), cluster.safe_get("proxy-url"), os.environ)
    _set_proxy(configuration, proxy)
    return Login(
        context,
        configuration,
        proxy,
        None if user.safe_get("token") else _path(user, "tokenFile"),
        str(_path(cluster, "certificate-authority") or ""),
    )


def _set_proxy(configuration: client.Configuration, proxy: Proxy | None) -> None:
    """Make the client library use that proxy, and no other."""
    configuration.proxy, configuration.no_proxy = (proxy.url if proxy else None), None
    if proxy is not None and proxy.user:
        basic = f"{proxy.user}:{proxy.password}"
        configuration.proxy_headers = make_headers(proxy_basic_auth=basic)


def _service_account() -> Mapping[str, Any] | None:
    """Return the Pod's service account as a kubeconfig; None if a kubeconfig exists."""
    files = _default_kubeconfig().split(os.pathsep)
    if any(Path(file).expanduser().exists() for file in files if file):
        return None
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not (host and port and (_ACCOUNT / "token").is_file()):
        return None
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    name = _IN_CLUSTER
    cluster = {"server": server, "certificate-authority": str(_ACCOUNT / "ca.crt")}
    return {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"tokenFile": str(_ACCOUNT / "token")}}],
    }


def _default_kubeconfig() -> str:
    """Return kubectl's default: one path or several."""
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


def _path(node: Any, field: str) -> Path | None:
    """Return a path in a kubeconfig, which is relative to the kubeconfig's folder."""
    value = node.safe_get(field)
    folder = Path(node.path).parent if node.path else Path()
    return (folder / value).absolute() if value else None


@contextlib.contextmanager
def _capture_log() -> Iterator[list[str]]:
    """Capture the errors that the client library logs instead of raising them."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield messages
    finally:
        logging.getLogger().removeHandler(handler)


class TokenFile:
    """A file with a token, which is read again after changes.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cached: tuple[object, str] | None = None

    def read(self) -> str:
        """Return the token.

        Raises:
            ClusterUnreachable: the file cannot be read.
        """
        try:
            stat = self._path.stat()
            state = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            cached = self._cached
            if cached is None or cached[0] != state:
                cached = self._cached = (state, self._path.read_text().strip())
        except OSError as error:
            raise errors.ClusterUnreachable(
                f"The token file {self._path} cannot be read: {error.strerror}.",
                "Check the program that writes it. The kubeconfig context names the file.",
            ) from None
        return cached[1]
