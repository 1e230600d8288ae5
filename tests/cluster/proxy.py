"""A way to the API server that a test can cut or freeze: what a network does, done on purpose."""

import contextlib
import dataclasses
import re
import socket
import threading
from urllib.parse import urlsplit

from pytest_podshare.kube.client import Api


class Proxy:
    """Forwards connections on loopback; use it as a context manager."""

    def __init__(self, host, port):
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        # every connection there was; each is a pair of sockets, ours and the server's
        self._pairs = []
        self._frozen = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def connections(self):
        """How many there were."""
        return len(self._pairs)

    def cut(self):
        """Break every connection that is there; new ones are forwarded."""
        for each in [sock for pair in self._pairs for sock in pair]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def freeze(self):
        """Forward nothing more on the connections that are there, and do not close them either."""
        self._frozen |= {sock for pair in self._pairs for sock in pair}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for each in self._threads:
            each.join(10)
        for pair in self._pairs:
            for each in pair:
                each.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(self._to)
                self._pairs.append((ours, theirs))
                for one, other in ((ours, theirs), (theirs, ours)):
                    thread = threading.Thread(target=self._forward, args=(one, other))
                    thread.start()
                    self._threads.append(thread)

    def _forward(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if one not in self._frozen:
                    other.sendall(data)
        if one not in self._frozen:
            with contextlib.suppress(OSError):
                other.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxied(cluster, folder):
    """The same cluster by way of a proxy, and the proxy."""
    url = urlsplit(cluster.server)
    with Proxy(url.hostname, url.port) as proxy:
        text = cluster.kubeconfig.read_text()
        kubeconfig = folder / "kubeconfig"
        server = f"https://127.0.0.1:{proxy.port}"
        kubeconfig.write_text(re.sub(r"server: \S+", f"server: {server}", text))
        with Api(kubeconfig) as api:
            yield dataclasses.replace(cluster, api=api, kubeconfig=kubeconfig), proxy
