"""Where a rule begins and ends: what looks like a mistake and is none, and the other way round."""

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

MEMORY = {"medium": "Memory", "sizeLimit": "1Mi"}


def volume(name, **source):
    """A volume; an emptyDir if no source is given."""
    return {"name": name, **(source or {"emptyDir": {}})}


def mount(name, path, **more):
    """A volumeMount."""
    return {"name": name, "mountPath": path, **more}


def container(name, *mounts, **more):
    """A container."""
    return {"name": name, "image": "busybox", "volumeMounts": list(mounts), **more}


def shell(name, script, *mounts, **more):
    """A container that runs a script."""
    return container(name, *mounts, command=["sh", "-c", script], **more)


def pod(*containers, volumes=("v",), init=(), security=None, annotations=None):
    """A Pod; volumes are given as names, of emptyDirs, or in full."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "annotations": annotations or {}},
        "spec": {
            "securityContext": security or {},
            "initContainers": list(init),
            "containers": list(containers),
            "volumes": [volume(each) if isinstance(each, str) else each for each in volumes],
        },
    }


def workload(kind, manifest, **spec):
    """A workload that makes Pods of that one."""
    template = {"metadata": manifest["metadata"], "spec": manifest["spec"]}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": "w"},
        "spec": {"template": template, **spec},
    }


def found(*objects):
    """The rules that find something."""
    text = yaml.safe_dump_all(objects)
    return {
        finding.rule for template in find_templates(read(text)) for finding in rules.check(template)
    }


A_CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}
SETTINGS = {"configMap": {"name": "settings"}}
READ_ONLY = {"readOnly": True}
READ_ONLY_ROOT = {"securityContext": {"readOnlyRootFilesystem": True}}
ROOT, APP, OTHER = ({"securityContext": {"runAsUser": user}} for user in (0, 1000, 2000))
SIDECAR = {"restartPolicy": "Always"}
SLEEP = {"command": ["sleep", "infinity"]}


def claim(mode, name="data"):
    """A claim with an access mode."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
    }


def two(mine, theirs, *, volumes=("v",), **more):
    """A Pod with two containers of one mount each."""
    return pod(container("a", mine), container("b", theirs), volumes=volumes, **more)


def one_claim(**more):
    """A Pod with a claim."""
    return pod(container("a", mount("v", "/data")), volumes=[volume("v", **A_CLAIM)], **more)


def limited(name, *mounts, **limits):
    """A container with limits."""
    given = {key.replace("_", "-"): value for key, value in limits.items()}
    return container(name, *mounts, resources={"limits": given})


def empty_dir(**fields):
    """An emptyDir named v."""
    return volume("v", emptyDir=fields)


def tail(command):
    """A web server, and a container that follows its log."""
    logs = mount("v", "/var/log/nginx")
    return pod(container("web", logs), shell("tail", command, mount("v", "/logs", **READ_ONLY)))


def sidecar(name="feeder", path="/feed", volumes=("v",), init=(), reader=None, **more):
    """A native sidecar with a volume that the app mounts as well."""
    feeder = container(name, mount("v", path), **SIDECAR, **more)
    app = container("app", reader or mount("v", "/etc/feed", **READ_ONLY))
    return pod(app, init=[*init, feeder], volumes=volumes)


def reloaded(annotations):
    """A Deployment with a ConfigMap by subPath, and annotations of its own."""
    pinned = container("a", mount("v", "/etc/x", subPath="x"))
    made = workload("Deployment", pod(pinned, volumes=[volume("v", **SETTINGS)]))
    return made | {"metadata": {"name": "w", "annotations": annotations}}


QUIET = {
    "scratch by its name": pod(
        container("a", mount("app-tmp", "/x")), container("b"), volumes=["app-tmp"]
    ),
    "scratch by its path": pod(container("a", mount("v", "/var/cache/x")), container("b")),
    "scratch for a read-only root": pod(
        container("a", mount("v", "/var/lib/a"), **READ_ONLY_ROOT), container("b")
    ),
    "the only container's own": pod(container("a", mount("v", "/var/lib/a"))),
    "a claim of one of several containers": pod(
        container("a", mount("v", "/data")), container("b"), volumes=[volume("v", **A_CLAIM)]
    ),
    "a volume that a StatefulSet's claim makes": workload(
        "StatefulSet",
        pod(container("a", mount("data", "/data")), volumes=[]),
        volumeClaimTemplates=[claim("ReadWriteOnce")],
    ),
    "a volume that an annotation asks an injected container to mount": pod(
        container("a"),
        annotations={"sidecar.istio.io/userVolumeMount": '[{"name":"v","mountPath":"/certs"}]'},
    ),
    "an emptyDir read by the kubelet alone": pod(
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
    "init containers that hand on to one another": pod(
        container("a"),
        init=[container("i", mount("v", "/one")), container("j", mount("v", "/two"))],
    ),
    "an init container that only looks": pod(
        container("a"),
        init=[shell("i", "if [ -f /extra/x ]; then cat /extra/x; fi", mount("v", "/extra"))],
    ),
    "numbered subPaths": two(
        mount("v", "/a", subPath="shard1"), mount("v", "/b", subPath="shard2")
    ),
    "subPaths that have little in common": two(
        mount("v", "/a", subPath="input"), mount("v", "/b", subPath="output")
    ),
    "subPaths beside the whole volume": pod(
        container("a", mount("v", "/a", subPath="log"), mount("v", "/all")),
        container("b", mount("v", "/b", subPath="logs")),
    ),
    "a path that both images have": pod(
        container("a", mount("v", "/opt")), shell("b", "ls /opt", mount("v", "/v"))
    ),
    "a path in a variable that is mounted": pod(
        container("a", mount("v", "/spool/x")),
        container("b", mount("v", "/spool/x"), env=[{"name": "DIR", "value": "/spool/x"}]),
    ),
    "a URL that ends like a path": pod(
        container("a", mount("v", "/data/x"), **READ_ONLY_ROOT),
        shell("b", "wget http://a/data/x -O /dev/null"),
    ),
    "a folder that ends in .d": pod(container("a", mount("v", "/etc/x.d"))),
    "a folder with a version": pod(container("a", mount("v", "/opt/app-1.2"))),
    "a hidden folder": pod(container("a", mount("v", "/root/.conf"))),
    "a hostPath that is a file": pod(
        container("a", mount("v", "/etc/x.conf", **READ_ONLY)),
        volumes=[volume("v", hostPath={"path": "/etc/x.conf", "type": "File"})],
    ),
    "a file that an init container makes": pod(
        container("a", mount("v", "/etc/x.conf", subPath="x.conf")),
        init=[shell("i", "echo > /v/x.conf", mount("v", "/v"))],
    ),
    "a Windows path": pod(container("a", mount("v", "C:\\data"))),
    "the image's own folder, copied first": pod(
        container("a", mount("v", "/etc")), init=[shell("i", "cp -r /etc/. /v/", mount("v", "/v"))]
    ),
    "a nested mount that both have": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        container("b", mount("v", "/work"), mount("tmp", "/work/tmp")),
        volumes=["v", "tmp"],
    ),
    "a nested mount of the only writer": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        container("b", mount("v", "/data", **READ_ONLY)),
        volumes=["v", "tmp"],
    ),
    "a nested mount beside what an init container writes": pod(
        container("a", mount("v", "/data"), mount("tmp", "/data/tmp")),
        init=[shell("i", "date > /data/now", mount("v", "/data"))],
        volumes=["v", "tmp"],
    ),
    "a nested mount in what an init container has filled": pod(
        container("a", mount("v", "/data", **READ_ONLY), mount("tmp", "/data/tmp")),
        init=[shell("i", "mkdir /v/tmp", mount("v", "/v"))],
        volumes=["v", "tmp"],
    ),
    "a nested mount in a read-only claim": pod(
        container("a", mount("v", "/data", **READ_ONLY), mount("tmp", "/data/tmp")),
        volumes=[volume("v", **A_CLAIM), "tmp"],
    ),
    "a folder within a ConfigMap's": pod(
        container("a", mount("v", "/etc/a"), mount("tmp", "/etc/a/tmp")),
        volumes=[volume("v", **SETTINGS), "tmp"],
    ),
    "one user": pod(
        container("a", mount("v", "/v"), **APP), container("b", mount("v", "/v"), **APP)
    ),
    "a user who only reads": pod(
        container("a", mount("v", "/v"), **APP),
        container("b", mount("v", "/v", **READ_ONLY), **OTHER),
    ),
    "users in folders of their own": pod(
        container("a", mount("v", "/v", subPath="in"), **APP),
        container("b", mount("v", "/v", subPath="out"), **OTHER),
    ),
    "root that gives its files away": pod(
        container("a", mount("v", "/v"), **APP),
        init=[shell("i", "mkdir /v/x && chown 1000 /v/x", mount("v", "/v"), **ROOT)],
    ),
    "root whose script is somewhere else": pod(
        container("a", mount("v", "/v"), **APP),
        init=[container("i", mount("v", "/v"), command=["/scripts/init.sh"], **ROOT)],
    ),
    "root beside a user": pod(
        container("a", mount("v", "/v"), **APP), container("b", mount("v", "/v"), **ROOT)
    ),
    "a claim of root": one_claim(security={"runAsUser": 0}),
    "a claim of the image's user": one_claim(),
    "a claim of a group": one_claim(security={"runAsUser": 1000, "supplementalGroups": [2000]}),
    "a claim that root prepares": pod(
        container("a", mount("v", "/data"), **APP),
        init=[shell("i", "chown -R 1000 /data", mount("v", "/data"), **ROOT)],
        volumes=[volume("v", **A_CLAIM)],
    ),
    "a write to a device": pod(
        shell("a", "echo a > /dev/stdout; echo b >&2", mount("tmp", "/tmp"), **READ_ONLY_ROOT),
        volumes=["tmp"],
    ),
    "an arrow that is no shell's": pod(
        container("a", mount("v", "/v", **READ_ONLY), args=["a>/v/x"]),
        volumes=[volume("v", **A_CLAIM)],
    ),
    "memory below the limit": pod(
        limited("a", mount("v", "/v"), memory="2Mi"), volumes=[volume("v", emptyDir=MEMORY)]
    ),
    "memory above the limit of who only reads": pod(
        limited("a", mount("v", "/v"), memory="8Mi"),
        limited("b", mount("v", "/v", **READ_ONLY), memory="1Mi"),
        volumes=[volume("v", emptyDir=MEMORY)],
    ),
    "a disk's sizeLimit below the sum of the limits": pod(
        limited("a", mount("v", "/v"), ephemeral_storage="1Gi"),
        limited("b", mount("v", "/v"), ephemeral_storage="1Gi"),
        volumes=[empty_dir(sizeLimit="2Gi")],
    ),
    "a sizeLimit of zero": pod(
        container("a", mount("v", "/v")), volumes=[empty_dir(sizeLimit="0")]
    ),
    "subPath of a ConfigMap in a Job": workload(
        "Job",
        pod(container("a", mount("v", "/etc/x", subPath="x")), volumes=[volume("v", **SETTINGS)]),
    ),
    "subPath of a ConfigMap with a hash in its name": pod(
        container("a", mount("v", "/etc/x", subPath="x")),
        volumes=[volume("v", configMap={"name": "settings-57d2b6k8f9"})],
    ),
    "subPath of the program itself": pod(
        container("a", mount("v", "/run.py", subPath="run.py"), command=["python", "/run.py"]),
        volumes=[volume("v", **SETTINGS)],
    ),
    "subPath of what Reloader rolls": reloaded({"reloader.stakater.com/auto": "true"}),
    "subPath of an init container": pod(
        container("a"),
        init=[container("i", mount("v", "/etc/x", subPath="x"))],
        volumes=[volume("v", **SETTINGS)],
    ),
    "git-sync that pulls once": pod(
        container("a", mount("v", "/site", subPath="link")),
        init=[container("git-sync", mount("v", "/git"))],
    ),
    "a sidecar that is awaited": sidecar(startupProbe={"exec": {"command": ["true"]}}),
    "a sidecar with a hook": sidecar(lifecycle={"postStart": {"exec": {"command": ["true"]}}}),
    "a sidecar that ships logs": sidecar(path="/logs", reader=mount("v", "/var/log/app")),
    "a sidecar that tails": sidecar(
        reader=mount("v", "/var/spool/app/x"), command=["tail", "-F", "/feed/x"]
    ),
    "a sidecar after an init container that fills": sidecar(
        init=[container("first", mount("v", "/feed"))]
    ),
    "tail of nothing": pod(shell("a", "tail -f /dev/null", mount("v", "/v"))),
    "tail by name": tail("tail -n 1 -F /logs/access.log"),
    "tail by name, in full": tail("tail --follow=name --retry /logs/access.log"),
    "tail of its own file": pod(shell("a", "tail -f /v/x", mount("v", "/v"))),
    "a socket that is removed first": pod(
        shell("a", 'S=/s/x.sock; if [ -e "$S" ]; then rm -f "$S"; fi; serve', mount("v", "/s"))
    ),
    "a read-only root of who only sleeps": pod(
        shell("a", "sleep infinity", **READ_ONLY_ROOT), volumes=[]
    ),
    "a socket of the host": pod(
        container("a", mount("v", "/run/x"), env=[{"name": "S", "value": "/run/x/x.sock"}]),
        volumes=[volume("v", hostPath={"path": "/run/x"})],
    ),
    "a claim for one Pod": (workload("Deployment", one_claim()), claim("ReadWriteOnce")),
    "a claim of another namespace": (
        workload("Deployment", one_claim(), replicas=2),
        claim("ReadWriteOnce") | {"metadata": {"name": "data", "namespace": "other"}},
    ),
    "a claim of which nothing is known": workload("Deployment", one_claim(), replicas=2),
    "a source of the future": pod(
        container("a", mount("v", "/v")), volumes=[volume("v", marvellousVolume={"name": "x"})]
    ),
    "a field of the future": pod(container("a", mount("v", "/v", marvellous=True))),
    "a source that a chart left empty": pod(
        container("a", mount("v", "/v")), volumes=[volume("v", configMap=None)]
    ),
}

LOUD = {
    "a volume beside its typo": (
        {"volume-near-miss", "volume-of-one-container"},
        two(mount("report", "/a"), mount("reprot", "/b"), volumes=["report", "reprot"]),
    ),
    "an init container's volume that the app has another at": (
        {"volume-near-miss", "init-output-unread", "volume-of-one-container"},
        pod(
            container("a", mount("w", "/site")),
            init=[container("i", mount("v", "/site"))],
            volumes=["v", "w"],
        ),
    ),
    "a path in a variable that is not mounted": (
        {"consumer-without-mount", "volume-of-one-container"},
        pod(
            container("a", mount("v", "/queue")),
            container("b", env=[{"name": "DIR", "value": "unix:///queue/x"}]),
        ),
    ),
    "subPaths of one letter's difference": (
        {"sub-path-near-miss"},
        two(mount("v", "/a", subPath="exchange"), mount("v", "/b", subPath="exchnage")),
    ),
    "subPaths in capitals": (
        {"sub-path-near-miss"},
        two(mount("v", "/a", subPath="Data"), mount("v", "/b", subPath="data")),
    ),
    "one path spelt in two ways": (
        {"hidden-mount"},
        pod(container("a", mount("v", "/a"), mount("tmp", "/a/")), volumes=["v", "tmp"]),
    ),
    "a nested mount over what an init container writes": (
        {"hidden-mount"},
        pod(
            container("a", mount("v", "/data"), mount("tmp", "/data/conf")),
            init=[shell("i", "date > /work/conf/now", mount("v", "/work"))],
            volumes=["v", "tmp"],
        ),
    ),
    "a home": ({"path-not-expanded"}, pod(container("a", mount("v", "~/x")))),
    "a star": ({"path-not-expanded"}, pod(container("a", mount("v", "/logs/*")))),
    "a colon": ({"path-is-a-list"}, pod(container("a", mount("v", "/a:/b")))),
    "a space at the end": ({"path-is-a-list"}, pod(container("a", mount("v", "/a ")))),
    "a file of an emptyDir": (
        {"path-looks-like-a-file"},
        pod(container("a", mount("v", "/a/x.log"))),
    ),
    "a termination message in a read-only mount": (
        {"nested-in-read-only", "no-writer"},
        pod(container("a", mount("v", "/v", **READ_ONLY), terminationMessagePath="/v/m")),
    ),
    "root that keeps its files": (
        {"users-differ"},
        pod(
            container("a", mount("v", "/v"), **APP),
            init=[shell("i", "mkdir /v/x", mount("v", "/v"), **ROOT)],
        ),
    ),
    "a claim of nobody": ({"claim-not-writable"}, one_claim(security={"runAsNonRoot": True})),
    "a claim of a StatefulSet's": (
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
    "memory at the limit": (
        {"memory-above-limit"},
        pod(limited("a", mount("v", "/v"), memory="1Mi"), volumes=[volume("v", emptyDir=MEMORY)]),
    ),
    "memory without limits of one of two": (
        {"memory-without-limit"},
        pod(
            limited("a", mount("v", "/v"), memory="1Gi"),
            container("b", mount("v", "/v")),
            volumes=[empty_dir(medium="Memory")],
        ),
    ),
    "a disk's sizeLimit above the sum of the limits": (
        {"size-limit-above-storage-limit"},
        pod(
            limited("a", mount("v", "/v"), ephemeral_storage="1Gi"),
            container("b", mount("v", "/v")),
            volumes=[empty_dir(sizeLimit="1025Mi")],
        ),
    ),
    "a sizeLimit without its unit": (
        {"size-limit-too-small"},
        pod(container("a", mount("v", "/v")), volumes=[empty_dir(sizeLimit=64)]),
    ),
    "subPath with a checksum that rolls nothing": (
        {"sub-path-never-updates"},
        reloaded({"checksum/config": "0b7c29a5"}),
    ),
    "a Secret by subPath": (
        {"sub-path-never-updates"},
        pod(
            container("a", mount("v", "/etc/x", subPath="x")),
            volumes=[volume("v", secret={"secretName": "settings"})],
        ),
    ),
    "a sidecar that is alive, and not awaited": (
        {"sidecar-not-awaited"},
        sidecar(livenessProbe={"exec": {"command": ["true"]}}, reader=mount("v", "/etc/feed")),
    ),
    "tail, in full": ({"tail-by-descriptor"}, tail("tail --follow -n 1 /logs/access.log")),
    "tail with its options in one": ({"tail-by-descriptor"}, tail("tail -fn+1 /logs/access.log")),
    "tail of two commands": (
        {"tail-by-descriptor"},
        tail("while true; do tail -n1 -f '/logs/access.log' | grep x; done"),
    ),
    "a read-only root of who may do more": (
        {"nowhere-to-write"},
        pod(shell("a", "sleep 1; serve", **READ_ONLY_ROOT), volumes=[]),
    ),
    "a file of an emptyDir in a ConfigMap's folder": (
        {"file-in-config"},
        pod(
            container("a", mount("v", "/etc/a"), mount("w", "/etc/a/x.conf", subPath="x.conf")),
            init=[shell("i", "touch /w/x.conf", mount("w", "/w"))],
            volumes=[volume("v", **SETTINGS), "w"],
        ),
    ),
    "a socket of a variable": (
        {"socket-left-behind"},
        pod(container("a", mount("v", "/s"), env=[{"name": "S", "value": "unix:/s/x.sock"}])),
    ),
    "a claim for a Pod on each node": (
        {"claim-shared-by-replicas"},
        (workload("DaemonSet", one_claim()), claim("ReadWriteOncePod")),
    ),
    "a misspelt sizeLimit": (
        {"misspelt-field"},
        pod(container("a", mount("v", "/v")), volumes=[empty_dir(sizelimit="1Gi")]),
    ),
}


def objects(given):
    """A row's objects."""
    return given if isinstance(given, tuple) else (given,)


@pytest.mark.parametrize("given", QUIET.values(), ids=QUIET)
def test_what_is_no_mistake_is_not_found(given):
    """No rule says anything."""
    assert found(*objects(given)) == set()


@pytest.mark.parametrize(("expected", "given"), LOUD.values(), ids=LOUD)
def test_what_is_a_mistake_is_found(expected, given):
    """By these rules, and no others."""
    assert found(*objects(given)) == expected
