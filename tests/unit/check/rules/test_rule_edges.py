"""Border cases of the rules: harmless manifests that look wrong, and mistakes that look right."""

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

MEMORY = {"medium": "Memory", "sizeLimit": "1Mi"}


def volume(name, **source):
    """Return a volume, by default an emptyDir."""
    return {"name": name, **(source or {"emptyDir": {}})}


def mount(name, path, **more):
    """Return a volumeMount."""
    return {"name": name, "mountPath": path, **more}


def container(name, *mounts, **more):
    """Return a container."""
    return {"name": name, "image": "busybox", "volumeMounts": list(mounts), **more}


def shell(name, script, *mounts, **more):
    """Return a container that runs a script."""
    return container(name, *mounts, command=["sh", "-c", script], **more)


def pod(*containers, volumes=("v",), init=(), security=None, annotations=None):
    """Return a Pod; a volume is the name of an emptyDir, or a whole volume."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "annotations": annotations or {}},
        "spec": {
            "securityContext": security or {},
            "initContainers": list(init),
            "containers": list(containers),
            "volumes": [volume(entry) if isinstance(entry, str) else entry for entry in volumes],
        },
    }


def workload(kind, manifest, **spec):
    """Return a workload that creates this Pod."""
    template = {"metadata": manifest["metadata"], "spec": manifest["spec"]}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": "w"},
        "spec": {"template": template, **spec},
    }


def find(*objects):
    """Return the ids of the rules with findings, also of rules that are off by default."""
    text = yaml.safe_dump_all(objects)
    return {
        finding.rule
        for template in find_templates(read(text))
        for finding in rules.check(template, enable=rules.BY_ID)
    }


A_CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}
SETTINGS = {"configMap": {"name": "settings"}}
READ_ONLY = {"readOnly": True}
READ_ONLY_ROOT = {"securityContext": {"readOnlyRootFilesystem": True}}
ROOT, APP, OTHER = ({"securityContext": {"runAsUser": user}} for user in (0, 1000, 2000))
SIDECAR = {"restartPolicy": "Always"}
SLEEP = {"command": ["sleep", "infinity"]}


def claim(mode, name="data"):
    """Return a claim with an access mode."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
    }


def two(first, second, *, volumes=("v",), **more):
    """Return a Pod with two containers that have one mount each."""
    return pod(container("a", first), container("b", second), volumes=volumes, **more)


def one_claim(**more):
    """Return a Pod with a claim."""
    return pod(container("a", mount("v", "/data")), volumes=[volume("v", **A_CLAIM)], **more)


def device(name, path, *mounts):
    """Return a Pod whose claim v is a block device at this path."""
    devices = [{"name": name, "devicePath": path}]
    return pod(
        container("a", *mounts, volumeDevices=devices),
        volumes=[volume("v", **A_CLAIM), volume("w", **A_CLAIM)],
        annotations={"mounts": "v w"},
    )


def limited(name, *mounts, **limits):
    """Return a container with limits."""
    resources = {key.replace("_", "-"): value for key, value in limits.items()}
    return container(name, *mounts, resources={"limits": resources})


def empty_dir(**fields):
    """Return an emptyDir named v."""
    return volume("v", emptyDir=fields)


def tail(command):
    """Return a Pod with a web server, and a container that follows its log."""
    logs = mount("v", "/var/log/nginx")
    return pod(container("web", logs), shell("tail", command, mount("v", "/logs", **READ_ONLY)))


def sidecar(name="feeder", path="/feed", volumes=("v",), init=(), reader=None, **more):
    """Return a Pod with a sidecar that shares a volume with the app."""
    feeder = container(name, mount("v", path), **SIDECAR, **more)
    app = container("app", reader or mount("v", "/etc/feed", **READ_ONLY))
    return pod(app, init=[*init, feeder], volumes=volumes)


def reloaded(annotations):
    """Return a Deployment with annotations that mounts a ConfigMap by subPath."""
    reader = container("a", mount("v", "/etc/x", subPath="x"))
    deployment = workload("Deployment", pod(reader, volumes=[volume("v", **SETTINGS)]))
    return deployment | {"metadata": {"name": "w", "annotations": annotations}}


HARMLESS = {
    "a claim as a block device": device("v", "/dev/x", mount("w", "/data")),
    "scratch space by name": pod(
        container("a", mount("app-tmp", "/x")), container("b"), volumes=["app-tmp"]
    ),
    "scratch space by path": pod(container("a", mount("v", "/var/cache/x")), container("b")),
    "scratch space for a read-only root": pod(
        container("a", mount("v", "/var/lib/a"), **READ_ONLY_ROOT), container("b")
    ),
    "a volume of the only container": pod(container("a", mount("v", "/var/lib/a"))),
    "a claim that only one container mounts": pod(
        container("a", mount("v", "/data")), container("b"), volumes=[volume("v", **A_CLAIM)]
    ),
    "a volume from a volumeClaimTemplate": workload(
        "StatefulSet",
        pod(container("a", mount("data", "/data")), volumes=[]),
        volumeClaimTemplates=[claim("ReadWriteOnce")],
    ),
    "a volume that an injected container mounts": pod(
        container("a"),
        annotations={"sidecar.istio.io/userVolumeMount": '[{"name":"v","mountPath":"/certs"}]'},
    ),
    "an emptyDir that only the kubelet reads": pod(
        container(
            "a",
            env=[
                {
                    "name": "A",
                    "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "e", "key": "A"}},
                }
            ],
        ),
        init=[container("i", mount("v", "/made"))],
    ),
    "init containers that share a volume": pod(
        container("a"),
        init=[container("i", mount("v", "/one")), container("j", mount("v", "/two"))],
    ),
    "an init container that only reads": pod(
        container("a"),
        init=[shell("i", "if [ -f /extra/x ]; then cat /extra/x; fi", mount("v", "/extra"))],
    ),
    "numbered subPaths": two(
        mount("v", "/a", subPath="shard1"), mount("v", "/b", subPath="shard2")
    ),
    "a subPath of each container": two(
        mount("v", "/x", subPath="a"), mount("v", "/y", subPath="b-data")
    ),
    "subPaths like the folders where they are mounted": two(
        mount("v", "/in", subPath="in"), mount("v", "/srv/html", subPath="html")
    ),
    "subPaths for scratch space": two(
        mount("v", "/x", subPath="tmp-dir", **READ_ONLY), mount("v", "/y", subPath="logs")
    ),
    "subPaths of a volume that a third container mounts": pod(
        container("a", mount("v", "/x", subPath="in", **READ_ONLY)),
        container("b", mount("v", "/y", subPath="out")),
        container("c", mount("v", "/z")),
    ),
    "subPaths of a claim": two(
        mount("v", "/x", subPath="in", **READ_ONLY),
        mount("v", "/y", subPath="out"),
        volumes=[volume("v", **A_CLAIM)],
    ),
    "similar subPaths and the whole volume": pod(
        container("a", mount("v", "/a", subPath="log"), mount("v", "/all")),
        container("b", mount("v", "/b", subPath="logs")),
    ),
    "a path that exists in every image": pod(
        container("a", mount("v", "/opt")), shell("b", "ls /opt", mount("v", "/v"))
    ),
    "a mounted path in a variable": pod(
        container("a", mount("v", "/spool/x")),
        container("b", mount("v", "/spool/x"), env=[{"name": "DIR", "value": "/spool/x"}]),
    ),
    "a URL that contains a path": pod(
        container("a", mount("v", "/data/x"), **READ_ONLY_ROOT),
        shell("b", "wget http://a/data/x -O /dev/null"),
    ),
    "a folder with the suffix .d": pod(container("a", mount("v", "/etc/x.d"))),
    "a folder with a version number": pod(container("a", mount("v", "/opt/app-1.2"))),
    "a hidden folder": pod(container("a", mount("v", "/root/.conf"))),
    "a hostPath that is a file": pod(
        container("a", mount("v", "/etc/x.conf", **READ_ONLY)),
        volumes=[volume("v", hostPath={"path": "/etc/x.conf", "type": "File"})],
    ),
    "a file that an init container creates": pod(
        container("a", mount("v", "/etc/x.conf", subPath="x.conf")),
        init=[shell("i", "echo > /v/x.conf", mount("v", "/v"))],
    ),
    "a Windows path": pod(container("a", mount("v", "C:\\data"))),
    "a folder of the image that is copied first": pod(
        container("a", mount("v", "/etc")), init=[shell("i", "cp -r /etc/. /v/", mount("v", "/v"))]
    ),
    "a nested mount in both containers": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        container("b", mount("v", "/work"), mount("tmp", "/work/tmp")),
        volumes=["v", "tmp"],
    ),
    "a nested mount of the only writer": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        container("b", mount("v", "/data", **READ_ONLY)),
        volumes=["v", "tmp"],
    ),
    "a nested mount next to a file of an init container": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        init=[shell("i", "date > /data/now", mount("v", "/data"))],
        volumes=["v", "tmp"],
    ),
    "a nested mount in a volume that an init container fills": pod(
        container("a", mount("v", "/data", **READ_ONLY), mount("tmp", "/data/tmp")),
        init=[shell("i", "mkdir /v/tmp", mount("v", "/v"))],
        volumes=["v", "tmp"],
    ),
    "a nested mount in a read-only claim": pod(
        container("a", mount("v", "/data", **READ_ONLY), mount("tmp", "/data/tmp")),
        volumes=[volume("v", **A_CLAIM), "tmp"],
    ),
    "a folder inside a ConfigMap volume": pod(
        container("a", mount("v", "/etc/a"), mount("tmp", "/etc/a/tmp")),
        volumes=[volume("v", **SETTINGS), "tmp"],
    ),
    "the same user": pod(
        container("a", mount("v", "/v"), **APP), container("b", mount("v", "/v"), **APP)
    ),
    "a user that only reads": pod(
        container("a", mount("v", "/v"), **APP),
        container("b", mount("v", "/v", **READ_ONLY), **OTHER),
    ),
    "users with separate folders": pod(
        container("a", mount("v", "/v", subPath="a"), **APP),
        container("b", mount("v", "/v", subPath="b"), **OTHER),
    ),
    "root that changes the owner of its files": pod(
        container("a", mount("v", "/v"), **APP),
        init=[shell("i", "mkdir /v/x && chown 1000 /v/x", mount("v", "/v"), **ROOT)],
    ),
    "root with an unknown script": pod(
        container("a", mount("v", "/v"), **APP),
        init=[container("i", mount("v", "/v"), command=["/scripts/init.sh"], **ROOT)],
    ),
    "root and another user at the same time": pod(
        container("a", mount("v", "/v"), **APP), container("b", mount("v", "/v"), **ROOT)
    ),
    "a claim for root": one_claim(security={"runAsUser": 0}),
    "a claim for the image's user": one_claim(),
    "a claim for a supplemental group": one_claim(
        security={"runAsUser": 1000, "supplementalGroups": [2000]}
    ),
    "a claim that root prepares": pod(
        container("a", mount("v", "/data"), **APP),
        init=[shell("i", "chown -R 1000 /data", mount("v", "/data"), **ROOT)],
        volumes=[volume("v", **A_CLAIM)],
    ),
    "a write to a device": pod(
        shell("a", "echo a > /dev/stdout; echo b >&2", mount("tmp", "/tmp"), **READ_ONLY_ROOT),
        volumes=["tmp"],
    ),
    "a redirection without a shell": pod(
        container("a", mount("v", "/v", **READ_ONLY), args=["a>/v/x"]),
        volumes=[volume("v", **A_CLAIM)],
    ),
    "a sizeLimit below the memory limit": pod(
        limited("a", mount("v", "/v"), memory="2Mi"), volumes=[volume("v", emptyDir=MEMORY)]
    ),
    "a sizeLimit above the memory limit of a reader": pod(
        limited("a", mount("v", "/v"), memory="8Mi"),
        limited("b", mount("v", "/v", **READ_ONLY), memory="1Mi"),
        volumes=[volume("v", emptyDir=MEMORY)],
    ),
    "a sizeLimit on disk equal to the sum of the limits": pod(
        limited("a", mount("v", "/v"), ephemeral_storage="1Gi"),
        limited("b", mount("v", "/v"), ephemeral_storage="1Gi"),
        volumes=[empty_dir(sizeLimit="2Gi")],
    ),
    "a sizeLimit of zero": pod(
        container("a", mount("v", "/v")), volumes=[empty_dir(sizeLimit="0")]
    ),
    "a subPath of a ConfigMap in a Job": workload(
        "Job",
        pod(container("a", mount("v", "/etc/x", subPath="x")), volumes=[volume("v", **SETTINGS)]),
    ),
    "a subPath of a ConfigMap with a hash in its name": pod(
        container("a", mount("v", "/etc/x", subPath="x")),
        volumes=[volume("v", configMap={"name": "settings-57d2b6k8f9"})],
    ),
    "a subPath of the program itself": pod(
        container("a", mount("v", "/run.py", subPath="run.py"), command=["python", "/run.py"]),
        volumes=[volume("v", **SETTINGS)],
    ),
    "a subPath in a Deployment that Reloader rolls": reloaded(
        {"reloader.stakater.com/auto": "true"}
    ),
    "a subPath in an init container": pod(
        container("a"),
        init=[container("i", mount("v", "/etc/x", subPath="x"))],
        volumes=[volume("v", **SETTINGS)],
    ),
    "a git-sync that runs once": pod(
        container("a", mount("v", "/site", subPath="link")),
        init=[container("git-sync", mount("v", "/git"))],
    ),
    "a sidecar with a startupProbe": sidecar(startupProbe={"exec": {"command": ["true"]}}),
    "a sidecar with a postStart hook": sidecar(
        lifecycle={"postStart": {"exec": {"command": ["true"]}}}
    ),
    "a sidecar that ships logs": sidecar(path="/logs", reader=mount("v", "/var/log/app")),
    "a sidecar that follows a file": sidecar(
        reader=mount("v", "/var/spool/app/x"), command=["tail", "-F", "/feed/x"]
    ),
    "a sidecar after an init container that fills the volume": sidecar(
        init=[container("first", mount("v", "/feed"))]
    ),
    "tail of /dev/null": pod(shell("a", "tail -f /dev/null", mount("v", "/v"))),
    "tail by name": tail("tail -n 1 -F /logs/access.log"),
    "tail by name with long options": tail("tail --follow=name --retry /logs/access.log"),
    "tail of a file in a private volume": pod(shell("a", "tail -f /v/x", mount("v", "/v"))),
    "a socket that is removed first": pod(
        shell("a", 'S=/s/x.sock; if [ -e "$S" ]; then rm -f "$S"; fi; serve', mount("v", "/s"))
    ),
    "a read-only root of a container that sleeps": pod(
        shell("a", "sleep infinity", **READ_ONLY_ROOT), volumes=[]
    ),
    "a socket of the host": pod(
        container("a", mount("v", "/run/x"), env=[{"name": "S", "value": "/run/x/x.sock"}]),
        volumes=[volume("v", hostPath={"path": "/run/x"})],
    ),
    "a claim for one Pod": (
        workload("Deployment", one_claim(), strategy={"type": "Recreate"}),
        claim("ReadWriteOnce"),
    ),
    "a claim in another namespace": (
        workload("Deployment", one_claim(), replicas=2),
        claim("ReadWriteOnce") | {"metadata": {"name": "data", "namespace": "other"}},
    ),
    "a claim with unknown access modes": workload("Deployment", one_claim(), replicas=2),
    "an empty source": pod(container("a", mount("v", "/v")), volumes=[volume("v", configMap=None)]),
}

MISTAKES = {
    "a volume and its typo": (
        {"volume-near-miss", "volume-of-one-container"},
        two(mount("report", "/a"), mount("reprot", "/b"), volumes=["report", "reprot"]),
    ),
    "another volume at the path of the init container": (
        {"volume-near-miss", "volume-of-one-container"},
        pod(
            container("a", mount("w", "/site")),
            init=[container("i", mount("v", "/site"))],
            volumes=["v", "w"],
        ),
    ),
    "an unmounted path in a variable": (
        {"consumer-without-mount", "volume-of-one-container"},
        pod(
            container("a", mount("v", "/queue")),
            container("b", env=[{"name": "DIR", "value": "unix:///queue/x"}]),
        ),
    ),
    "subPaths that are not similar": (
        {"separate-sub-paths"},
        two(mount("v", "/a", subPath="input"), mount("v", "/b", subPath="output")),
    ),
    "subPaths inside what a third container mounts": (
        {"overlapping-sub-paths"},
        pod(
            container("a", mount("v", "/x", subPath="s/in", **READ_ONLY)),
            container("b", mount("v", "/y", subPath="s/out")),
            container("c", mount("v", "/z", subPath="s")),
        ),
    ),
    "subPaths with swapped letters": (
        {"sub-path-near-miss"},
        two(mount("v", "/a", subPath="exchange"), mount("v", "/b", subPath="exchnage")),
    ),
    "subPaths that differ in case": (
        {"sub-path-near-miss"},
        two(mount("v", "/a", subPath="Data"), mount("v", "/b", subPath="data")),
    ),
    "the same path in two spellings": (
        {"hidden-mount"},
        pod(container("a", mount("v", "/a"), mount("tmp", "/a/")), volumes=["v", "tmp"]),
    ),
    "a nested mount over a file of an init container": (
        {"hidden-mount"},
        pod(
            container("a", mount("v", "/data"), mount("tmp", "/data/conf")),
            init=[shell("i", "date > /work/conf/now", mount("v", "/work"))],
            volumes=["v", "tmp"],
        ),
    ),
    "a home folder": ({"path-not-expanded"}, pod(container("a", mount("v", "~/x")))),
    "an asterisk": ({"path-not-expanded"}, pod(container("a", mount("v", "/logs/*")))),
    "a colon": ({"path-is-a-list"}, pod(container("a", mount("v", "/a:/b")))),
    "a space at the end": ({"path-is-a-list"}, pod(container("a", mount("v", "/a ")))),
    "an emptyDir at the path of a file": (
        {"path-looks-like-a-file"},
        pod(container("a", mount("v", "/a/x.log"))),
    ),
    "a termination message in a read-only mount": (
        {"nested-in-read-only", "no-writer"},
        pod(container("a", mount("v", "/v", **READ_ONLY), terminationMessagePath="/v/m")),
    ),
    "root that keeps the ownership of its files": (
        {"users-differ"},
        pod(
            container("a", mount("v", "/v"), **APP),
            init=[shell("i", "mkdir /v/x", mount("v", "/v"), **ROOT)],
        ),
    ),
    "a claim for an unknown non-root user": (
        {"claim-not-writable"},
        one_claim(security={"runAsNonRoot": True}),
    ),
    "a claim from a volumeClaimTemplate": (
        {"claim-not-writable"},
        workload(
            "StatefulSet",
            pod(container("a", mount("data", "/data"), **APP), volumes=[]),
            volumeClaimTemplates=[claim("ReadWriteOnce")],
        ),
    ),
    "a write to the read-only root": (
        {"writes-to-read-only"},
        pod(
            shell("a", "echo a >> /var/x", mount("tmp", "/tmp"), **READ_ONLY_ROOT), volumes=["tmp"]
        ),
    ),
    "a write to a ConfigMap": (
        {"writes-to-read-only"},
        pod(
            shell("a", 'echo a | tee "/etc/a/x"', mount("v", "/etc/a")),
            volumes=[volume("v", **SETTINGS)],
        ),
    ),
    "a sizeLimit at the memory limit": (
        {"memory-above-limit"},
        pod(limited("a", mount("v", "/v"), memory="1Mi"), volumes=[volume("v", emptyDir=MEMORY)]),
    ),
    "one of two writers without a memory limit": (
        {"memory-without-limit"},
        pod(
            limited("a", mount("v", "/v"), memory="1Gi"),
            container("b", mount("v", "/v")),
            volumes=[empty_dir(medium="Memory")],
        ),
    ),
    "a sizeLimit on disk above the sum of the limits": (
        {"size-limit-above-storage-limit"},
        pod(
            limited("a", mount("v", "/v"), ephemeral_storage="1Gi"),
            container("b", mount("v", "/v")),
            volumes=[empty_dir(sizeLimit="1025Mi")],
        ),
    ),
    "a sizeLimit without a unit": (
        {"size-limit-too-small"},
        pod(container("a", mount("v", "/v")), volumes=[empty_dir(sizeLimit=64)]),
    ),
    "a subPath with a checksum on the wrong object": (
        {"sub-path-never-updates"},
        reloaded({"checksum/config": "0b7c29a5"}),
    ),
    "a subPath of a Secret": (
        {"sub-path-never-updates"},
        pod(
            container("a", mount("v", "/etc/x", subPath="x")),
            volumes=[volume("v", secret={"secretName": "settings"})],
        ),
    ),
    "a sidecar with only a livenessProbe": (
        {"sidecar-not-awaited"},
        sidecar(livenessProbe={"exec": {"command": ["true"]}}, reader=mount("v", "/etc/feed")),
    ),
    "tail with long options": ({"tail-by-descriptor"}, tail("tail --follow -n 1 /logs/access.log")),
    "tail with combined options": ({"tail-by-descriptor"}, tail("tail -fn+1 /logs/access.log")),
    "tail in a loop": (
        {"tail-by-descriptor"},
        tail("while true; do tail -n1 -f '/logs/access.log' | grep x; done"),
    ),
    "a read-only root of a container that also serves": (
        {"nowhere-to-write"},
        pod(shell("a", "sleep 1; serve", **READ_ONLY_ROOT), volumes=[]),
    ),
    "a file of an emptyDir inside a ConfigMap volume": (
        {"file-in-config"},
        pod(
            container("a", mount("v", "/etc/a"), mount("w", "/etc/a/x.conf", subPath="x.conf")),
            init=[shell("i", "touch /w/x.conf", mount("w", "/w"))],
            volumes=[volume("v", **SETTINGS), "w"],
        ),
    ),
    "a socket in a variable": (
        {"socket-left-behind"},
        pod(container("a", mount("v", "/s"), env=[{"name": "S", "value": "unix:/s/x.sock"}])),
    ),
    "a claim for a DaemonSet": (
        {"claim-shared-by-replicas"},
        (workload("DaemonSet", one_claim()), claim("ReadWriteOncePod")),
    ),
    "a block device that is also mounted": (
        {"invalid-volume-device"},
        device("v", "/dev/x", mount("v", "/data")),
    ),
    "a block device at the path of a mount": (
        {"invalid-volume-device"},
        device("v", "/data", mount("w", "/data")),
    ),
    "a block device without a path": ({"invalid-volume-device"}, device("v", "")),
    "a block device at a path with ..": ({"invalid-volume-device"}, device("v", "/dev/../x")),
    "an unknown source": (
        {"unknown-field"},
        pod(
            container("a", mount("v", "/v")), volumes=[volume("v", marvellousVolume={"name": "x"})]
        ),
    ),
    "an unknown field": (
        {"unknown-field"},
        pod(container("a", mount("v", "/v", marvellous=True))),
    ),
    "a misspelt sizeLimit": (
        {"misspelt-field"},
        pod(container("a", mount("v", "/v")), volumes=[empty_dir(sizelimit="1Gi")]),
    ),
}


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        # no container mounts the second one
        (["cache-volume-1", "cache-vol"], "Did you mean 'cache-vol'?"),
        # a typo counts for more
        (["cache-volumes", "cache-vol"], "Did you mean 'cache-volumes'?"),
        (["cache-volume-1"], "Did you mean 'cache-volume-1'?"),
        (["other"], "Declare 'cache-volume' under volumes"),
    ],
)
def test_a_missing_volume_is_probably_one_that_no_container_mounts(volumes, expected):
    """Among similar names, unless another one differs only by a typo."""
    other = container("b", mount(volumes[0], "/b"))
    manifest = pod(container("a", mount("cache-volume", "/a")), other, volumes=volumes)
    (template,) = find_templates(read(yaml.safe_dump(manifest)))

    fixes = [
        finding.fix for finding in rules.check(template) if finding.rule == "mount-without-volume"
    ]

    assert [fix.startswith(expected) for fix in fixes] == [True]


def as_tuple(objects):
    """Return the objects of a case."""
    return objects if isinstance(objects, tuple) else (objects,)


@pytest.mark.parametrize("objects", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_manifest_has_no_findings(objects):
    """It looks like a mistake but is not."""
    assert find(*as_tuple(objects)) == set()


@pytest.mark.parametrize(("expected", "objects"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found(expected, objects):
    """Only these rules find something."""
    assert find(*as_tuple(objects)) == expected
