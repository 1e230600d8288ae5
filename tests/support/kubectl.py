"""kubectl on a node of a kind cluster: what a user sees without podshare."""

from __future__ import annotations

import json
import subprocess

from pytest_podshare.cluster.kind import engine

_CONFIG = "--kubeconfig=/etc/kubernetes/admin.conf"


class Kubectl:
    """Runs kubectl in a namespace.

    Args:
        node: the name of the control plane.
        namespace: the namespace.
    """

    def __init__(self, node, namespace):
        self._command = [engine.find_engine(), "exec", "--interactive", node]
        self._command += ["kubectl", _CONFIG, f"--namespace={namespace}"]

    def run(self, *arguments, stdin="", check=True):
        """Run a command, and return what it prints; without `check`, also if it fails."""
        done = subprocess.run(
            [*self._command, *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def apply(self, objects):
        """Create objects that do not exist yet."""
        self.run("apply", "--filename=-", stdin=json.dumps(_list(objects)))

    def wait(self, name, json_path, value):
        """Wait until a field of a Pod has a value."""
        self.run("wait", f"--for=jsonpath={json_path}={value}", "--timeout=90s", f"pod/{name}")

    def is_ready(self, name, *, timeout=90):
        """Wait until a Pod is ready, and return whether it is."""
        condition = f"--for=condition=Ready=true --timeout={timeout}s".split()
        return "condition met" in self.run("wait", *condition, f"pod/{name}", check=False)

    def sh(self, pod, container, script, *, check=True):
        """Run a script in a container, and return what it prints."""
        arguments = ["exec", pod, f"--container={container}", "--", "sh", "-c", script]
        return self.run(*arguments, check=check)

    def logs(self, pod, container):
        """Return the log of a container."""
        return self.run("logs", pod, f"--container={container}")

    def delete(self, *objects):
        """Delete objects, each as `kind/name`, and wait until they are gone."""
        self.run("delete", "--ignore-not-found", *objects)


def _list(objects):
    return {"apiVersion": "v1", "kind": "List", "items": objects}
