"""A TCP proxy in front of the API server that injects the faults of a network.

It cuts, delays and truncates connections, leaves them half open, and falls silent: at once, or
after a number of further parts.
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

# seconds by which each pause between two cuts is longer
_LONGER = 0.1


class Line:
    """One connection: two sockets, ours and the server's.

    Args:
        ours: what leads to whoever asks.
        theirs: what leads to the server.
    """

    def __init__(self, ours, theirs):
        self.ends = (ours, theirs)
        self.is_frozen = self.is_truncated = False
        self._running = 2
        self._lock = threading.Lock()

    def cut(self):
        """Break it for both sides."""
        for each in self.ends:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def half_is_over(self):
        """Take note that one direction is; gives whether both are, and closes them then."""
        with self._lock:
            self._running -= 1
            if self._running:
                return False
        for each in self.ends:
            each.close()
        return True


@dataclasses.dataclass
class _Strike:
    """A fault that comes when so many more parts have passed."""

    after: int
    fault: Callable[[Line, bytes], bytes]


class Proxy:
    """Forwards connections on loopback; use it as a context manager.

    Args:
        host: where the server is.
        port: where it listens.

    Attributes:
        port: where this listens.
        connections: how many there were.
        delay: seconds by which every part of what is said comes later.
        before_next: called before the next connection is forwarded, once.
    """

    def __init__(self, host, port):
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.delay = 0.0
        self.before_next = None
        self._lines = set()
        self._strike = None
        self._lock = threading.Lock()
        self._speaks, self._over = threading.Event(), threading.Event()
        self._speaks.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, _line=None, _part=b""):
        """Break every connection that is there; new ones are forwarded."""
        for each in self._now():
            each.cut()
        return b""

    def freeze(self, _line=None, _part=b""):
        """Leave those that are there half open: nothing more is forwarded, and none is closed."""
        for each in self._now():
            each.is_frozen = True
        return b""

    def truncate(self, line, part):
        """Forward the first half of a part, and break the connection after it."""
        line.is_truncated = True
        return part[: len(part) // 2]

    def silence(self):
        """Forward nothing more, on new connections either, until `speak`; then all of it comes."""
        self._speaks.clear()

    def speak(self):
        """End the silence."""
        self._speaks.set()

    def strike(self, fault, *, after):
        """Have a fault done, `cut` for example, when so many more parts have passed.

        Args:
            fault: takes the connection and the part, and gives what is still forwarded of it.
            after: how many parts.
        """
        with self._lock:
            self._strike = _Strike(after, fault)

    @property
    def has_struck(self):
        """Whether the fault has been done."""
        return self._strike is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._speaks.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._now():
            each.is_frozen = False
        self.cut()

    def _now(self):
        with self._lock:
            return tuple(self._lines)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._connect, args=(ours,), daemon=True).start()

    def _connect(self, ours):
        before, self.before_next = self.before_next, None
        try:
            if before is not None:
                before()
            theirs = socket.create_connection(self._to)
        except BaseException as error:
            # nobody is there: whoever asks shall know
            ours.close()
            if isinstance(error, OSError):
                return
            raise
        line = Line(ours, theirs)
        with self._lock:
            self._lines.add(line)
        for one, other in ((ours, theirs), (theirs, ours)):
            threading.Thread(target=self._forward, args=(line, one, other), daemon=True).start()

    def _forward(self, line, one, other):
        with contextlib.suppress(OSError):
            while part := one.recv(65536):
                self._over.wait(self.delay)
                self._speaks.wait()
                part = b"" if line.is_frozen else self._struck(line, part)
                if part:
                    other.sendall(part)
                if line.is_truncated:
                    break
        if not line.is_frozen:
            line.cut()
        if line.half_is_over():
            with self._lock:
                self._lines.discard(line)

    def _struck(self, line, part):
        """What is left of a part after the fault, if it is time for it."""
        with self._lock:
            strike = self._strike
            if strike is None:
                return part
            strike.after -= 1
            if strike.after >= 0:
                return part
            self._strike = None
        return strike.fault(line, part)


def cut_again_and_again(proxy, *, every):
    """Have all connections cut meanwhile; use it as a context manager.

    Args:
        proxy: the way.
        every: seconds before the first time. Each pause is longer than the one before, so that on
            a machine that is busy a request gets as far as its answer once.
    """
    return again_and_again(proxy.cut, every=every, longer=_LONGER)


@contextlib.contextmanager
def proxied(cluster, folder):
    """The same cluster by way of a proxy, and the proxy."""
    with through(cluster.kubeconfig, folder) as (kubeconfig, proxy), Api(kubeconfig) as api:
        yield dataclasses.replace(cluster, api=api, kubeconfig=kubeconfig), proxy


@contextlib.contextmanager
def through(kubeconfig, folder):
    """A kubeconfig that leads to the same cluster by way of a proxy, and the proxy."""
    text = kubeconfig.read_text()
    (server,) = re.findall(r"server: (\S+)", text)
    url = urlsplit(server)
    with Proxy(url.hostname, url.port) as proxy:
        changed = folder / "kubeconfig"
        changed.write_text(text.replace(server, f"https://127.0.0.1:{proxy.port}"))
        yield changed, proxy
