"""The promises of manifests, proved on a cluster by runs of pytest without any Python."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path

import pytest

from pytest_podshare import assert_file_visible, errors
from tests.support.ended_job import JOB

pytestmark = pytest.mark.two_nodes

MANIFESTS = Path("manifests").resolve()
CHARTS = Path("../shared/charts").resolve()
STAY = "while :; do sleep 1; done"
POD = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: c1
      image: busybox
      command: [sh, -c, "echo hello > /a/log; {STAY}"]
      volumeMounts: [{{name: v, mountPath: /a, subPath: one}}]
    - name: c2
      image: busybox
      command: [sh, -c, "{STAY}"]
      volumeMounts: [{{name: v, mountPath: /b, subPath: one}}]
  volumes:
    - name: v
      emptyDir: {{}}
"""
APART = POD.replace("/b, subPath: one", "/b, subPath: other")
# two containers with two volumes each, which have content of their own
TWO_VOLUMES = POD.replace("subPath: one}]", "subPath: one}, {name: w, mountPath: /w}]").replace(
    "  volumes:\n", "  volumes:\n    - name: w\n      emptyDir: {}\n"
)
# each deployment, restart and deletion leaves a line, whichever process it is in
COUNTED = """
import pathlib
from pytest_podshare.containers.container import Container
from pytest_podshare.pods import replacement
from pytest_podshare.pods.deployer import Podshare

def count(owner, name, file, describe):
    original = getattr(owner, name)

    def counted(*arguments, **more):
        with pathlib.Path(__file__).with_name(file).open("a") as lines:
            lines.write(f"{describe(*arguments)}\\n")
        return original(*arguments, **more)

    setattr(owner, name, counted)

count(Podshare, "deploy", "deployed", lambda _, wanted: f"{wanted.origin} {wanted.subject['kind']}")
count(Container, "restart", "disrupted", lambda container: f"restart {container.name}")
count(replacement, "delete", "disrupted", lambda pod, *_: f"delete {pod.name}")
"""


class Result:
    """The result of a run: each item with its outcome and text, and what happened to Pods."""

    def __init__(self, folder, done):
        self.printed = done.stdout + done.stderr
        self.deployed, self.disrupted = (
            path.read_text().splitlines() if path.exists() else []
            for path in (folder / "deployed", folder / "disrupted")
        )
        self.items, self.texts, self.properties, self.seconds = {}, {}, {}, {}
        for case in ET.parse(folder / "out.xml").findall(".//testcase"):
            level = case.get("classname").split(".yaml")[-1].lstrip(".")
            name = "::".join(each for each in (level, case.get("name")) if each)
            found = next(
                (each for each in case if each.tag in ("failure", "error", "skipped")), None
            )
            self.items[name] = "passed" if found is None else found.tag
            self.texts[name] = "" if found is None else (found.text or found.get("message"))
            self.seconds[name] = float(case.get("time"))
            self.properties[name] = [
                (each.get("name"), each.get("value")) for each in case.findall(".//property")
            ]


@pytest.fixture
def run(podshare_cluster, tmp_path):
    """Return a function that runs pytest on manifests, on the existing cluster."""
    cluster = {"PODSHARE_CLUSTER_NAME": podshare_cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    (tmp_path / "counted.py").write_text(COUNTED)

    def run_pytest(manifests, *args):
        for name, text in manifests.items():
            (tmp_path / name).write_text(text)
        for name in ("deployed", "disrupted"):
            (tmp_path / name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "-p", "counted"]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", "--junit-xml=out.xml", *args],
            cwd=tmp_path,
            env={**os.environ, **cluster},
            capture_output=True,
            text=True,
        )
        return Result(tmp_path, done)

    return run_pytest


def test_every_promise_of_a_manifest_is_proved_on_one_pod(run):
    """The Pod is deployed once, and each item has only the evidence of its own promise."""
    result = run({}, f"--podshare-manifests={MANIFESTS / 'sharevol.yaml'}")

    assert result.items == {
        "wiring": "passed",
        "c1→c2@xchange": "passed",
        "c2→c1@xchange": "passed",
        "restart@xchange[c1]": "passed",
        "restart@xchange[c2]": "passed",
        "deleted@xchange": "passed",
    }
    assert result.deployed == [f"{MANIFESTS / 'sharevol.yaml'} Pod"]
    claims = {
        name: [value.split("  (")[0] for key, value in pairs if key == "podshare"]
        for name, pairs in result.properties.items()
    }
    assert claims["wiring"] == []
    assert claims["c2→c1@xchange"] == ["c1 sees what c2 wrote to xchange"]
    assert claims["restart@xchange[c2]"] == ["what c2 wrote to xchange survives its restart"]
    assert claims["deleted@xchange"] == [
        "what was written to xchange is lost on the Pod's deletion"
    ]


def test_what_a_manifest_expects_otherwise_is_proved(run):
    """The annotation sets a negative promise, an application's file and a restart strategy."""
    annotation = """\
  annotations:
    podshare.dev/expect: |
      c1→c2@v: {is: apart, window: 0.2}
      c2→c1@v: apart
      restart@v[c1]: {strategy: image}
      restart@v[c2]: off
      read-only@v[c2]: writable
      deleted@v: off
"""
    result = run(
        {"apart.yaml": APART.replace("spec:\n", f"{annotation}spec:\n", 1)},
        "--podshare-manifests=apart.yaml",
    )

    assert result.items == dict.fromkeys(
        ["wiring", "c1→c2@v", "c2→c1@v", "read-only@v[c2]", "restart@v[c1]"], "passed"
    )


def test_a_broken_promise_fails_with_its_text_and_nothing_else(run):
    """All of these expectations are wrong; the failures report what was seen, without traceback."""
    annotation = """\
  annotations:
    podshare.dev/expect: |
      c1→c2@v: visible
      c2→c1@v: off
      restart@v[c1]: off
      restart@v[c2]: off
      medium@v: Memory
      deleted@v: survives
"""
    result = run(
        {"apart.yaml": APART.replace("spec:\n", f"{annotation}spec:\n", 1)},
        "--podshare-manifests=apart.yaml",
        "-k=not wiring",
    )

    assert result.items == {
        "c1→c2@v": "failure",
        "medium@v": "failure",
        "deleted@v": "failure",
    }
    assert "'c2' does not see what 'c1' writes" in result.texts["c1→c2@v"]
    assert "volume 'v' is not on the expected medium" in result.texts["medium@v"]
    assert "is missing or changed after the Pod was replaced" in result.texts["deleted@v"]
    for text in result.texts.values():
        assert ".py:" not in text
        assert "def " not in text
    assert re.search("^FAILED apart.yaml::medium@v - .*PromiseBroken: ", result.printed, re.M)


def test_one_disruption_proves_all_its_promises(run):
    """Each container is restarted once and the Pod replaced once, for two volumes."""
    result = run({"web.yaml": TWO_VOLUMES}, "--podshare-manifests=web.yaml")

    disrupting = [f"restart@{volume}[{c}]" for volume in "vw" for c in ("c1", "c2")]
    disrupting += ["deleted@v", "deleted@w"]
    assert {result.items[name] for name in disrupting} == {"passed"}
    assert sorted(result.disrupted) == ["delete web", "restart c1", "restart c2"]
    for name in disrupting:
        (claim,) = (value for key, value in result.properties[name] if key == "podshare")
        assert f" to {name.partition('@')[2][0]} " in claim


@pytest.mark.parametrize("selected", ["", "::restart@v", "::restart@w", "::restart@w[c1]"])
def test_a_volume_that_is_emptied_by_a_restart_fails_alone(run, selected):
    """Whichever items are selected; the mutated twin is the test above."""
    emptied = TWO_VOLUMES.replace("echo hello", "rm -rf /w/*; echo hello")

    result = run({"web.yaml": emptied}, f"web.yaml{selected}")

    restarts = {name: was for name, was in result.items.items() if "restart@" in name}
    expected = {
        "restart@v[c1]": "passed",
        "restart@v[c2]": "passed",
        "restart@w[c1]": "failure",
        "restart@w[c2]": "passed",
    }
    assert restarts == {k: was for k, was in expected.items() if selected.strip(":") in k}
    assert result.disrupted.count("restart c1") == 1


def test_a_file_of_the_application_is_seen(run):
    """Its author expects the content; the mutated twin expects something else."""
    annotation = """\
  annotations:
    podshare.dev/expect: |
      c1->c2:/a/log: {content: "hello\\n", timeout: 5}
"""
    right = POD.replace("spec:\n", f"{annotation}spec:\n", 1)
    manifests = {"right.yaml": right, "wrong.yaml": right.replace("hello\\n", "goodbye")}

    result = run(manifests, *(f"{name}::c1→c2:/a/log" for name in manifests))

    # CI has it in whole in the summary as well
    failures, _, summary = result.printed.partition("short test summary info")
    assert failures.count("'c1' itself has different content in /a/log") == 1
    assert re.search("^FAILED wrong.yaml::c1→c2:/a/log", summary, re.M)
    assert re.search(r"^=+ 1 failed, 1 passed in ", summary, re.M)


def test_a_pod_that_cannot_be_deployed_is_tried_once(run):
    """Every item reports the reason immediately."""
    result = run(
        {"web.yaml": POD.replace("image: busybox", "image: private.test/no/such:1")},
        "--podshare-manifests=web.yaml",
        "-k=not wiring",
    )

    assert set(result.items.values()) == {"error"}
    assert len(result.items) == 5
    assert result.deployed == ["web.yaml Pod"]
    assert all("cannot get image private.test/no/such:1" in each for each in result.texts.values())
    assert all(seconds < 30 for seconds in list(result.seconds.values())[1:])


MOVES = """

from pytest_podshare.pods import replacement

# as if the scheduler had chosen another node
replacement.delete = lambda pod, timeout: replacement.drain(pod, timeout, elsewhere=True)
"""


@pytest.mark.podshare_needs("two-nodes")
def test_a_hostpath_is_not_expected_on_another_node(run, tmp_path):
    """The hostPath belongs to the node, and nothing promises that the Pod returns there."""
    on_node = POD.replace("emptyDir: {}", "hostPath: {path: /tmp/collect, type: DirectoryOrCreate}")
    (tmp_path / "moves.py").write_text(MOVES)

    stays = run({"web.yaml": on_node}, "--podshare-manifests=web.yaml", "-k=deleted")
    moves = run({}, "--podshare-manifests=web.yaml", "-k=deleted", "-p", "moves", "-rs")

    assert moves.items == {"deleted@v": "skipped"}, moves.printed
    assert re.search(r"the replacement Pod is on \S+, but a hostPath stays on \S+", moves.printed)
    assert stays.items["deleted@v"] in ("passed", "skipped")


SEVERAL = (
    JOB
    + """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      serviceAccountName: web
      containers:
        - name: c
          image: busybox
          command: [sh, -c, "while :; do sleep 1; done"]
          volumeMounts: [{name: d, mountPath: /d}, {name: c, mountPath: /c}]
      volumes: [{name: d, emptyDir: {}}, {name: c, configMap: {name: settings}}]
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
"""
)


def test_each_template_of_several_gets_its_own_pod(run):
    """Objects without Pods are deployed too; a completed Job has no running container."""
    # beside each other, they have no order
    in_order = ("--podshare-manifests=all.yaml", "--podshare-parallel=1")
    result = run({"all.yaml": SEVERAL}, *in_order, "-rs")

    assert result.items == {
        "Job/once::wiring": "passed",
        "Job/once::deleted@d": "skipped",
        "Deployment/web::wiring": "passed",
        "Deployment/web::restart@d[c]": "passed",
        "Deployment/web::deleted@d": "passed",
    }
    assert result.deployed == ["all.yaml Job", "all.yaml Deployment"]
    assert "all containers have exited; --podshare-skeleton keeps them running" in result.printed


# pytest-dev/pytest-xdist#1386: the mark xdist_group has no effect
IGNORES_GROUPS = version("pytest-xdist") == "3.8.0" and pytest.version_tuple >= (9, 2)


@pytest.mark.parametrize(
    "dist",
    [
        "loadfile",
        pytest.param(
            "loadgroup", marks=pytest.mark.xfail(IGNORES_GROUPS, reason="#1386", strict=True)
        ),
    ],
)
def test_one_worker_deploys_each_template(run, dist):
    """pytest-xdist can keep all items of a file, or of a template, on one worker."""
    result = run(
        {"all.yaml": SEVERAL, "web.yaml": POD},
        *("--podshare-manifests=all.yaml", "--podshare-manifests=web.yaml"),
        *("-n2", f"--dist={dist}", "-k", "web and not wiring and not deleted"),
    )

    assert set(result.items.values()) == {"passed"}
    assert sorted(result.deployed) == ["all.yaml Deployment", "web.yaml Pod"]


UNAVAILABLE = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      serviceAccountName: robot
      priorityClassName: high
      nodeSelector: {disk: ssd}
      securityContext: {runAsNonRoot: true, fsGroup: 3000}
      imagePullSecrets: [{name: pull}]
      initContainers:
        - name: prepare
          image: private.test/prepare
          volumeMounts: [{name: data, mountPath: /data}]
        - name: shipper
          image: private.test/shipper
          restartPolicy: Always
          startupProbe: {tcpSocket: {port: 1}}
          volumeMounts: [{name: data, mountPath: /logs, readOnly: true}, {name: nfs, mountPath: /n}]
      containers:
        - name: app
          image: private.test/app
          envFrom: [{secretRef: {name: keys}}]
          readinessProbe: {tcpSocket: {port: 1}}
          resources: {limits: {cpu: "64", memory: 64Gi}}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: keys, mountPath: /keys}
            - {name: claim, mountPath: /claim, subPathExpr: "$(POD)/x"}
          env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
      volumes:
        - {name: data, emptyDir: {medium: Memory}}
        - {name: keys, secret: {secretName: keys}}
        - {name: claim, persistentVolumeClaim: {claimName: theirs}}
        - {name: nfs, nfs: {server: nowhere.test, path: /}}
"""


def test_a_skeleton_keeps_the_wiring_of_what_cannot_run(run):
    """Private images, Secrets, claims, servers, nodes and probes do not exist here."""
    result = run(
        {"agent.yaml": UNAVAILABLE},
        "--podshare-manifests=agent.yaml",
        "--podshare-skeleton",
        "-k=not wiring",
    )

    assert result.items == dict.fromkeys(
        [
            "prepare→shipper@data",
            "prepare→app@data",
            "app→shipper@data",
            "read-only@data[shipper]",
            "medium@data",
            "restart@data[shipper]",
            "restart@data[app]",
            "restart@claim[app]",
            "restart@nfs[shipper]",
            "deleted@data",
            "deleted@claim",
            "deleted@nfs",
        ],
        "passed",
    )
    did_not = ("podshare_skeleton", "busybox ran instead of the applications")
    for pairs in result.properties.values():
        assert did_not in pairs
        (evidence,) = (value for name, value in pairs if name == "podshare")
        assert "busybox in place of the applications)" in evidence
    assert (
        "podshare: skeleton mode: busybox runs instead of the manifests' applications"
        in result.printed
    )


def test_without_a_skeleton_it_cannot_run(run):
    """The positive control of the skeleton."""
    result = run(
        {"agent.yaml": UNAVAILABLE}, "--podshare-manifests=agent.yaml", "-k=medium",
        "--podshare-ready-timeout=10",
    )  # fmt: skip

    assert result.items == {"medium@data": "error"}


@pytest.mark.parametrize("mode", ["application", "skeleton"])
def test_what_a_sidecar_mounts_is_promised_to_those_who_receive_it(run, mode):
    """In a skeleton, which has no application that mounts anything, as well."""
    arguments = [f"--podshare-manifests={MANIFESTS / 'mount-propagation.yaml'}", "-k=propagated"]

    result = run({}, *arguments, *(["--podshare-skeleton"] if mode == "skeleton" else []))

    assert result.items == {"propagated@remote[mounter→app]": "passed"}, result.printed


def test_a_demanded_propagation_fails_without_its_receiver(run):
    """The twin: by default nothing is promised, since the receiver does not ask for mounts."""
    text = (MANIFESTS / "broken" / "not-propagated.yaml").read_text()
    expected = (
        'metadata: {annotations: {podshare.dev/expect: "propagated@remote[mounter->app]: on"}'
    )
    expected = expected.replace(": on", ": {is: propagated, timeout: 1}") + ", name: p}"
    text = text.replace("metadata:\n  name: not-propagated", expected)

    result = run({"p.yaml": text}, "--podshare-manifests=p.yaml", "-k=propagated")

    assert result.items == {"propagated@remote[mounter→app]": "failure"}
    assert "not propagated: in mounter" in result.printed


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data: {key: value}
---
"""


@pytest.mark.parametrize(
    ("config", "outcome"), [(CONFIG, "passed"), ("", "skipped")], ids=["filled", "empty"]
)
def test_the_same_files_are_promised_if_there_are_any(run, config, outcome):
    """A skeleton has an empty volume in place of a ConfigMap that the manifest lacks."""
    text = POD.replace("emptyDir: {}", "configMap: {name: config}").replace(", subPath: one", "")

    result = run(
        {"p.yaml": config + text}, "--podshare-manifests=p.yaml", "--podshare-skeleton", "-k=same"
    )

    assert result.items == {"same@v": outcome}, result.printed
    assert ("has no file" in result.texts["same@v"]) == (outcome == "skipped")


SILENT = POD.replace("echo hello > /a/log; ", "").replace(
    "  containers:\n",
    """  initContainers:
    - name: wait
      image: busybox
      command: ["true"]
      volumeMounts: [{name: v, mountPath: /w}]
  containers:
""",
    1,
)


def test_an_init_container_that_wrote_nothing_is_skipped_unless_the_manifest_promises_it(run):
    """Its own run neither proves nor disproves the wiring; a skeleton proves it."""
    promised = SILENT.replace(
        "  name: web\n",
        "  name: web\n  annotations: {podshare.dev/expect: 'wait→c1@v: visible'}\n",
        1,
    )
    select = ("--podshare-manifests=web.yaml", "-k=wait and c1", "-rs")

    silent = run({"web.yaml": SILENT}, *select)
    asked = run({"web.yaml": promised}, *select)
    skeleton = run({"web.yaml": SILENT}, *select, "--podshare-skeleton")

    assert silent.items == {"wait→c1@v": "skipped"}
    assert "--podshare-skeleton does" in silent.texts["wait→c1@v"]
    assert asked.items == {"wait→c1@v": "failure"}
    assert "nothing left: wait has left nothing" in asked.texts["wait→c1@v"]
    assert skeleton.items == {"wait→c1@v": "passed"}


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the rendered charts are not here")
def test_the_skeletons_of_real_charts_keep_their_promises(run):
    """Init containers, sidecars, claims, memory and hostPaths have the wiring of their authors."""
    result = run(
        {},
        "--podshare-skeleton",
        f"{CHARTS}/bitnami-harbor.yaml::Deployment/rel-harbor-registry",
        f"{CHARTS}/fluent-fluent-bit--ci-values.yaml::DaemonSet/rel-fluent-bit",
        f"{CHARTS}/bitnami-keycloak.yaml::StatefulSet/rel-postgresql",
        f"{CHARTS}/prom-prometheus.yaml::DaemonSet/rel-prometheus-node-exporter",
        f"{CHARTS}/bitnami-kafka.yaml::prepare-config→kafka@kafka-config",
        f"{CHARTS}/bitnami-apisix.yaml::Deployment/rel-apisix-data-plane",
        *("-k", "not wiring and not (restart and empty) and not (deleted and (extra or varlog))"),
    )

    assert set(result.items.values()) == {"passed"}, result.printed
    assert {
        "Deployment/rel-apisix-data-plane::render-conf→prepare-apisix-dirs@empty-dir",
        "Deployment/rel-apisix-data-plane::prepare-apisix-dirs→apisix@empty-dir",
        "prepare-config→kafka@kafka-config",
    } < set(result.items)
    assert len(result.items) == 34
    assert len(result.deployed) == 6


@pytest.mark.podshare(MANIFESTS / "sharevol.yaml")
def test_the_pod_of_the_mark_is_there(podshare_pod, podshare):
    """It is in the namespace of the test, as if the test had deployed it."""
    evidence = assert_file_visible(podshare_pod, from_c="c1", to_c="c2")

    assert podshare.pods == [podshare_pod]
    assert evidence.pod == "sharevol"


def test_podshare_pod_needs_a_mark(run, tmp_path):
    """The error shows how to write the mark."""
    (tmp_path / "test_it.py").write_text("def test_it(podshare_pod): pass\n")

    result = run({}, "test_it.py")

    assert list(result.items.values()) == ["error"]
    assert (
        "test_it.py::test_it uses podshare_pod, but no mark names its manifest." in result.printed
    )
    assert '@pytest.mark.podshare("manifests/pod.yaml")' in result.printed


@pytest.fixture(scope="module")
def shared(podshare_factory):
    """Deploy a Pod that the tests of this module share."""
    with podshare_factory.make() as made:
        yield made.deploy(POD)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_pod_that_is_shared_by_a_module_is_deployed_once(shared, turn):
    """The next test sees what this test did."""
    assert_file_visible(shared, from_c="c1", to_c="c2")

    assert len(shared.evidence) == turn


def test_what_a_factory_makes_goes_when_it_is_closed(podshare_factory, podshare_cluster):
    """The namespace is deleted as well; closing again does nothing."""
    with podshare_factory.make() as made:
        path = f"/api/v1/namespaces/{made.namespace}"
        assert podshare_cluster.api.get(path)["status"]["phase"] == "Active"
    made.close()

    try:
        phase = podshare_cluster.api.get(path)["status"]["phase"]
    except errors.ApiError as error:
        phase = error.status
    assert phase in ("Terminating", 404)
