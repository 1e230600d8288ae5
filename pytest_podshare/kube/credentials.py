"""Where an API server is and who asks it: by a kubeconfig, or by the account of our own Pod.

What may change while a run goes on is read again: a token's file when it changes, a credential
plugin when what it gave expires, and all of it when the API server accepts it no more.
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
from pytest_podshare.kube import proxies

# what the context is called where there is no kubeconfig: the Pod's own account
IN_CLUSTER = "in-cluster"
# where the kubelet puts the account of a Pod
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REMEDY = errors.Remedy(
    "Give a kubeconfig with {} and one of its contexts with {}.", "kubeconfig", "context"
)


@dataclasses.dataclass(frozen=True)
class Login:
    """A way to an API server.

    Args:
        context: the context's name.
        configuration: the client's own, filled in.
        proxy: the proxy on the way; None for none.
        token_file: the file that the token was read from; None if it came from elsewhere.
        authority: the file of the authority that signs for the server; "" if it is not a file.
    """

    context: str
    configuration: client.Configuration
    proxy: proxies.Proxy | None
    token_file: Path | None
    authority: str


def load(kubeconfig: Path | None, context: str | None) -> Login:
    """Read where the server is and who asks.

    Args:
        kubeconfig: the kubeconfig file; None for the client's default, and where there is none, for
            the account of the Pod that this runs in.
        context: the context; None for the file's current one.

    Raises:
        ClusterUnreachable: nothing usable is there.
    """
    source = kubeconfig or "The default kubeconfig"
    try:
        if kubeconfig is None and context in (None, IN_CLUSTER) and (own := _own_account()):
            return _load(own, None, IN_CLUSTER)
        return _load(None, str(kubeconfig) if kubeconfig else None, context)
    except (config_exception.ConfigException, OSError, ValueError, TypeError) as error:
        raise errors.ClusterUnreachable(
            f"{source}{f', context {context}' if context else ''}: {error}", _REMEDY
        ) from None


def connect(login: Login) -> Any:
    """A pool of connections for it."""
    return client.ApiClient(login.configuration).rest_client.pool_manager


def _load(given: Mapping[str, Any] | None, file: str | None, context: str | None) -> Login:
    made: client.Configuration = type.__call__(client.Configuration)
    if given is None:
        # the client itself reads the variable once, when it is imported
        file = file or _default()
        nodes = kube_config.KubeConfigMerger(file).config
        if nodes is None:
            raise config_exception.ConfigException(f"there is no file {file}")
    else:
        nodes = kube_config.ConfigNode("in-cluster", dict(given))
    context = context or str(nodes["current-context"])
    its = nodes["contexts"].get_with_name(context)["context"]
    cluster = nodes["clusters"].get_with_name(its["cluster"])["cluster"]
    named = nodes["users"].get_with_name(its["user"], safe=True) if its.safe_get("user") else None
    user = named["user"] if named is not None else kube_config.ConfigNode("user", {})
    with _what_is_logged() as said:
        if given is None:
            config.load_kube_config(file, context, made)
        else:
            config.load_kube_config_from_dict(given, context, made, persist_config=False)
    if user.safe_get("exec") and not (made.api_key or made.cert_file):
        program = user["exec"].safe_get("command")
        raise config_exception.ConfigException(
            f"its credential plugin {program} gave no credentials: {'; '.join(said)}"
        )
    proxy = proxies.to_server(str(made.host), cluster.safe_get("proxy-url"), os.environ)
    _go_by(proxy, made)
    return Login(
        context,
        made,
        proxy,
        None if user.safe_get("token") else _path(user, "tokenFile"),
        str(_path(cluster, "certificate-authority") or ""),
    )


def _go_by(proxy: proxies.Proxy | None, made: client.Configuration) -> None:
    """Have the client use that proxy, and no other."""
    made.proxy, made.no_proxy = (proxy.url if proxy else None), None
    if proxy is not None and proxy.user:
        made.proxy_headers = make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password}")


def _own_account() -> Mapping[str, Any] | None:
    """The account of the Pod that this runs in, as a kubeconfig has it; None where there is one."""
    if any(Path(each).expanduser().exists() for each in _default().split(os.pathsep) if each):
        return None
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{each}") for each in ("HOST", "PORT"))
    if not (host and port and (ACCOUNT / "token").is_file()):
        return None
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    name = IN_CLUSTER
    cluster = {"server": server, "certificate-authority": str(ACCOUNT / "ca.crt")}
    return {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"tokenFile": str(ACCOUNT / "token")}}],
    }


def _default() -> str:
    """Where kubectl looks for a kubeconfig; there may be several."""
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


def _path(node: Any, field: str) -> Path | None:
    """A path of a kubeconfig, which begins where the file lies."""
    given = node.safe_get(field)
    folder = Path(node.path).parent if node.path else Path()
    return (folder / given).absolute() if given else None


@contextlib.contextmanager
def _what_is_logged() -> Iterator[list[str]]:
    """What the client tells the log instead of raising it."""
    said: list[str] = []
    listener = logging.Handler(logging.ERROR)
    listener.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(listener)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(listener)
