"""An API server over real HTTP whose responses a test decides."""

import contextlib
import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.kube.client import Api

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: fake
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
contexts: [{{name: fake, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{token: the-accounts-own-token}}}}]
"""


class FakeApi(http.server.ThreadingHTTPServer):
    """Responds by path: from `answers`, never for paths that end in one of `silent`, else 404.

    What `first_answers` has for a path comes before, each once.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = {}
        self.first_answers = {}
        self.silent = set()
        self.requests = []
        self.over = threading.Event()

    @contextlib.contextmanager
    def cluster(self, folder):
        """Yield a cluster record with this API server."""
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(KUBECONFIG.format(port=self.server_port))
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        api = Api(kubeconfig)
        try:
            yield Cluster(
                provider="existing",
                name="fake",
                kubeconfig=kubeconfig,
                image=None,
                own=False,
                created=False,
                version="v0",
                api=api,
            )
        finally:
            self.over.set()
            api.close()
            self.shutdown()
            self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.requests.append((url.path, query))
        if any(url.path.endswith(end) for end in self.server.silent):
            self.server.over.wait()
            return
        status, body = 404, {"kind": "Status", "message": f"no {url.path}", "reason": "NotFound"}
        if first := self.server.first_answers.get(url.path):
            status, body = first.pop(0)
        elif url.path in self.server.answers:
            status, body = self.server.answers[url.path]
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *_):
        """Keep stderr clean."""
