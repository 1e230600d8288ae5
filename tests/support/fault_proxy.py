"""A proxy for an API server whose connections a test can break, as a network may.

It cuts, delays and truncates connections, leaves them half open, and stops forwarding: at once, or
after a number of parts (reads from a socket) have been forwarded.
"""

import contextlib
import dataclasses
import re
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from pytest_podshare.kube.client import Api
from tests.support.background import again_and_again

# seconds by which each pause between two cuts is longer than the one before
_LONGER = 0.1


class Connection:
    """A forwarded connection: two sockets.

    Args:
        client: the socket to the client.
        server: the socket to the server.
    """

    def __init__(self, client, server):
        self.sockets = (client, server)
        self.is_frozen = self.is_truncated = False
        self._running = 2
        self._lock = threading.Lock()

    def cut(self):
        """Break the connection for both sides."""
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def end_direction(self):
        """Note that one direction has ended; after both, close the sockets and return True."""
        with self._lock:
            self._running -= 1
            if self._running:
                return False
        for sock in self.sockets:
            sock.close()
        return True


@dataclasses.dataclass
class _ScheduledFault:
    """A fault that is injected after a number of parts."""

    after: int
    fault: Callable[[Connection, bytes], bytes]


class Proxy:
    """Forwards connections on loopback; use it as a context manager.

    Args:
        host: the server's host.
        port: the server's port.
        own_port: the port to listen on; 0 for any.

    Attributes:
        port: the port to connect to.
        connections: how many connections there have been.
        delay: seconds by which each part is delayed.
        answer_delay: seconds by which each part from the server is delayed as well.
        before_next: called once, before the next connection is forwarded.
    """

    def __init__(self, host, port, *, own_port=0):
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", own_port), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.delay = self.answer_delay = 0.0
        self.before_next = None
        self._open = set()
        self._scheduled = None
        self._lock = threading.Lock()
        self._forwards, self._over = threading.Event(), threading.Event()
        self._forwards.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, _connection=None, _part=b""):
        """Break all open connections; new ones are forwarded."""
        for connection in self._list_open():
            connection.cut()
        return b""

    def freeze(self, _connection=None, _part=b""):
        """Leave all open connections half open: they are neither forwarded nor closed."""
        for connection in self._list_open():
            connection.is_frozen = True
        return b""

    def truncate(self, connection, part):
        """Forward the first half of a part, then break the connection."""
        connection.is_truncated = True
        return part[: len(part) // 2]

    def silence(self):
        """Hold everything back, on new connections as well, until `resume`."""
        self._forwards.clear()

    def resume(self):
        """Forward again, beginning with what was held back."""
        self._forwards.set()

    def schedule(self, fault, *, after):
        """Inject a fault after a number of parts.

        Args:
            fault: for example `cut`; takes the connection and the part, and returns what is still
                forwarded of the part.
            after: how many parts are forwarded before.
        """
        with self._lock:
            self._scheduled = _ScheduledFault(after, fault)

    @property
    def is_fault_done(self):
        """Return whether the scheduled fault has been injected."""
        return self._scheduled is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._forwards.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._list_open():
            connection.is_frozen = False
        self.cut()

    def _list_open(self):
        with self._lock:
            return tuple(self._open)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client):
        before, self.before_next = self.before_next, None
        try:
            if before is not None:
                before()
            server = socket.create_connection(self._server)
        except BaseException as error:
            # the client sees that the server is away
            client.close()
            if isinstance(error, OSError):
                return
            raise
        connection = Connection(client, server)
        with self._lock:
            self._open.add(connection)
        for direction in ((client, server), (server, client)):
            arguments = (connection, *direction)
            threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(self, connection, source, target):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                is_answer = source is connection.sockets[1]
                self._over.wait(self.delay + (self.answer_delay if is_answer else 0))
                self._forwards.wait()
                part = b"" if connection.is_frozen else self._inject(connection, part)
                if part:
                    target.sendall(part)
                if connection.is_truncated:
                    break
        if not connection.is_frozen:
            connection.cut()
        if connection.end_direction():
            with self._lock:
                self._open.discard(connection)

    def _inject(self, connection, part):
        """Inject the scheduled fault if it is time for it, and return what is left of the part."""
        with self._lock:
            scheduled = self._scheduled
            if scheduled is None:
                return part
            scheduled.after -= 1
            if scheduled.after >= 0:
                return part
            self._scheduled = None
        return scheduled.fault(connection, part)


def cut_repeatedly(proxy, *, every):
    """Cut all connections again and again in a thread; use it as a context manager.

    Args:
        proxy: the proxy.
        every: seconds before the first cut. Each pause is longer than the one before, so that on a
            busy machine a request is completed eventually.
    """
    return again_and_again(proxy.cut, every=every, longer=_LONGER)


@contextlib.contextmanager
def cluster_through_proxy(cluster, folder):
    """Yield the same cluster behind a proxy, and the proxy."""
    kubeconfigs = kubeconfig_through_proxy(cluster.kubeconfig, folder)
    with kubeconfigs as (kubeconfig, proxy), Api(kubeconfig) as api:
        yield dataclasses.replace(cluster, api=api, kubeconfig=kubeconfig), proxy


@contextlib.contextmanager
def kubeconfig_through_proxy(kubeconfig, folder):
    """Yield a kubeconfig for the same cluster behind a proxy, and the proxy."""
    text = kubeconfig.read_text()
    (server,) = re.findall(r"server: (\S+)", text)
    url = urlsplit(server)
    with Proxy(url.hostname, url.port) as proxy:
        changed = folder / "kubeconfig"
        changed.write_text(text.replace(server, f"https://127.0.0.1:{proxy.port}"))
        yield changed, proxy
