"""Which node image the clusters run: kind's own where a registry answers, else the sandbox's."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time

from sandbox import recipe
from sandbox.running import end_group
from sandbox.store import Store, image_exists
from sandbox.talk import say

ANSWER_SECONDS = 5.0
PULL_SECONDS = 900.0
# What each engine prints once a registry has answered, and not before.
ANSWERED = ("Pulling from", "Getting image source", "Copying blob", "Digest:")


def published(kubernetes: str) -> str:
    """The name of kind's own node image."""
    return f"docker.io/kindest/node:v{kubernetes}"


def present(products: Store, kubernetes: str) -> str | None:
    """The node image that is to be used and on this machine already; no registry is asked."""
    if given := os.environ.get("PODSHARE_KIND_IMAGE"):
        return given
    node = recipe.find("node")
    if products.has(node):
        return products.image(node)
    name = published(kubernetes)
    return name if image_exists(products.engine, name) else None


def ensure(products: Store, kubernetes: str, *, may_install: bool) -> str:
    """A node image on this machine: found, pulled or built."""
    built = products.image(recipe.find("node"))
    found = present(products, kubernetes)
    if found is None:
        name = published(kubernetes)
        say(f"asking for {name}")
        if pull(products.engine, name):
            return name
        say("no registry has it for us; the sandbox node image is built instead")
    if found in (None, built):
        recipe.make(["node"], products, may_install=may_install)
    return found or built


def of_python(products: Store, node_image: str) -> str:
    """The image for suites inside a cluster, there or not; "" where the node image is no product.

    Whoever has a registry has an image of Python, and can do without Debian's tools.
    """
    is_built = node_image == products.image(recipe.find("node"))
    return products.image(recipe.find("python")) if is_built else ""


def stand_ins(engine: str, name: str) -> str:
    """The images on the node that are not what their names say, as its label tells."""
    done = subprocess.run(
        [engine, "image", "inspect", "--format", "{{json .Config.Labels}}", name],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    labels = json.loads(done.stdout or "null") or {}
    return str(labels.get("podshare.stand-ins", ""))


def pull(engine: str, name: str, *, answer_within: float = ANSWER_SECONDS) -> bool:
    """Whether the engine could pull the image; gives up soon when no registry answers.

    The engine itself is what pulls: its mirrors and proxies are its own, and the only ones that
    count.
    """
    process = subprocess.Popen(
        [engine, "pull", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    heard, answered = b"", False
    deadline = time.monotonic() + answer_within
    try:
        while time.monotonic() < deadline:
            readable, _, _ = select.select([process.stdout], [], [], 0.1)
            chunk = os.read(process.stdout.fileno(), 65536) if readable else None
            if chunk == b"":
                return process.wait() == 0
            heard += chunk or b""
            if not answered and any(sign in heard.decode(errors="replace") for sign in ANSWERED):
                answered = True
                say(f"pulling {name}")
                deadline = time.monotonic() + PULL_SECONDS
        return False
    finally:
        end_group(process)
        process.stdout.close()
