"""Every assertion passes on a Pod that keeps the promise, and fails on each mutated twin.

The run writes the table of all cases to docs/soundness.md.
"""

import contextlib
import copy
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import pytest_podshare as ps
from pytest_podshare import errors
from pytest_podshare.manifests import source
from pytest_podshare.wiring import templates
from pytest_podshare.wiring.skeleton import build_skeleton
from tests.support.block_claim import block_claim
from tests.support.claims import claim
from tests.support.init_cases import INIT_CASES

pytestmark = pytest.mark.two_nodes

TABLE = Path("docs/soundness.md")
STAY = "while :; do sleep 1; done"


def pod(**spec):
    """Return a Pod of two containers that both mount the emptyDir v at /v."""
    container = {
        "image": "busybox",
        "command": ["sh", "-c", STAY],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "sound", "labels": {"app": "sound"}},
        "spec": {
            "containers": [{**copy.deepcopy(container), "name": name} for name in ("c1", "c2")],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "terminationGracePeriodSeconds": 1,
            **spec,
        },
    }


CLAIM, SPARE_CLAIM = claim("data"), claim("spare")
CLAIMED = {"persistentVolumeClaim": {"claimName": "data"}}
ON_NODE = {"hostPath": {"path": "/tmp/podshare-soundness", "type": "DirectoryOrCreate"}}
IN_IT = {"hostPath": {"path": "/tmp/podshare-soundness/in", "type": "DirectoryOrCreate"}}
# on the node of the first Pod
TOGETHER = {
    "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {
                "labelSelector": {"matchLabels": {"app": "sound"}},
                "topologyKey": "kubernetes.io/hostname",
            }
        ]
    }
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "config"},
    "data": {"key": "before"},
}


def set_source(manifest, **source):
    """Give v another source."""
    manifest["spec"]["volumes"][0] = {"name": "v", **source}


def with_volume(**source):
    """Return a Pod whose v has that source."""
    manifest = pod()
    set_source(manifest, **source)
    return manifest


def with_device():
    """Return a Pod whose containers have the block device of a claim at /dev/v."""
    manifest = with_volume(persistentVolumeClaim={"claimName": "disk"})
    for container in manifest["spec"]["containers"]:
        del container["volumeMounts"]
        container["volumeDevices"] = [{"name": "v", "devicePath": "/dev/v"}]
    return manifest


def replace_device(manifest, container, command):
    """Let a container replace the device at /dev/v before it is ready."""
    run_at_start(manifest, f"rm /dev/v; {command}", container)
    manifest["spec"]["containers"][container]["securityContext"] = {"privileged": True}


def set_mount(manifest, container, **changes):
    """Change the mount of container 0 or 1."""
    manifest["spec"]["containers"][container]["volumeMounts"][0].update(changes)


def set_command(manifest, script):
    """Give c1 another command."""
    manifest["spec"]["containers"][0]["command"] = ["sh", "-c", script]


def run_at_start(manifest, script, container=0):
    """Let container 0 or 1 run a script at each start, before it is ready."""
    changed = manifest["spec"]["containers"][container]
    changed["command"] = ["sh", "-c", f"{script}; touch /tmp/done; {STAY}"]
    probe = {"exec": {"command": ["test", "-e", "/tmp/done"]}, "periodSeconds": 1}
    changed["readinessProbe"] = probe


def swap_volume(manifest, container):
    """Let a container mount another emptyDir at the same path."""
    manifest["spec"]["volumes"].append({"name": "w", "emptyDir": {}})
    set_mount(manifest, container, name="w")


def two_volumes():
    """Return a Pod whose containers mount one volume each."""
    manifest = pod()
    swap_volume(manifest, 1)
    return manifest


def config(sub_path):
    """Return a Pod that mounts a ConfigMap: as a whole in c2, and with or without subPath in c1."""
    manifest = with_volume(configMap={"name": "config"})
    if sub_path:
        set_mount(manifest, 0, mountPath="/v/key", subPath="key")
    return manifest


def metadata_file(field):
    """Return an item of the downward API, whose file has the name of the field."""
    return {"path": field.split("[")[0], "fieldRef": {"fieldPath": f"metadata.{field}"}}


PROJECTED = {
    "sources": [
        {"configMap": {"name": "config"}},
        {"downwardAPI": {"items": [metadata_file("labels['app']")]}},
    ]
}


def metadata_files():
    """Return a Pod that mounts all its labels and annotations, and one of each."""
    single = [
        {**metadata_file(f"{field}['app']"), "path": f"one/{field}"}
        for field in ("labels", "annotations")
    ]
    items = [metadata_file("labels"), metadata_file("annotations"), *single]
    return with_volume(downwardAPI={"items": items})


def two_pods():
    """Return two Pods whose containers all mount the claim at /v; c1 of each is used."""
    writer, reader = with_volume(**CLAIMED), with_volume(**CLAIMED)
    reader["metadata"]["name"] = "reader"
    return {"kind": "List", "items": [writer, reader]}


def replicas():
    """Return a StatefulSet of two Pods, each with a claim of its own as v."""
    manifest = owned_by("StatefulSet", pod(volumes=[]))
    claim = {"metadata": {"name": "v"}, "spec": CLAIM["spec"]}
    manifest["spec"] |= {"replicas": 2, "serviceName": "sound", "volumeClaimTemplates": [claim]}
    return manifest


def share_claim(manifest):
    """Let the replicas of a StatefulSet mount one claim."""
    del manifest["spec"]["volumeClaimTemplates"]
    manifest["spec"]["template"]["spec"]["volumes"] = [{"name": "v", **CLAIMED}]


def owned_by(kind, manifest):
    """Return the same Pod as the template of a controller."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "sound"},
        "spec": {
            "selector": {"matchLabels": {"app": "sound"}},
            "template": {
                "metadata": {"labels": {"app": "sound"}},
                "spec": manifest["spec"],
            },
        },
    }


def handle_term(manifest):
    """Let both containers exit with 0 on SIGTERM."""
    for container in manifest["spec"]["containers"]:
        container["command"] = ["sh", "-c", f"trap 'exit 0' TERM; {STAY}"]
    return manifest


def limit_storage(manifest, amount):
    """Limit the ephemeral storage of a container, and so of the Pod."""
    resources = {"limits": {"ephemeral-storage": amount}}
    manifest["spec"]["containers"][0]["resources"] = resources


def job():
    """Return a Job of c1, which ends, and of the sidecar c2."""
    spec = pod(restartPolicy="Never")["spec"]
    worker, sidecar = spec["containers"]
    worker["command"] = ["sh", "-c", "sleep 6"]
    spec["containers"], spec["initContainers"] = [worker], [sidecar | {"restartPolicy": "Always"}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "sound"},
        "spec": {"backoffLimit": 0, "template": {"spec": spec}},
    }


def end_sidecar_never(manifest):
    """List the sidecar of a Job under containers."""
    spec = manifest["spec"]["template"]["spec"]
    (sidecar,) = spec.pop("initContainers")
    del sidecar["restartPolicy"]
    spec["containers"].append(sidecar)


def fail_worker(manifest):
    """Let the worker of a Job fail."""
    manifest["spec"]["template"]["spec"]["containers"][0]["command"][2] = "sleep 6; exit 1"


def run_as(manifest, container, uid):
    """Let a container run as another user."""
    manifest["spec"]["containers"][container]["securityContext"] = {"runAsUser": uid}


def run_in_init(manifest, script):
    """Let an init container run a script first, as root and with v at /v."""
    manifest["spec"]["initContainers"] = [
        {
            "name": "init",
            "image": "busybox",
            "command": ["sh", "-c", script],
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        }
    ]


def without_ln_and_mv(manifest):
    """Remove two programs from the writer's image, and prevent access with another image.

    The shell of busybox has them built in, hence the other image. An ephemeral container runs as
    root, so it may not access the process of another user.
    """
    other = "exec setpriv --reuid=65534 --regid=65534 --clear-groups sleep 10000"
    script = f"rm -f /bin/ln /usr/bin/ln /bin/mv /usr/bin/mv; touch /v/done; {other}"
    probe = {"exec": {"command": ["test", "-e", "/v/done"]}, "periodSeconds": 1}
    manifest["spec"]["containers"][0].update(
        image="centos:7", command=["sh", "-c", script], readinessProbe=probe
    )


@dataclasses.dataclass(frozen=True)
class Case:
    """An assertion, a Pod that it holds for, and twins that it must fail on.

    Args:
        assertion: its name.
        about: what the Pod has.
        manifest: creates the Pod.
        arguments: the assertion's arguments.
        twins: by a description: a function that changes the Pod, and the error it must cause.
        others: other objects of the manifest.
        skeleton: whether podshare's own commands run in the Pod.
        is_between_pods: whether the reader is in another Pod: the manifest's second one, or the
            second replica.
        needs_disk: whether the Pod uses the claim `disk`, which is a block device.
    """

    assertion: str
    about: str
    manifest: Callable[[], dict[str, Any]]
    arguments: dict[str, Any]
    twins: dict[str, tuple[Callable[[dict[str, Any]], Any], type[Exception]]]
    others: tuple[dict[str, Any], ...] = ()
    skeleton: bool = False
    is_between_pods: bool = False
    needs_disk: bool = False

    def deployable(self, manifest, *more):
        """Return what to deploy for a Pod, with more objects."""
        objects = {"apiVersion": "v1", "kind": "List", "items": [*self.others, *more, manifest]}
        if not self.skeleton:
            return objects
        (template,) = templates.find_templates(source.read(yaml.safe_dump(objects), origin="case"))
        return build_skeleton(template, "busybox")


ASSERTION = AssertionError
CASES = [
    Case(
        "assert_file_visible", "an emptyDir in both", pod,
        {"from_c": "c1", "to_c": "c2", "timeout": 3},
        {
            "the reader mounts another volume": (lambda m: swap_volume(m, 1), ASSERTION),
            "the writer mounts another volume": (lambda m: swap_volume(m, 0), ASSERTION),
            "the subPaths differ": (
                lambda m: (set_mount(m, 0, subPath="out"), set_mount(m, 1, subPath="in")),
                ASSERTION,
            ),
            "the writer mounts it read-only": (lambda m: set_mount(m, 0, readOnly=True), ASSERTION),
            "the reader may not enter the folder": (
                lambda m: (run_in_init(m, "chmod 700 /v"), run_as(m, 1, 1000)), ASSERTION,
            ),
            "the writer lacks `mv`, and cannot be accessed from outside": (
                # without access to the node, it is not even known what is in the volume
                without_ln_and_mv, (errors.Unprovable, errors.ToolMissing),
            ),
        },
    ),
    Case(
        "assert_file_visible", "a subPathExpr, and the text that it expands to",
        lambda: expanding(),
        {"from_c": "c1", "to_c": "c2", "timeout": 3},
        {
            "the variable has another value": (
                lambda m: m["spec"]["containers"][0]["env"][0].update(value="other"), ASSERTION,
            ),
            "both have one expression, but not one value": (
                lambda m: (
                    m["spec"]["containers"][1].update(env=[{"name": "V", "value": "other"}]),
                    m["spec"]["containers"][1]["volumeMounts"][0].pop("subPath"),
                    set_mount(m, 1, subPathExpr="$(V)"),
                ),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_device_shared", "a block device in both", with_device,
        {"from_c": "c1", "to_c": "c2", "volume": "v", "offset": 4096, "timeout": 3},
        {
            "the reader does not list it": (
                lambda m: m["spec"]["containers"][1].pop("volumeDevices"), ASSERTION,
            ),
            "the reader replaces it by a file": (
                lambda m: replace_device(m, 1, "truncate -s 8M /dev/v"), ASSERTION,
            ),
            "the reader replaces it by a device without a disk": (
                lambda m: replace_device(m, 1, "mknod /dev/v b 7 15"), ASSERTION,
            ),
            "the reader may not read it": (lambda m: run_as(m, 1, 1000), ASSERTION),
            "the writer may not write to it": (lambda m: run_as(m, 0, 1000), ASSERTION),
        },
        needs_disk=True,
    ),
    Case(
        "assert_not_shared", "a volume each", two_volumes, {"from_c": "c1", "to_c": "c2"},
        {
            "both mount the same volume": (lambda m: set_mount(m, 1, name="v"), ASSERTION),
            "the reader mounts the folder above": (
                lambda m: (set_mount(m, 0, subPath="out"), set_mount(m, 1, name="v")), ASSERTION,
            ),
            "the reader mounts a folder inside": (
                lambda m: set_mount(m, 1, name="v", subPath="in"), ASSERTION,
            ),
            "the reader mounts what the writer mounts second": (
                lambda m: (
                    set_mount(m, 0, subPath="out"),
                    m["spec"]["containers"][0]["volumeMounts"].append(
                        {"name": "v", "mountPath": "/in", "subPath": "in"}
                    ),
                    set_mount(m, 1, name="v", subPath="in"),
                ),
                ASSERTION,
            ),
            "both mount the same folder of the node": (
                lambda m: m["spec"].update(
                    volumes=[{"name": "v", **ON_NODE}, {"name": "w", **ON_NODE}]
                ),
                ASSERTION,
            ),
            "the reader mounts a folder of the writer's on the node": (
                lambda m: m["spec"].update(
                    volumes=[{"name": "v", **ON_NODE}, {"name": "w", **IN_IT}]
                ),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_file_visible", "two Pods with one claim", two_pods,
        {"from_c": "c1", "to_c": "c1", "timeout": 3},
        {
            "the reader has another claim": (
                lambda m: set_source(
                    m["items"][1], persistentVolumeClaim={"claimName": "spare"}
                ),
                ASSERTION,
            ),
            "both have an emptyDir": (
                lambda m: [set_source(pod, emptyDir={}) for pod in m["items"]], ASSERTION,
            ),
            "the subPaths differ": (
                lambda m: [
                    set_mount(pod, 0, subPath=pod["metadata"]["name"]) for pod in m["items"]
                ],
                ASSERTION,
            ),
            "the names of the Pods are their subPaths": (
                lambda m: [expand_name(pod) for pod in m["items"]], ASSERTION,
            ),
            "the reader mounts a tmpfs over it": (
                lambda m: (
                    run_at_start(m["items"][1], "mount -t tmpfs t /v"),
                    m["items"][1]["spec"]["containers"][0].update(
                        securityContext={"privileged": True}
                    ),
                ),
                ASSERTION,
            ),
            "the writer mounts it read-only": (
                lambda m: set_mount(m["items"][0], 0, readOnly=True), ASSERTION,
            ),
            "the reader may not enter the folder": (
                lambda m: (
                    run_in_init(m["items"][1], "chmod 700 /v"), run_as(m["items"][1], 0, 1000),
                ),
                ASSERTION,
            ),
        },
        (CLAIM, SPARE_CLAIM), is_between_pods=True,
    ),
    Case(
        "assert_not_shared", "replicas of a StatefulSet with a claim each", replicas,
        {"from_c": "c1", "to_c": "c1"},
        {
            "both mount one claim": (share_claim, ASSERTION),
            "both mount the same folder of the node": (
                lambda m: (
                    share_claim(m),
                    m["spec"]["template"]["spec"].update(
                        volumes=[{"name": "v", **ON_NODE}], affinity=TOGETHER
                    ),
                ),
                ASSERTION,
            ),
        },
        (CLAIM,), is_between_pods=True,
    ),
    Case(
        "assert_log_contains", "c1 prints a line",
        lambda: with_command("echo a line; " + STAY),
        {"container": "c1", "text": "a line", "lacks": "another", "timeout": 3},
        {
            "it prints something else": (
                lambda m: set_command(m, "echo other; " + STAY), ASSERTION,
            ),
            "it prints nothing": (lambda m: set_command(m, STAY), ASSERTION),
            "it prints what it must not print": (
                lambda m: set_command(m, "echo another; echo a line; " + STAY), ASSERTION,
            ),
        },
    ),
    Case(
        "assert_survives_restart", "an emptyDir", pod, {"container": "c1"},
        {
            "the container empties it when it starts": (
                lambda m: run_at_start(m, "rm -rf /v/*"), ASSERTION,
            ),
            "restartPolicy Never": (
                lambda m: m["spec"].update(restartPolicy="Never"), errors.RestartForbidden,
            ),
            "the container mounts no volume": (
                lambda m: m["spec"]["containers"][0].pop("volumeMounts"), ASSERTION,
            ),
        },
    ),
    Case(
        "assert_survives_sandbox_restart", "an emptyDir", pod, {},
        {"an init container empties it": (lambda m: run_in_init(m, "rm -rf /v/*"), ASSERTION)},
    ),
    Case(
        "assert_survives_delete", "a claim", lambda: with_volume(**CLAIMED), {"volume": "v"},
        {
            "an emptyDir instead": (lambda m: set_source(m, emptyDir={}), ASSERTION),
            "an emptyDir, and a Deployment": (
                lambda m: (set_source(m, emptyDir={}), owned_by("Deployment", m))[1], ASSERTION,
            ),
            "an init container empties it": (lambda m: run_in_init(m, "rm -rf /v/*"), ASSERTION),
        },
        (CLAIM,),
    ),
    Case(
        "assert_survives_drain", "a claim", lambda: with_volume(**CLAIMED), {"volume": "v"},
        {"an emptyDir instead": (lambda m: set_source(m, emptyDir={}), ASSERTION)},
        (CLAIM,),
    ),
    Case(
        "assert_lost_on_delete", "an emptyDir", pod, {"volume": "v"},
        {
            "a claim instead": (lambda m: set_source(m, **CLAIMED), ASSERTION),
            "a claim, and a Deployment": (
                lambda m: (set_source(m, **CLAIMED), owned_by("Deployment", m))[1], ASSERTION,
            ),
        },
        (CLAIM,),
    ),
    Case(
        "assert_lost_on_drain", "an emptyDir", pod, {"volume": "v"},
        {
            "a DaemonSet that returns to its node, with a hostPath": (
                lambda m: (set_source(m, **ON_NODE), pin(m), owned_by("DaemonSet", m))[2],
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_mount_propagated", "Bidirectional and HostToContainer", lambda: propagating(),
        {"from_c": "c1", "to_c": "c2", "volume": "v", "timeout": 3},
        {
            "the receiver has no mountPropagation": (
                lambda m: m["spec"]["containers"][1]["volumeMounts"][0].pop("mountPropagation"),
                ASSERTION,
            ),
            "the subPaths differ": (
                lambda m: (set_mount(m, 0, subPath="out"), set_mount(m, 1, subPath="in")),
                ASSERTION,
            ),
            "the receiver mounts another volume": (lambda m: swap_volume(m, 1), ASSERTION),
            "the mounter receives, but does not send": (
                lambda m: set_mount(m, 0, mountPropagation="HostToContainer"), ASSERTION,
            ),
            "the mounter mounts the volume read-only": (
                lambda m: set_mount(m, 0, readOnly=True), ASSERTION,
            ),
        },
    ),
    Case(
        "assert_file_visible", "a file system that c1 mounts, in both",
        lambda: mounting(),
        {"from_c": "c1", "to_c": "c2", "path": "/v/in/f", "timeout": 3},
        {
            "c2 receives nothing": (
                lambda m: m["spec"]["containers"][1]["volumeMounts"][0].pop("mountPropagation"),
                ASSERTION,
            ),
            "c1 sends nothing": (
                lambda m: m["spec"]["containers"][0]["volumeMounts"][0].pop("mountPropagation"),
                ASSERTION,
            ),
            "c2 mounts an equal file system itself": (
                lambda m: mount_alike(m), ASSERTION,
            ),
        },
    ),
    Case(
        "assert_same_files", "a ConfigMap in both", lambda: config(sub_path=False),
        {"volume": "v", "timeout": 3},
        {
            "c1 mounts a file system over it": (
                lambda m: (
                    run_at_start(m, "mount -t tmpfs t /v; echo before > /v/key"),
                    m["spec"]["containers"][0].update(securityContext={"privileged": True}),
                ),
                ASSERTION,
            ),
            "c1 mounts another volume": (lambda m: swap_volume(m, 0), ASSERTION),
            "c1 may not read it": (
                lambda m: (
                    set_source(m, configMap={"name": "config", "defaultMode": 0o400}),
                    run_as(m, 0, 1000),
                ),
                ASSERTION,
            ),
            "it has no entry": (
                lambda m: set_source(m, configMap={"name": "none", "optional": True}),
                errors.ControlMissing,
            ),
        },
        (CONFIG,),
    ),
    Case(
        "assert_read_only", "readOnly: true", lambda: read_only(),
        {"container": "c1", "volume": "v"},
        {
            "readOnly: false": (lambda m: set_mount(m, 0, readOnly=False), ASSERTION),
            "writable, but owned by another user": (
                lambda m: (
                    set_mount(m, 0, readOnly=False),
                    run_in_init(m, "chmod 755 /v"),
                    run_as(m, 0, 1000),
                ),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_writable", "an emptyDir", pod, {"container": "c1", "volume": "v"},
        {
            "readOnly: true": (lambda m: set_mount(m, 0, readOnly=True), ASSERTION),
            "owned by another user": (
                lambda m: (run_in_init(m, "chmod 755 /v"), run_as(m, 0, 1000)), ASSERTION,
            ),
        },
    ),
    Case(
        "assert_permissions", "fsGroup 2000",
        lambda: pod(securityContext={"fsGroup": 2000}),
        {"container": "c1", "path": "/v", "gid": 2000, "mode": 0o2777},
        {
            "another fsGroup": (
                lambda m: m["spec"].update(securityContext={"fsGroup": 2001}), ASSERTION,
            ),
            "no fsGroup": (lambda m: m["spec"].pop("securityContext"), ASSERTION),
            "another path": (lambda m: set_mount(m, 0, mountPath="/elsewhere"), ASSERTION),
        },
    ),
    Case(
        "assert_readable", "a file of root, and a reader with another user",
        lambda: created("umask 022; echo f > /v/f"),
        {"container": "c2", "path": "/v/f", "timeout": 3},
        {
            "the umask of root keeps the file from others": (
                lambda m: run_at_start(m, "umask 077; echo f > /v/f"), ASSERTION,
            ),
            "another user may not enter the folder": (
                lambda m: run_at_start(m, "echo f > /v/f; chmod 711 /v; chmod 700 /v"), ASSERTION,
            ),
            "the file has another name": (
                lambda m: run_at_start(m, "umask 022; echo f > /v/g"), ASSERTION,
            ),
            "it is a folder": (lambda m: run_at_start(m, "mkdir /v/f"), ASSERTION),
            "it is a symlink to nothing": (lambda m: run_at_start(m, "ln -s g /v/f"), ASSERTION),
            "it is a symlink to the reader's own file": (
                lambda m: run_at_start(m, "ln -s /etc/passwd /v/f"), ASSERTION,
            ),
            "the reader mounts another volume": (lambda m: swap_volume(m, 1), ASSERTION),
        },
    ),
    Case(
        "assert_connectable", "a socket that root listens on, and a client with another user",
        lambda: created(listen()),
        {"container": "c2", "socket": "/v/s", "timeout": 3},
        {
            "the umask of root keeps others from it": (
                lambda m: run_at_start(m, listen(umask="022")), ASSERTION,
            ),
            "its server was killed": (
                lambda m: run_at_start(m, f"{listen()}; kill -9 $!"), ASSERTION,
            ),
            "its server does not listen yet": (
                lambda m: run_at_start(m, listen(then="")), ASSERTION,
            ),
            "it has another name": (lambda m: run_at_start(m, f"{listen()}; mv /v/s /v/t"),
                ASSERTION,
            ),
            "a file has its name": (
                lambda m: run_at_start(m, "umask 000; echo s > /v/s"), ASSERTION,
            ),
            "the client mounts another volume": (lambda m: swap_volume(m, 1), ASSERTION),
        },
    ),
    Case(
        "assert_medium", "8 MiB in memory",
        lambda: with_volume(emptyDir={"medium": "Memory", "sizeLimit": "8Mi"}),
        {"container": "c1", "volume": "v", "medium": "Memory", "size": "8Mi"},
        {
            "on disk": (lambda m: set_source(m, emptyDir={"sizeLimit": "8Mi"}), ASSERTION),
            "another limit": (
                lambda m: set_source(m, emptyDir={"medium": "Memory", "sizeLimit": "9Mi"}),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_size_limited", "8 MiB in memory",
        lambda: with_volume(emptyDir={"medium": "Memory", "sizeLimit": "8Mi"}),
        {"container": "c1", "volume": "v"},
        {
            "made larger behind the kubelet's back": (
                lambda m: (
                    run_at_start(m, "mount -o remount,size=64m /v"),
                    m["spec"]["containers"][0].update(securityContext={"privileged": True}),
                ),
                ASSERTION,
            ),
            "no limit": (lambda m: set_source(m, emptyDir={"medium": "Memory"}), ASSERTION),
        },
    ),
    Case(
        "assert_size_limited", "4 MiB on disk",
        lambda: with_volume(emptyDir={"sizeLimit": "4Mi"}),
        {"container": "c1", "volume": "v", "timeout": 35},
        {
            "hidden from the kubelet": (
                lambda m: (
                    run_at_start(m, "mount -t tmpfs t /v"),
                    m["spec"]["containers"][0].update(securityContext={"privileged": True}),
                ),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_size_limited", "4 MiB on disk, containers that handle SIGTERM",
        lambda: handle_term(with_volume(emptyDir={"sizeLimit": "4Mi"})),
        {"container": "c1", "volume": "v", "timeout": 60},
        {
            "an ephemeral-storage limit of 2 MiB": (lambda m: limit_storage(m, "2Mi"), ASSERTION),
        },
    ),
    Case(
        "assert_completes", "a Job with a sidecar", job, {"timeout": 40},
        {
            "the sidecar under containers": (end_sidecar_never, ASSERTION),
            "the worker fails": (fail_worker, ASSERTION),
            "a deadline before its end": (
                lambda m: (
                    m["spec"].update(activeDeadlineSeconds=25),
                    m["spec"]["template"]["spec"]["containers"][0].update(command=["sleep", "900"]),
                ),
                ASSERTION,
            ),
        },
    ),
    Case(
        "assert_update_visible", "a ConfigMap", lambda: config(sub_path=False),
        {"container": "c1", "volume": "v", "timeout": 30},
        {"through a subPath": (
            lambda m: set_mount(m, 0, mountPath="/k", subPath="key"), ASSERTION,
        )},
        (CONFIG,),
    ),
    Case(
        "assert_update_visible", "all labels and annotations, and one of each", metadata_files,
        {"container": "c1", "volume": "v", "timeout": 10},
        {
            "all labels through a subPath": (
                lambda m: set_mount(m, 0, mountPath="/k", subPath="labels"), ASSERTION,
            ),
            "only the name": (
                lambda m: set_source(m, downwardAPI={"items": [metadata_file("name")]}),
                errors.UpdateImpossible,
            ),
        },
    ),
    Case(
        "assert_update_visible", "a ConfigMap and a label, projected",
        lambda: with_volume(projected=copy.deepcopy(PROJECTED)),
        {"container": "c1", "volume": "v", "timeout": 90},
        {"an optional ConfigMap that does not exist": (
            lambda m: set_source(m, configMap={"name": "absent", "optional": True}),
            errors.UpdateImpossible,
        )},
        (CONFIG,),
    ),
    Case(
        "assert_update_not_visible", "a ConfigMap through a subPath", lambda: config(sub_path=True),
        {"container": "c1", "volume": "v"},
        {
            "without the subPath": (
                lambda m: m["spec"]["containers"][0].update(
                    volumeMounts=[{"name": "v", "mountPath": "/v"}]
                ),
                ASSERTION,
            ),
            "no container mounts the whole volume": (
                lambda m: set_mount(m, 1, mountPath="/k", subPath="key"), errors.ControlMissing,
            ),
        },
        (CONFIG,),
    ),
]  # fmt: skip


CASES += [Case(**case) for case in INIT_CASES]


def with_command(script):
    """Return a Pod whose c1 has that command."""
    manifest = pod()
    set_command(manifest, script)
    return manifest


def created(script):
    """Return a Pod whose c1 runs a script as root, and whose c2 has another user; both have Perl.

    The script has run before c1 is ready.
    """
    manifest = pod()
    for container in manifest["spec"]["containers"]:
        container["image"] = "redis"
    run_at_start(manifest, script)
    run_as(manifest, 1, 1000)
    return manifest


def listen(umask="000", then="listen(S, 9);"):
    """Return a script that runs a server with the socket /v/s in the background."""
    program = f'socket(S, PF_UNIX, 1, 0); bind(S, pack_sockaddr_un("/v/s")); {then} sleep 1e6'
    server = f"umask {umask}; perl -MSocket -e '{program}' &"
    return f"{server} until [ -e /v/s ]; do sleep 0.1; done; sleep 0.5"


def read_only():
    """Return a Pod whose c1 mounts v read-only."""
    manifest = pod()
    set_mount(manifest, 0, readOnly=True)
    return manifest


def expand_name(manifest):
    """Let c1 mount the folder of v that has the Pod's name."""
    field = {"fieldRef": {"fieldPath": "metadata.name"}}
    manifest["spec"]["containers"][0]["env"] = [{"name": "POD", "valueFrom": field}]
    set_mount(manifest, 0, subPathExpr="$(POD)")


def deploy(podshare, case, manifest, *more):
    """Return the Pod of a manifest, and the arguments that name the Pod of the reader."""
    if not case.is_between_pods:
        return podshare.deploy(case.deployable(manifest, *more)), {}
    pods = podshare.deploy_all([case.deployable(manifest)])
    if len(pods) == 1:
        pods = podshare.replicas(pods[0])
    return pods[0], {"to_pod": pods[1]}


def expanding():
    """Return a Pod whose c1 names by a variable the folder of v that c2 mounts."""
    manifest = pod()
    manifest["spec"]["containers"][0]["env"] = [{"name": "V", "value": "folder"}]
    set_mount(manifest, 0, subPathExpr="$(V)")
    set_mount(manifest, 1, subPath="folder")
    return manifest


def propagating():
    """Return a Pod whose c1 may mount file systems in v, and whose c2 receives them."""
    manifest = pod()
    manifest["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    set_mount(manifest, 0, mountPropagation="Bidirectional")
    set_mount(manifest, 1, mountPropagation="HostToContainer")
    return manifest


MOUNT = "mkdir -p /v/in; mount -t tmpfs in /v/in; echo f > /v/in/f"


def mounting():
    """Return such a Pod whose c1 mounts a file system once c2 runs.

    It unmounts it again at the end, since the kubelet would not remove the Pod otherwise.
    """
    manifest = propagating()
    wait = "until [ -e /v/c2 ]; do sleep 0.1; done"
    run_at_start(manifest, f"trap 'umount /v/in; exit' TERM; {wait}; {MOUNT}")
    manifest["spec"]["terminationGracePeriodSeconds"] = 10
    manifest["spec"]["containers"][1]["command"] = ["sh", "-c", f"touch /v/c2; {STAY}"]
    return manifest


def mount_alike(manifest):
    """Let c2 mount a file system with the same files itself, and receive none."""
    command = ["sh", "-c", f"touch /v/c2; {MOUNT}; {STAY}"]
    c2 = manifest["spec"]["containers"][1]
    c2.update(command=command, securityContext={"privileged": True})
    del c2["volumeMounts"][0]["mountPropagation"]


def pin(manifest):
    """Keep the Pod off control plane nodes: of two nodes, one remains."""
    key = "node-role.kubernetes.io/control-plane"
    terms = [{"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    manifest["spec"]["affinity"] = {"nodeAffinity": required}


@pytest.fixture(scope="module")
def verdicts():
    """Collect the cells of the table, and write it when all of them are known."""
    cells: dict[tuple[str, str, str], str] = {}
    yield cells
    expected = [(case.assertion, case.about, twin) for case in CASES for twin in ("", *case.twins)]
    if all(cell in cells for cell in expected):
        TABLE.write_text(HEAD + "".join(row(*cell, cells[cell]) for cell in expected))


HEAD = """\
# Soundness
Every assertion passes on a Pod that keeps the promise and fails on each of its mutated twins: the
same Pod with one change. tests/cluster/test_soundness.py writes this table on a real cluster.

| assertion | Pod | verdict |
|---|---|---|
"""


def row(assertion, about, twin, verdict):
    """Return a line of the table."""
    on = f"{about}; twin: {twin}" if twin else f"**{about}**"
    return f"| `{assertion}` | {on} | {verdict} |\n"


@contextlib.contextmanager
def disk_of(case, podshare):
    """Create the disk of a case that needs one, and yield its claim."""
    if not case.needs_disk:
        yield ()
        return
    with block_claim(podshare) as claim:
        yield (claim,)


def name_of(case):
    """Return the case's name for the id of a test."""
    return f"{case.assertion}-{case.about}".replace(" ", "-")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_it_passes_on_a_pod_that_keeps_the_promise(podshare, verdicts, case):
    """This is the positive control of the twins."""
    # the short timeouts are for twins only: a busy machine needs the usual ones
    arguments = {name: value for name, value in case.arguments.items() if name != "timeout"}

    with disk_of(case, podshare) as claims:
        deployed, more = deploy(podshare, case, case.manifest(), *claims)
        evidence = getattr(ps, case.assertion)(deployed, **arguments, **more)

    assert evidence.claim
    verdicts[case.assertion, case.about, ""] = "passes"


TWINS = [(case, twin) for case in CASES for twin in case.twins]


@pytest.mark.parametrize(
    ("case", "twin"),
    TWINS,
    ids=[f"{name_of(case)}-{twin}".replace(" ", "-") for case, twin in TWINS],
)
def test_it_fails_on_the_mutated_twin(podshare, verdicts, case, twin):
    """The twin is the same Pod with one change, and the error is the one that names it."""
    change, error = case.twins[twin]
    manifest = case.manifest()
    changed = change(manifest)
    manifest = changed if isinstance(changed, dict) and "kind" in changed else manifest

    with disk_of(case, podshare) as claims:
        deployed, more = deploy(podshare, case, manifest, *claims)
        with pytest.raises(error) as caught:
            getattr(ps, case.assertion)(deployed, **case.arguments, **more)

    lines = str(caught.value).splitlines()
    assert len(lines) <= 12
    # every broken promise has a cause; other errors explain themselves
    cause = getattr(caught.value, "cause", "")
    assert cause or not isinstance(caught.value, errors.PromiseBroken)
    verdict = f"{type(caught.value).__name__}: {normalize(lines[0], deployed)}"
    verdicts[case.assertion, case.about, twin] = f"{verdict} ({cause})" if cause else verdict


def normalize(text, deployed):
    """Replace what differs from run to run."""
    text = text.replace(str(deployed), "the Pod").replace(deployed.node, "NODE")
    text = text.replace("|", "\\|")
    return re.sub(r"podshare-([0-9a-f]{16}|[a-z]+-[0-9a-f-]{36})", "NONCE", text)


def test_every_assertion_has_a_case_with_a_twin():
    """No assertion is added without a Pod that it fails on."""
    public = {name for name in ps.__all__ if name.startswith("assert_")}

    assert public == {case.assertion for case in CASES if case.twins}
