"""Pods with init containers, and twins of each with one mistake, for the table of soundness.

In the skeleton of a Pod, podshare's own commands run; the others run what is written here.
"""

from __future__ import annotations

import copy

from pytest_podshare import errors
from tests.support import init_pods
from tests.support.claims import claim
from tests.support.init_pods import STAY

# content that no earlier Pod has
WRITE = "cat /proc/sys/kernel/random/uuid > /v/file"
CLAIM = claim("data")


def container(name, script=STAY, **mount):
    """Return a container that mounts v at /v."""
    entry = init_pods.container(name, script, "v")
    entry["volumeMounts"][0].update(mount)
    return entry


def handoff(*init, script=WRITE):
    """Return a Pod in which install writes for app, after other init containers."""
    inits = [*copy.deepcopy(init), container("install", script)]
    return init_pods.pod(inits, [container("app", readOnly=True)], v={"emptyDir": {}})


def sidecar():
    """Return a sidecar."""
    return {**container("proxy"), "restartPolicy": "Always"}


def single_file():
    """Return a Pod whose app mounts the single file that install creates."""
    manifest = handoff()
    mount_of(manifest, "app").update(mountPath="/etc/app.conf", subPath="app.conf")
    return manifest


def find(manifest, name):
    """Return the container of that name."""
    spec = manifest["spec"]
    entries = [*spec["initContainers"], *spec["containers"]]
    return next(entry for entry in entries if entry["name"] == name)


def mount_of(manifest, name):
    """Return the container's mount of v."""
    return find(manifest, name)["volumeMounts"][0]


def use_other_volume(manifest, name):
    """Let a container mount another emptyDir at the same path."""
    manifest["spec"]["volumes"].append({"name": "w", "emptyDir": {}})
    mount_of(manifest, name)["name"] = "w"


def use_other_folder(manifest, writer, reader):
    """Give both containers a subPath, but not the same."""
    mount_of(manifest, writer)["subPath"] = "out"
    mount_of(manifest, reader)["subPath"] = "in"


def mount_over(manifest, name, path):
    """Let a container mount another volume at a path inside of v."""
    manifest["spec"]["volumes"].append({"name": "w", "emptyDir": {}})
    find(manifest, name)["volumeMounts"].append({"name": "w", "mountPath": path})


def write_as_stranger(manifest, name):
    """Let a container write as a user to whom the volume's folder does not belong."""
    path = {"path": "/tmp/podshare-init-cases", "type": "DirectoryOrCreate"}
    manifest["spec"]["volumes"][0] = {"name": "v", "hostPath": path}
    find(manifest, name)["securityContext"] = {"runAsUser": 1000}


def use_script(manifest, name, script):
    """Give a container another command."""
    find(manifest, name)["command"] = ["sh", "-c", script]


def swap(manifest):
    """Swap the first two init containers."""
    init = manifest["spec"]["initContainers"]
    init[0], init[1] = init[1], init[0]


def use_claim(manifest):
    """Replace the emptyDir by a claim."""
    manifest["spec"]["volumes"][0] = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}


def remove_at_restart(manifest):
    """Let another container remove the file when app has started for the second time."""
    spec = manifest["spec"]
    spec["volumes"].append({"name": "w", "emptyDir": {}})
    count = "[ $(ls /w | wc -l) -lt 2 ]"
    cleaner = container("cleaner", f"while {count}; do sleep 0.1; done; rm /v/file; {STAY}")
    spec["containers"].append(cleaner)
    for entry in spec["containers"]:
        entry["volumeMounts"].append({"name": "w", "mountPath": "/w"})
    started = f"touch /w/$(cat /proc/sys/kernel/random/uuid); {count} ||"
    wait = "while [ -e /v/file ]; do sleep 0.1; done; touch /tmp/done"
    use_script(manifest, "app", f"{started} {wait}; touch /tmp/done; {STAY}")
    probe = {"exec": {"command": ["test", "-e", "/tmp/done"]}, "periodSeconds": 1}
    find(manifest, "app")["readinessProbe"] = probe


PAIR = {"from_c": "install", "to_c": "app"}
INIT_CASES = [
    {
        "assertion": "assert_file_visible",
        "about": "an init container writes, the app reads",
        "manifest": handoff,
        "arguments": PAIR,
        "twins": {
            "it writes to its own root file system": (
                lambda m: use_script(m, "install", "echo x > /other"), AssertionError,
            ),
            "it writes to another volume": (
                lambda m: use_other_volume(m, "install"), AssertionError,
            ),
            "it writes to another subPath": (
                lambda m: use_other_folder(m, "install", "app"), AssertionError,
            ),
            "the app may not read the file": (
                lambda m: (
                    use_script(m, "install", f"umask 077; {WRITE}"),
                    find(m, "app").update(securityContext={"runAsUser": 1000}),
                ),
                AssertionError,
            ),
            "its mount is read-only": (
                lambda m: (
                    mount_of(m, "install").update(readOnly=True),
                    use_script(m, "install", f"{WRITE} || true"),
                ),
                AssertionError,
            ),
            "the app mounts another volume over it": (
                lambda m: (
                    use_script(m, "install", "mkdir -p /v/lib && echo x > /v/lib/file"),
                    mount_over(m, "app", "/v/lib"),
                ),
                AssertionError,
            ),
            "a sidecar can write as well": (
                lambda m: m["spec"]["initContainers"].insert(0, sidecar()), errors.Unprovable,
            ),
        },
    },
    {
        "assertion": "assert_file_visible",
        "about": "a file of an init container, by its path",
        "manifest": lambda: handoff(script="echo ready > /v/file"),
        "arguments": {**PAIR, "path": "/v/file", "content": "ready\n"},
        "twins": {
            "another content": (
                lambda m: use_script(m, "install", "echo failed > /v/file"), AssertionError,
            ),
            "another name": (
                lambda m: use_script(m, "install", "echo ready > /v/File"), AssertionError,
            ),
            "an earlier init container wrote it": (
                lambda m: (
                    use_script(m, "install", "true"),
                    m["spec"]["initContainers"].insert(
                        0, container("prepare", "echo ready > /v/file")
                    ),
                ),
                AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_file_visible",
        "about": "the skeleton of an init container and an app",
        "manifest": handoff,
        "skeleton": True,
        "arguments": PAIR,
        "twins": {
            "it writes to another volume": (
                lambda m: use_other_volume(m, "install"), AssertionError,
            ),
            "it writes to another subPath": (
                lambda m: use_other_folder(m, "install", "app"), AssertionError,
            ),
            "its user may not write there": (
                lambda m: write_as_stranger(m, "install"), AssertionError,
            ),
            "its mount is read-only": (
                lambda m: mount_of(m, "install").update(readOnly=True), AssertionError,
            ),
            "the app mounts another volume over it": (
                lambda m: (
                    mount_of(m, "app").update(mountPath="/a"),
                    mount_of(m, "install").update(subPath="lib"),
                    mount_over(m, "app", "/a/lib"),
                ),
                AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_file_visible",
        "about": "the skeleton of an app that mounts the single file of an init container",
        "manifest": single_file,
        "skeleton": True,
        "arguments": PAIR,
        "twins": {
            "it writes to another volume": (
                lambda m: use_other_volume(m, "install"), AssertionError,
            ),
            "its mount is read-only": (
                # without the file, the kubelet creates a folder instead
                lambda m: mount_of(m, "install").update(readOnly=True), AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_file_visible",
        "about": "the skeleton of two init containers",
        "manifest": lambda: handoff(container("prepare")),
        "skeleton": True,
        "arguments": {"from_c": "prepare", "to_c": "install"},
        "twins": {
            "in the wrong order": (swap, AssertionError),
            "the first writes to another volume": (
                lambda m: use_other_volume(m, "prepare"), AssertionError,
            ),
            "the first writes to another subPath": (
                lambda m: use_other_folder(m, "prepare", "install"), AssertionError,
            ),
            "the first's mount is read-only": (
                lambda m: mount_of(m, "prepare").update(readOnly=True), AssertionError,
            ),
            "the first's user may not write there": (
                lambda m: write_as_stranger(m, "prepare"), AssertionError,
            ),
            "the second mounts another volume over it": (
                lambda m: (
                    mount_of(m, "prepare").update(subPath="lib"),
                    mount_over(m, "install", "/v/lib"),
                ),
                AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_file_visible",
        "about": "the skeleton of a sidecar and a later init container",
        "manifest": lambda: handoff(sidecar()),
        "skeleton": True,
        "arguments": {"from_c": "proxy", "to_c": "install"},
        "twins": {
            "in the wrong order": (swap, AssertionError),
            "the sidecar writes to another volume": (
                lambda m: use_other_volume(m, "proxy"), AssertionError,
            ),
            "the sidecar's user may not write there": (
                lambda m: write_as_stranger(m, "proxy"), AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_not_shared",
        "about": "the skeleton of an init container and an app with a folder each",
        "manifest": lambda: with_folders(handoff(), "install", "app"),
        "skeleton": True,
        "arguments": PAIR,
        "twins": {
            "the same folder": (lambda m: mount_of(m, "app").update(subPath="out"), AssertionError),
            "the folder above": (lambda m: mount_of(m, "app").pop("subPath"), AssertionError),
        },
    },
    {
        "assertion": "assert_not_shared",
        "about": "the skeleton of two init containers with a folder each",
        "manifest": lambda: with_folders(handoff(container("prepare")), "prepare", "install"),
        "skeleton": True,
        "arguments": {"from_c": "prepare", "to_c": "install"},
        "twins": {
            "the same folder": (
                lambda m: mount_of(m, "install").update(subPath="out"), AssertionError,
            ),
            "the second would report nothing": (
                lambda m: mount_of(m, "install").update(readOnly=True), errors.ControlMissing,
            ),
        },
    },
    {
        "assertion": "assert_survives_restart",
        "about": "an app that reads what an init container left",
        "manifest": handoff,
        "arguments": {"container": "app", "volume": "v"},
        "twins": {
            "another container removes it": (remove_at_restart, AssertionError),
            "the init container leaves nothing": (
                lambda m: use_script(m, "install", "true"), AssertionError,
            ),
        },
    },
    {
        "assertion": "assert_survives_restart",
        "about": "the skeleton of an app that reads what an init container left",
        "manifest": handoff,
        "skeleton": True,
        "arguments": {"container": "app", "volume": "v"},
        "twins": {
            "restartPolicy Never": (
                lambda m: m["spec"].update(restartPolicy="Never"), errors.RestartForbidden,
            ),
        },
    },
    {
        "assertion": "assert_lost_on_delete",
        "about": "what an init container left in an emptyDir",
        "manifest": handoff,
        "arguments": {"volume": "v"},
        "twins": {
            "a claim, on which it keeps the file": (
                lambda m: (use_claim(m), use_script(m, "install", f"[ -e /v/file ] || {WRITE}")),
                AssertionError,
            ),
            "the same content in every Pod": (
                lambda m: use_script(m, "install", "echo ready > /v/file"), errors.Unprovable,
            ),
        },
        "others": (CLAIM,),
    },
    {
        "assertion": "assert_lost_on_delete",
        "about": "the skeleton of an init container with an emptyDir",
        "manifest": handoff,
        "skeleton": True,
        "arguments": {"volume": "v"},
        "twins": {"a claim instead": (use_claim, AssertionError)},
        "others": (CLAIM,),
    },
]  # fmt: skip


def with_folders(manifest, writer, reader):
    """Return the Pod with a folder of the volume for each of two containers."""
    use_other_folder(manifest, writer, reader)
    return manifest
