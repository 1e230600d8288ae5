"""The proxy by which tests break connections: each fault is what it is called."""

import contextlib
import os
import socket
import socketserver
import threading
import time

import pytest

from pytest_podshare.deadline import Deadline, poll
from tests.support.fault_proxy import Proxy


class Echo(socketserver.BaseRequestHandler):
    """Sends back what comes."""

    def handle(self):
        """Until the other side has closed."""
        with contextlib.suppress(OSError):
            while part := self.request.recv(65536):
                self.request.sendall(part)


@pytest.fixture
def proxy():
    """A way to a server that sends back what comes."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with Proxy(*server.server_address) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def connect(proxy):
    """A function that gives a new connection, over which something has gone."""
    with contextlib.ExitStack() as opened:

        def make():
            sock = opened.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
            sock.settimeout(5)
            assert said(sock, b"hello") == b"hello"
            return sock

        yield make


def said(sock, part, *, within=5.0):
    """What comes back; None for nothing in time, b"" where the connection is over."""
    sock.sendall(part)
    return come(sock, within)


def come(sock, within):
    """What comes next."""
    sock.settimeout(within)
    try:
        return sock.recv(65536)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


def test_a_cut_breaks_what_is_there_and_lets_others_in(proxy, connect):
    """All connections at once."""
    one, other = connect(), connect()

    proxy.cut()

    assert (come(one, 5), come(other, 5)) == (b"", b"")
    assert said(connect(), b"again") == b"again"
    assert proxy.connections == 3


@pytest.mark.slow
def test_a_frozen_connection_is_neither_closed_nor_answered(proxy, connect):
    """And those after it are as always."""
    frozen = connect()

    proxy.freeze()

    assert said(frozen, b"lost", within=0.2) is None
    assert said(connect(), b"fresh") == b"fresh"
    assert come(frozen, 0.1) is None


def test_a_truncated_part_comes_by_half(proxy, connect):
    """Then the connection is over."""
    sock = connect()

    # the part that is asked passes, and its answer is the next
    proxy.strike(proxy.truncate, after=1)

    assert (said(sock, b"12345678"), come(sock, 5)) == (b"1234", b"")
    assert proxy.has_struck


def test_what_is_said_in_a_silence_comes_after_it(proxy, connect):
    """Nothing is lost, on old connections and new ones."""
    sock = connect()

    proxy.silence()

    assert said(sock, b"held", within=0.2) is None
    proxy.speak()
    assert come(sock, 5) == b"held"


def test_a_delay_makes_every_part_late(proxy, connect):
    """There and back."""
    sock = connect()
    proxy.delay = 0.1

    begun = time.monotonic()

    assert said(sock, b"late") == b"late"
    assert time.monotonic() - begun >= 0.2


def test_a_strike_comes_when_so_many_parts_have_passed(proxy, connect):
    """Not sooner."""
    sock = connect()

    proxy.strike(proxy.cut, after=4)

    assert [said(sock, b"x") for _ in range(2)] == [b"x", b"x"]
    assert not proxy.has_struck
    assert said(sock, b"y") == b""
    assert proxy.has_struck


def test_something_is_done_before_the_next_connection(proxy, connect):
    """Once."""
    done = []
    proxy.before_next = lambda: done.append(proxy.connections)

    connect()
    connect()

    assert done == [1]


def test_a_server_that_is_away_is_seen_to_be():
    """The connection is over at once, and the proxy goes on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with Proxy(*address) as away:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", away.port)) as sock:
                assert come(sock, 5) == b""


def test_nothing_is_left_of_connections_that_are_over(proxy, connect):
    """A thousand checks have some thousand of them."""
    connect().close()
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(20):
        connect().close()
    proxy.cut()

    def left():
        return len(os.listdir("/proc/self/fd"))

    assert poll(left, until=lambda now: now <= before, deadline=Deadline(5)) <= before
