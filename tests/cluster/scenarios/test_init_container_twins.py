"""Mutated twins of manifests/init: each has one change, and a golden text says why it fails."""

from pathlib import Path

import pytest

from pytest_podshare import assert_file_visible, assert_survives_delete
from tests.support import golden_texts
from tests.support.mutations import container_of, mount_elsewhere

STAY = "exec sleep 10000"
GOLDEN = Path(__file__).parent / "golden"
# elsewhere, the times are less exact, and are reported as such
pytestmark = [
    pytest.mark.podshare_needs("node-access"),
    pytest.mark.usefixtures("at_leisure"),
]


def run(container, script):
    """Return a change that lets a container run another script."""
    return lambda spec: container_of(spec, container).update(command=["sh", "-c", script])


def set_mount(container, **fields):
    """Return a change of a container's first mount."""
    return lambda spec: container_of(spec, container)["volumeMounts"][0].update(fields)


def run_as(container, user):
    """Return a change that lets a container run as another user."""
    return lambda spec: container_of(spec, container).update(securityContext={"runAsUser": user})


def hide(container, path):
    """Return a change that mounts another, empty volume over a folder."""

    def change(spec):
        mount = {"name": "cache", "mountPath": path}
        container_of(spec, container)["volumeMounts"].append(mount)
        spec["volumes"].append({"name": "cache", "emptyDir": {}})

    return change


def add_sidecar(mount):
    """Return a change that starts a sidecar, which mounts the same volume, before the others."""

    def change(spec):
        sidecar = {
            "name": "sidecar",
            "image": "busybox",
            "restartPolicy": "Always",
            "command": ["sleep", "10000"],
            "volumeMounts": [mount],
        }
        spec["initContainers"].insert(0, sidecar)

    return change


def write_beside_the_worker(spec):
    """Let the sidecar of a worker write as well, before the worker ends."""
    worker, publisher = spec["containers"]
    wait = "until [ -e /results/started ]; do sleep 0.1; done"
    worker["command"][-1] = f"{wait}; {worker['command'][-1]}"
    publisher["command"] = ["sh", "-c", f"touch /publish/started; {STAY}"]
    publisher["readinessProbe"] = {
        "exec": {"command": ["test", "-e", "/publish/report.txt"]},
        "periodSeconds": 1,
    }
    del publisher["volumeMounts"][0]["readOnly"]


def swap_init_containers(spec):
    """Start the last init container first."""
    spec["initContainers"].insert(0, spec["initContainers"].pop())


def split(*changes):
    """Return a change that consists of several."""
    return lambda spec: [change(spec) for change in changes]


PLUGINS = {"from_c": "install", "to_c": "app"}
SITE = {"from_c": "clone", "to_c": "nginx"}
# name: manifest, arguments, change
TWINS = {
    "plugins-in-the-image": (
        "plugin-download",
        PLUGINS,
        split(
            run("install", "mkdir -p /opt/plugins && touch /opt/plugins/audit.sh"), run("app", STAY)
        ),
    ),
    "plugins-elsewhere": (
        "plugin-download",
        PLUGINS,
        split(mount_elsewhere("install"), run("app", STAY)),
    ),
    "plugins-in-another-sub-path": (
        "plugin-download",
        PLUGINS,
        split(
            set_mount("install", subPath="staging"),
            set_mount("app", subPath="live"),
            run("app", STAY),
        ),
    ),
    "plugins-of-another-user": (
        "plugin-download",
        PLUGINS,
        split(
            run("install", "umask 077; echo private > /target/audit.sh"),
            run_as("app", 1000),
            run("app", STAY),
        ),
    ),
    "plugins-in-a-private-folder": (
        "plugin-download",
        PLUGINS,
        split(
            run("install", "umask 077; mkdir /target/more; echo private > /target/more/audit.sh"),
            run_as("app", 1000),
            run("app", STAY),
        ),
    ),
    "plugins-shadowed": (
        "plugin-download",
        PLUGINS,
        split(
            run("install", "mkdir /target/bundled && echo core > /target/bundled/core.sh"),
            hide("app", "/plugins/bundled"),
            run("app", STAY),
        ),
    ),
    "plugins-beside-a-sidecar": (
        "plugin-download",
        PLUGINS,
        add_sidecar({"name": "plugins", "mountPath": "/sync"}),
    ),
    "plugin-missing": ("plugin-download", PLUGINS | {"path": "/target/metrics.sh"}, lambda _: None),
    "config-rendered-to-the-template": (
        "config-rendering",
        {"from_c": "render", "to_c": "nginx"},
        split(
            run("render", "cat /template/site.conf > /tmp/default.conf"),
            lambda spec: container_of(spec, "nginx").pop("readinessProbe"),
        ),
    ),
    "config-of-another-user": (
        "config-sub-path",
        {"from_c": "render", "to_c": "redis"},
        split(
            run("render", "umask 077; echo 'maxclients 42' > /config/redis.conf"),
            run_as("redis", 1000),
            lambda spec: container_of(spec, "redis").pop("args"),
        ),
    ),
    "permissions-fixed-already": (
        "permission-fixing",
        {"from_c": "fix", "to_c": "app"},
        run("fix", "[ -w /data ] || chown -R 1000:1000 /data"),
    ),
    "permissions-of-a-private-folder": (
        "permission-fixing",
        {"from_c": "fix", "to_c": "app"},
        run("fix", "mkdir -m 700 /data/app"),
    ),
    "tree-of-another-user": (
        "tree-copy",
        SITE,
        split(
            run("clone", "umask 077; mkdir /checkout/site; echo hi > /checkout/site/index.html"),
            run_as("nginx", 101),
            lambda spec: container_of(spec, "nginx").update(command=["sleep", "10000"]),
            lambda spec: container_of(spec, "nginx").pop("readinessProbe"),
        ),
    ),
    "certificate-too-late": (
        "certificates",
        {"from_c": "agent", "to_c": "migrate"},
        split(
            lambda spec: container_of(spec, "migrate").update(command=["true"]),
            swap_init_containers,
        ),
    ),
    "certificate-of-an-ended-reader": (
        "certificates",
        {"from_c": "agent", "to_c": "migrate"},
        lambda _: None,
    ),
    "worker-beside-a-writer": (
        "worker",
        {"from_c": "worker", "to_c": "publisher"},
        write_beside_the_worker,
    ),
    "worker-writes-elsewhere": (
        "worker",
        {"from_c": "worker", "to_c": "publisher"},
        run("worker", "echo 42 rows > /tmp/report.txt"),
    ),
    "wait-leaves-nothing": ("wait-for", {"from_c": "wait", "to_c": "app"}, lambda _: None),
    "wait-before-a-busy-app": (
        "wait-for",
        {"from_c": "wait", "to_c": "app"},
        run("app", f"echo 1 > /tmp/pid; {STAY}"),
    ),
}


@pytest.mark.parametrize("case", TWINS)
def test_the_twin_fails_with_the_golden_text(twin, case):
    """From its first line to its last."""
    manifest, arguments, change = TWINS[case]
    pod = twin(f"init/{manifest}", change)

    with pytest.raises(Exception, match=r".") as caught:
        assert_file_visible(pod, **arguments)

    golden_texts.assert_golden(GOLDEN / f"{case}.txt", golden_texts.describe(caught.value))


@pytest.mark.parametrize("path", [None, "/database/dump.rdb"])
def test_what_the_pod_before_migrated_is_not_credited_to_this_one(podshare, path):
    """The claim has it already, whether the file is named or not."""
    pod = podshare.deploy("manifests/init/schema-migration.yaml")
    assert_survives_delete(pod)

    with pytest.raises(Exception, match=r".") as caught:
        assert_file_visible(pod, from_c="migrate", to_c="redis", path=path)

    case = "migrated-before" if path is None else "dump-migrated-before"
    golden_texts.assert_golden(GOLDEN / f"{case}.txt", golden_texts.describe(caught.value))
