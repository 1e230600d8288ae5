"""An HTTP proxy on this machine, as companies have them: CONNECT opens tunnels to one server."""

import base64
import socket
import socketserver
import threading


class Tunnels(socketserver.ThreadingTCPServer):
    """Answers CONNECT, whatever name is asked for; use it as a context manager.

    Args:
        host: the server to which every tunnel leads.
        port: its port.
        user: `name:password` that it wants to be shown; "" for none.

    Attributes:
        asked: what was asked for.
    """

    daemon_threads = True

    def __init__(self, host, port, user=""):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.to = (host, port)
        self.wanted = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
        self.asked = []

    @property
    def port(self):
        """Where it listens."""
        return self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    # nothing may be read ahead that is the tunnel's
    rbufsize = 0

    def handle(self):
        """Read what is asked for, and be the tunnel."""
        lines = []
        while line := self.rfile.readline().strip():
            lines.append(line.decode())
        shown = [line.split(": ", 1)[1] for line in lines if line.lower().startswith("proxy-auth")]
        if self.server.wanted and shown != [self.server.wanted]:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.server.asked.append(lines[0].split()[1])
        with socket.create_connection(self.server.to) as theirs:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_forward, args=(theirs, self.connection), daemon=True)
            back.start()
            _forward(self.connection, theirs)
            back.join()


def _forward(one, other):
    try:
        while part := one.recv(65536):
            other.sendall(part)
    except OSError:
        pass
    for each in (one, other):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
