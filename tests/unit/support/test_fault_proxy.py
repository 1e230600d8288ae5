"""Tests of the proxy that breaks connections: each fault does what its name says."""

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
    """Sends back what it receives."""

    def handle(self):
        """Echo until the other side closes."""
        with contextlib.suppress(OSError):
            while part := self.request.recv(65536):
                self.request.sendall(part)


@pytest.fixture
def proxy():
    """Yield a proxy to an echo server."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with Proxy(*server.server_address) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def connect(proxy):
    """Return a function that opens a connection and uses it once."""
    with contextlib.ExitStack() as opened:

        def open_one():
            sock = opened.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
            sock.settimeout(5)
            assert echo(sock, b"hello") == b"hello"
            return sock

        yield open_one


def echo(sock, part, *, within=5.0):
    """Send a part and return the echo; None for a timeout, b"" for a closed connection."""
    sock.sendall(part)
    return receive(sock, within)


def receive(sock, within):
    """Return the next part, as `echo` does."""
    sock.settimeout(within)
    try:
        return sock.recv(65536)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


def test_a_cut_breaks_open_connections_and_accepts_new_ones(proxy, connect):
    """It breaks all open connections."""
    one, other = connect(), connect()

    proxy.cut()

    assert (receive(one, 5), receive(other, 5)) == (b"", b"")
    assert echo(connect(), b"again") == b"again"
    assert proxy.connections == 3


@pytest.mark.slow
def test_a_frozen_connection_is_neither_closed_nor_forwarded(proxy, connect):
    """New connections are not frozen."""
    frozen = connect()

    proxy.freeze()

    assert echo(frozen, b"lost", within=0.2) is None
    assert echo(connect(), b"fresh") == b"fresh"
    assert receive(frozen, 0.1) is None


def test_half_of_a_truncated_part_is_forwarded(proxy, connect):
    """Then the connection is closed."""
    sock = connect()

    # the first part is the request, the second its echo
    proxy.schedule(proxy.truncate, after=1)

    assert (echo(sock, b"12345678"), receive(sock, 5)) == (b"1234", b"")
    assert proxy.is_fault_done


def test_parts_sent_during_a_silence_are_forwarded_afterwards(proxy, connect):
    """No part is lost."""
    sock = connect()

    proxy.silence()

    assert echo(sock, b"held", within=0.2) is None
    proxy.resume()
    assert receive(sock, 5) == b"held"


def test_a_delay_applies_to_each_part(proxy, connect):
    """It applies in both directions."""
    sock = connect()
    proxy.delay = 0.1

    start = time.monotonic()

    assert echo(sock, b"late") == b"late"
    assert time.monotonic() - start >= 0.2


def test_a_fault_is_injected_after_a_number_of_parts(proxy, connect):
    """It is not injected earlier."""
    sock = connect()

    proxy.schedule(proxy.cut, after=4)

    assert [echo(sock, b"x") for _ in range(2)] == [b"x", b"x"]
    assert not proxy.is_fault_done
    assert echo(sock, b"y") == b""
    assert proxy.is_fault_done


def test_a_function_is_called_before_the_next_connection(proxy, connect):
    """It is called only once."""
    calls = []
    proxy.before_next = lambda: calls.append(proxy.connections)

    connect()
    connect()

    assert calls == [1]


def test_a_server_that_is_down_closes_the_connection():
    """The proxy accepts the next one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with Proxy(*address) as away:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", away.port)) as sock:
                assert receive(sock, 5) == b""


def test_closed_connections_leave_no_file_descriptors(proxy, connect):
    """A thousand checks open some thousand connections."""
    connect().close()
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(20):
        connect().close()
    proxy.cut()

    def count():
        return len(os.listdir("/proc/self/fd"))

    assert poll(count, until=lambda now: now <= before, deadline=Deadline(5)) <= before


def test_an_answer_is_delayed(proxy, connect):
    """Without the delay, the echo would come within a millisecond."""
    sock = connect()

    proxy.answer_delay = 0.1
    start = time.monotonic()
    assert echo(sock, b"late") == b"late"

    assert time.monotonic() - start >= 0.1
