"""Attachments from the namespaces of an API server of the test's own."""

import base64
import re
import time

import pytest
import yaml

from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.diagnosis import facts
from pytest_podshare.kube.watch import Watch
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.attachments import collect, event_table, truncate
from pytest_podshare.report.attachments.collect import Attachment
from pytest_podshare.report.redaction import secret_refs
from pytest_podshare.wiring.manifest import load
from tests.support.fake_api import FakeApi

NS = "/api/v1/namespaces/ns"
SECRET = "correct-horse-battery"
MANIFEST = f"""
kind: Secret
metadata: {{name: db}}
stringData: {{password: {SECRET}}}
---
kind: Pod
metadata: {{name: web}}
spec: {{containers: [{{name: app, image: busybox}}]}}
"""


def raw_pod(pod="web", *, containers=("app",), ready="True", state="terminated", **last):
    """Return a Pod from the API server; its containers have terminated, so none is entered."""
    statuses = [
        {"name": name, "state": {state: {}}, "lastState": last, "restartCount": len(last)}
        for name in containers
    ]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "kube-api-access-x", "mountPath": TOKEN}]
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "kube-api-access-x", "projected": {}}]
    spec = {
        "nodeName": "node",
        "containers": [{"name": name, "volumeMounts": mounts} for name in containers],
        "volumes": volumes,
    }
    metadata = {"name": pod, "namespace": "ns", "uid": f"uid-{pod}", "managedFields": [{"a": 1}]}
    conditions = [{"type": "Ready", "status": ready}]
    status = {"containerStatuses": statuses, "conditions": conditions}
    return {"metadata": metadata, "spec": spec, "status": status}


TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def server():
    """Start an API server with an empty namespace."""
    server = FakeApi()
    server.answers |= {f"{NS}/{kind}": (200, {"items": []}) for kind in ("events", "secrets")}
    return server


@pytest.fixture
def collected(server, tmp_path):
    """Return a function that collects the attachments of these Pods."""
    with server.cluster(tmp_path) as cluster:

        def run(*pods, seconds=30, known=()):
            if pods:
                server.answers[f"{NS}/pods"] = (200, {"items": list(pods)})
            podshare = Podshare(cluster, "ns", run_id="run")
            podshare.manifests.append(load(MANIFEST))
            for raw in known:
                pod = LivePod(raw, cluster, Timeouts(), Watch(cluster.api, f"{NS}/pods"))
                podshare.pods.append(Pod(pod, manifest=load(MANIFEST), replacement=dict))
            return collect.collect(podshare, Deadline(seconds))

        yield run


def texts(collected):
    """Return the attachments by name."""
    return {attachment.name: attachment.text for attachment in collected.attachments}


def set_log(server, pod, log):
    """Set the log of a Pod's containers."""
    server.answers[f"{NS}/pods/{pod}/log"] = (200, log)


def test_everything_about_a_pod_is_collected(server, collected):
    """The wiring has no token, and the YAML has no managed fields."""
    set_log(server, "web", "hello\n")
    involved = {"kind": "Pod", "name": "web", "uid": "uid-web", "fieldPath": "spec.containers{app}"}
    event = {"involvedObject": involved, "type": "Warning", "reason": "BackOff", "message": "again"}
    server.answers[f"{NS}/events"] = (200, {"items": [{**event, "lastTimestamp": "T", "count": 3}]})

    found = texts(collected(raw_pod(terminated={"exitCode": 1})))

    assert list(found) == [
        *("web/events.txt", "web/wiring.txt", "web/logs/app.txt", "web/logs/app.previous.txt"),
        "web/pod.yaml",
    ]
    assert found["web/events.txt"] == "T  Warning  BackOff x3  app  again"
    assert found["web/wiring.txt"].split() == [
        *("volume", "app", "-----------", "-----", "v", "emptyDir", "rw", "/v"),
    ]
    assert found["web/logs/app.txt"] == "hello"
    assert yaml.safe_load(found["web/pod.yaml"])["kind"] == "Pod"
    assert "managedFields" not in found["web/pod.yaml"]


def test_a_pod_that_was_never_scheduled_has_no_log(server, collected):
    """The attachment quotes the API server instead."""
    pod = raw_pod()
    del pod["status"], pod["spec"]["nodeName"]
    server.answers[f"{NS}/pods/web/log"] = (400, {"message": "pod web does not have a host"})

    found = texts(collected(pod))

    assert found["web/logs/app.txt"] == "(pod web does not have a host)"


def test_secrets_are_hidden_everywhere(server, collected):
    """These are the secrets of the namespace, of the manifest, and of the run's account."""
    data = {"a": base64.b64encode(b"only-in-the-cluster").decode()}
    server.answers[f"{NS}/secrets"] = (200, {"items": [{"data": data}]})
    set_log(server, "web", f"1 only-in-the-cluster\n2 {SECRET}\n3 the-accounts-own-token\n")
    pod = raw_pod()
    pod["status"]["message"] = f"said {SECRET}"

    result = collected(pod)

    assert texts(result)["web/logs/app.txt"] == "1 (hidden)\n2 (hidden)\n3 (hidden)"
    assert yaml.safe_load(texts(result)["web/pod.yaml"])["status"]["message"] == "said (hidden)"
    assert result.missing == ()


def test_missing_permission_to_list_secrets_is_reported(server, collected):
    """Secrets in manifests, and those that Pods name, are hidden anyway."""
    server.answers[f"{NS}/secrets"] = (403, {"message": "secrets is forbidden"})
    data = {"a": base64.b64encode(b"named-by-the-pod").decode()}
    server.answers[f"{NS}/secrets/named"] = (200, {"data": data})
    set_log(server, "web", f"{SECRET} named-by-the-pod only-in-the-cluster\n")
    pod = raw_pod()
    pod["spec"]["volumes"] += [
        {"name": name, "secret": {"secretName": name}} for name in ("named", "gone")
    ]

    result = collected(pod)

    assert texts(result)["web/logs/app.txt"] == "(hidden) (hidden) only-in-the-cluster"
    assert result.missing == (
        "Cannot list the namespace's Secrets; only those in manifests and those that Pods name are"
        " hidden: GET /api/v1/namespaces/ns/secrets: secrets is forbidden.",
    )


def test_secrets_are_not_fetched_one_by_one_if_they_can_be_listed(server, collected):
    """The control: one request is enough."""
    server.answers[f"{NS}/secrets"] = (200, {"items": []})
    data = {"a": base64.b64encode(b"named-by-the-pod").decode()}
    server.answers[f"{NS}/secrets/named"] = (200, {"data": data})
    set_log(server, "web", "named-by-the-pod\n")
    pod = raw_pod()
    pod["spec"]["volumes"].append({"name": "s", "secret": {"secretName": "named"}})

    assert texts(collected(pod))["web/logs/app.txt"] == "named-by-the-pod"


def test_references_to_secrets_are_found_anywhere_in_a_spec():
    """Volumes, projections, variables, drivers and registries refer to Secrets."""
    reference = {"name": "variable", "key": "k"}
    spec = {
        "imagePullSecrets": [{"name": "registry"}],
        "containers": [
            {
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": reference}}],
                "envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "no"}}],
            }
        ],
        "volumes": [
            {"name": "v", "secret": {"secretName": "volume"}},
            {"name": "c", "configMap": {"name": "no"}},
            {"name": "p", "projected": {"sources": [{"secret": {"name": "projected"}}]}},
            {"name": "d", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "driver"}}},
        ],
    }

    assert sorted(secret_refs.find_references(spec)) == [
        *("all", "driver", "projected", "registry", "variable", "volume"),
    ]


def test_events_of_other_objects_have_an_attachment_of_their_own(server, collected):
    """A workload that may not create its Pods has events, but no Pod."""
    involved = {"kind": "ReplicaSet", "name": "web-1", "uid": "u"}
    event = {"involvedObject": involved, "type": "Warning", "reason": "FailedCreate"}
    later = {**event, "message": "quota", "eventTime": "2"}
    earlier = {**event, "message": "quota\nexceeded", "lastTimestamp": "1"}
    server.answers[f"{NS}/events"] = (200, {"items": [later, earlier]})
    server.answers[f"{NS}/pods"] = (200, {"items": []})

    assert texts(collected()) == {
        "events.txt": "1  Warning  FailedCreate  ReplicaSet web-1  quota exceeded\n"
        "2  Warning  FailedCreate  ReplicaSet web-1  quota"
    }


def test_events_of_an_earlier_pod_of_the_same_name_are_marked():
    """They are not about the Pod that replaced it."""
    involved = {"kind": "Pod", "name": "web", "uid": "old"}
    event = {"involvedObject": involved, "type": "Normal", "reason": "Killing", "message": "end"}

    assert event_table.format_events([{**event, "lastTimestamp": "T"}], "new") == (
        "T  Normal  Killing  (an earlier Pod of this name)  end"
    )


def test_a_long_log_is_truncated_to_its_last_lines(server, collected):
    """No attachment is larger than its limit."""
    set_log(server, "web", "".join(f"line {number} {'x' * 100}\n" for number in range(9000)))

    text = texts(collected(raw_pod()))["web/logs/app.txt"]

    assert len(text.encode()) <= 256 * 1024 + 100
    assert text.splitlines()[-1].startswith("line 8999 ")
    first, second, *_ = text.splitlines()
    assert first == f"… {int(second.split()[1])} earlier lines omitted"
    (query,) = [query for path, query in server.requests if path.endswith("/log")]
    assert (query["tailLines"], query["limitBytes"]) == ("2000", str(2**20))


def test_half_a_line_is_not_shown(server, collected):
    """The API server may truncate a log in the middle of a secret."""
    whole = ("x" * 1000 + "\n") * 1047
    set_log(server, "web", whole + f" {SECRET[:9]}".rjust(2**20 - len(whole), "y"))

    text = texts(collected(raw_pod()))["web/logs/app.txt"]

    assert "y" * 9 not in text
    assert text.endswith("… truncated: the API server returned no more than 1 MiB")


@pytest.mark.slow
@pytest.mark.parametrize("silent", [("/pods",), ("/pods", "/events", "/secrets")])
def test_a_silent_api_server_does_not_delay_the_report(server, collected, silent):
    """What is known without it is attached, and the rest is reported as missing."""
    server.silent |= set(silent)
    start = time.monotonic()

    result = collected(seconds=0.3, known=[raw_pod()])

    assert time.monotonic() - start < 8
    assert list(texts(result)) == ["web/wiring.txt"]
    assert result.missing[0].startswith("Cannot list the Pods: ")
    assert len(result.missing) == len(silent)


@pytest.mark.slow
def test_a_log_that_does_not_arrive_delays_nothing_else(server, collected):
    """The attachment has the reason."""
    server.silent.add("/log")
    start = time.monotonic()

    found = texts(collected(raw_pod(), seconds=1))

    assert 0.9 < time.monotonic() - start < 8
    assert re.fullmatch(r"\(.*(no|does not) answer.*\)", found["web/logs/app.txt"])
    assert "emptyDir" in found["web/wiring.txt"]


def test_an_api_server_that_is_down_is_reported_immediately(server, collected):
    """The deadline does not have to pass."""
    server.shutdown()
    server.server_close()
    start = time.monotonic()

    result = collected(known=[raw_pod()])

    assert time.monotonic() - start < 8
    assert "Connection refused" in result.missing[0]


@pytest.mark.slow
def test_of_many_pods_those_that_are_not_ready_come_first(server, collected):
    """The Pods beyond the limit are only named."""
    pods = [raw_pod(f"pod-{number:02}") for number in range(25)]
    pods[22]["status"]["conditions"] = []
    for pod in pods:
        set_log(server, pod["metadata"]["name"], "hello")

    result = collected(*pods)

    names = list(dict.fromkeys(name.split("/")[0] for name in texts(result)))
    assert names == ["pod-22", *(f"pod-{number:02}" for number in range(19))]
    assert result.missing == (
        "Only 20 Pods were inspected; skipped: pod-19, pod-20, pod-21, pod-23, pod-24.",
    )


def test_diagnosis_and_attachments_take_ten_seconds_at_most():
    """The limit holds whatever state the cluster is in."""
    assert facts.TIMEOUT + collect.TIMEOUT <= 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web/logs/c1.txt", "… 2 earlier lines omitted\n3"),
        ("web/events.txt", "… 2 earlier lines omitted\n3"),
        ("web/pod.yaml", "1\n… 2 later lines omitted"),
    ],
)
def test_logs_and_events_keep_their_end(name, expected):
    """Other attachments keep their beginning."""
    assert Attachment(name, "1\n2\n3").cut(lines=1) == expected


@pytest.mark.parametrize(
    ("lines", "size", "expected"),
    [
        (9, 99, "ä\nb\nc"),
        (2, 99, "ä\nb\n… 1 later line omitted (see x)"),
        (9, 4, "ä\n… 2 later lines omitted (see x)"),
        (9, 2, "… 3 later lines omitted (see x)"),
        (0, 99, "… 3 later lines omitted (see x)"),
    ],
)
def test_a_text_is_truncated_at_the_end_of_a_line(lines, size, expected):
    """The limits are lines and bytes."""
    assert truncate.keep_lines("ä\nb\nc\n", lines=lines, size=size, note="see x") == expected
