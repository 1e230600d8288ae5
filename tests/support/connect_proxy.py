"""An HTTP proxy on this machine, as companies have them: CONNECT opens tunnels to one server."""

import base64
import socket
import socketserver
import threading


class Tunnels(socketserver.ThreadingTCPServer):
    """Accepts CONNECT for any name; use it as a context manager.

    Args:
        host: the server to which every tunnel leads.
        port: its port.
        user: the `name:password` that it requires; "" for none.

    Attributes:
        requested: the addresses that were requested.
    """

    daemon_threads = True

    def __init__(self, host, port, user=""):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = (host, port)
        self.required = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
        self.requested = []

    @property
    def port(self):
        """Return the port on which it listens."""
        return self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    # without buffering, no bytes of the tunnel are read ahead
    rbufsize = 0

    def handle(self):
        """Read the request, and forward bytes in both directions."""
        lines = []
        while line := self.rfile.readline().strip():
            lines.append(line.decode())
        sent = [line.split(": ", 1)[1] for line in lines if line.lower().startswith("proxy-auth")]
        if self.server.required and sent != [self.server.required]:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.server.requested.append(lines[0].split()[1])
        with socket.create_connection(self.server.target) as upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_forward, args=(upstream, self.connection), daemon=True)
            back.start()
            _forward(self.connection, upstream)
            back.join()


def _forward(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
    except OSError:
        pass
    for connection in (source, sink):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
