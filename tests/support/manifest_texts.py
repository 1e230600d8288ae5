"""Manifests as text, and what they declare and promise."""

from pytest_podshare.manifests import source
from pytest_podshare.wiring import expectations, templates

TWO_CONTAINERS = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: c1
      image: busybox
      volumeMounts: [{name: v, mountPath: /a}]
    - name: c2
      image: busybox
      volumeMounts: [{name: v, mountPath: /b}]
  volumes:
    - name: v
      emptyDir: {}
"""
# with an empty document between them
TWO_DOCUMENTS = """\
kind: Pod
spec:
  containers:
    - name: c1
      args: [a, "b"]
  volumes: []
---
---
{kind: ConfigMap}
"""


def template_of(text):
    """Return the only Pod template of a manifest."""
    (template,) = templates.find_templates(source.read(text, origin="web.yaml"))
    return template


def promises_of(text):
    """Return what a manifest promises, as `id outcome`."""
    found = expectations.read_promises(template_of(text))
    return [f"{promise.id} {promise.outcome}" for promise in found]


def one_container(volumes="[]", *, container="", more=""):
    """Return a Pod with one container and volumes, followed by more objects."""
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
        f"  containers: [{{name: c, image: i, {container}}}]\n  volumes: {volumes}\n{more}"
    )
