"""Choose the node image of the clusters: kind's own if it can be pulled, else the sandbox's."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time

from sandbox import products
from sandbox.console import say
from sandbox.step_runner import terminate_group
from sandbox.store import ProductStore, image_exists

RESPONSE_SECONDS = 5.0
PULL_SECONDS = 900.0
# What the engines print only after a registry has responded.
RESPONSE_MARKERS = ("Pulling from", "Getting image source", "Copying blob", "Digest:")


def published_image(kubernetes: str) -> str:
    """Return the name of kind's own node image."""
    return f"docker.io/kindest/node:v{kubernetes}"


def find_local(store: ProductStore, kubernetes: str) -> str | None:
    """Return the node image to use if this machine has it; no registry is contacted."""
    if configured := os.environ.get("PODSHARE_KIND_IMAGE"):
        return configured
    node = products.find_step("node")
    if store.has(node):
        return store.image(node)
    name = published_image(kubernetes)
    return name if image_exists(store.engine, name) else None


def ensure(store: ProductStore, kubernetes: str, *, may_install: bool) -> str:
    """Return a node image on this machine: found, pulled or built."""
    built = store.image(products.find_step("node"))
    image = find_local(store, kubernetes)
    if image is None:
        name = published_image(kubernetes)
        say(f"looking for {name} in its registry")
        if pull(store.engine, name):
            return name
        say("it cannot be pulled; building a node image instead")
    if image in (None, built):
        products.ensure(["node"], store, may_install=may_install)
    return image or built


def python_image(store: ProductStore, node_image: str) -> str:
    """Return the image for suites inside a cluster, which may not exist yet.

    "" if the node image was not built here: with a registry there are other images of Python.
    """
    is_built = node_image == store.image(products.find_step("node"))
    return store.image(products.find_step("python")) if is_built else ""


def stand_ins(engine: str, name: str) -> str:
    """Return the images on the node that only stand in for the named software, from its label."""
    process = subprocess.run(
        [engine, "image", "inspect", "--format", "{{json .Config.Labels}}", name],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    labels = json.loads(process.stdout or "null") or {}
    return str(labels.get("podshare.stand-ins", ""))


def pull(engine: str, name: str, *, response_within: float = RESPONSE_SECONDS) -> bool:
    """Pull an image; give up early if no registry responds, and return whether it worked.

    The engine itself does it, because only its own mirrors and proxies matter.
    """
    process = subprocess.Popen(
        [engine, "pull", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    output, responded = b"", False
    deadline = time.monotonic() + response_within
    try:
        while time.monotonic() < deadline:
            readable, _, _ = select.select([process.stdout], [], [], 0.1)
            chunk = os.read(process.stdout.fileno(), 65536) if readable else None
            if chunk == b"":
                return process.wait() == 0
            output += chunk or b""
            text = output.decode(errors="replace")
            if not responded and any(marker in text for marker in RESPONSE_MARKERS):
                responded = True
                say(f"pulling {name}")
                deadline = time.monotonic() + PULL_SECONDS
        return False
    finally:
        terminate_group(process)
        process.stdout.close()
