"""What is gathered of a namespace: from an API server that says what no real one would."""

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
from pytest_podshare.report.attachments import collect as attachments
from pytest_podshare.report.attachments import event_table, truncate
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


def live(name="web", *, containers=("app",), ready="True", state="terminated", **last):
    """A Pod, as the API server gives it; its containers have ended, so that none is entered."""
    statuses = [
        {"name": each, "state": {state: {}}, "lastState": last, "restartCount": len(last)}
        for each in containers
    ]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "kube-api-access-x", "mountPath": TOKEN}]
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "kube-api-access-x", "projected": {}}]
    spec = {
        "nodeName": "node",
        "containers": [{"name": each, "volumeMounts": mounts} for each in containers],
        "volumes": volumes,
    }
    metadata = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "managedFields": [{"a": 1}]}
    conditions = [{"type": "Ready", "status": ready}]
    status = {"containerStatuses": statuses, "conditions": conditions}
    return {"metadata": metadata, "spec": spec, "status": status}


TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def server():
    """An API server with a namespace of nothing."""
    server = FakeApi()
    server.answers |= {f"{NS}/{kind}": (200, {"items": []}) for kind in ("events", "secrets")}
    return server


@pytest.fixture
def collected(server, tmp_path):
    """A function that collects from it, with these Pods in it."""
    with server.cluster(tmp_path) as cluster:

        def collect(*pods, seconds=30, known=()):
            if pods:
                server.answers[f"{NS}/pods"] = (200, {"items": list(pods)})
            podshare = Podshare(cluster, "ns", run_id="run")
            podshare.manifests.append(load(MANIFEST))
            for each in known:
                pod = LivePod(each, cluster, Timeouts(), Watch(cluster.api, f"{NS}/pods"))
                podshare.pods.append(Pod(pod, manifest=load(MANIFEST), replacement=dict))
            return attachments.collect(podshare, Deadline(seconds))

        yield collect


def texts(collected):
    """The attachments by name."""
    return {each.name: each.text for each in collected.attachments}


def logs(server, pod, said):
    """Let the log of a Pod's containers say that."""
    server.answers[f"{NS}/pods/{pod}/log"] = (200, said)


def test_everything_of_a_pod_is_there(server, collected):
    """Wiring, logs, logs of before, events and YAML; without tokens and who manages which field."""
    logs(server, "web", "hello\n")
    involved = {"kind": "Pod", "name": "web", "uid": "uid-web", "fieldPath": "spec.containers{app}"}
    event = {"involvedObject": involved, "type": "Warning", "reason": "BackOff", "message": "again"}
    server.answers[f"{NS}/events"] = (200, {"items": [{**event, "lastTimestamp": "T", "count": 3}]})

    found = texts(collected(live(terminated={"exitCode": 1})))

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


def test_a_pod_that_was_never_scheduled_has_no_status_to_speak_of(server, collected):
    """What its log request is answered is shown in its log's place."""
    pod = live()
    del pod["status"], pod["spec"]["nodeName"]
    server.answers[f"{NS}/pods/web/log"] = (400, {"message": "pod web does not have a host"})

    found = texts(collected(pod))

    assert found["web/logs/app.txt"] == "(pod web does not have a host)"


def test_secrets_are_hidden_everywhere(server, collected):
    """Those that the namespace holds, those of the manifest, and our own account's."""
    data = {"a": base64.b64encode(b"only-in-the-cluster").decode()}
    server.answers[f"{NS}/secrets"] = (200, {"items": [{"data": data}]})
    logs(server, "web", f"1 only-in-the-cluster\n2 {SECRET}\n3 the-accounts-own-token\n")
    pod = live()
    pod["status"]["message"] = f"said {SECRET}"

    result = collected(pod)

    assert texts(result)["web/logs/app.txt"] == "1 (hidden)\n2 (hidden)\n3 (hidden)"
    assert yaml.safe_load(texts(result)["web/pod.yaml"])["status"]["message"] == "said (hidden)"
    assert result.missing == ()


def test_an_account_that_may_not_list_secrets_is_said(server, collected):
    """What the manifests hold is hidden all the same, and what the Pods name and it may get."""
    server.answers[f"{NS}/secrets"] = (403, {"message": "secrets is forbidden"})
    data = {"a": base64.b64encode(b"named-by-the-pod").decode()}
    server.answers[f"{NS}/secrets/named"] = (200, {"data": data})
    logs(server, "web", f"{SECRET} named-by-the-pod only-in-the-cluster\n")
    pod = live()
    pod["spec"]["volumes"] += [
        {"name": name, "secret": {"secretName": name}} for name in ("named", "gone")
    ]

    result = collected(pod)

    assert texts(result)["web/logs/app.txt"] == "(hidden) (hidden) only-in-the-cluster"
    assert result.missing == (
        "Only Secrets that manifests hold or Pods name are known and hidden, for those in the"
        " namespace could not be listed: GET /api/v1/namespaces/ns/secrets: secrets is forbidden.",
    )


def test_secrets_that_are_listed_are_not_asked_for_one_by_one(server, collected):
    """The control: one question is enough."""
    server.answers[f"{NS}/secrets"] = (200, {"items": []})
    data = {"a": base64.b64encode(b"named-by-the-pod").decode()}
    server.answers[f"{NS}/secrets/named"] = (200, {"data": data})
    logs(server, "web", "named-by-the-pod\n")
    pod = live()
    pod["spec"]["volumes"].append({"name": "s", "secret": {"secretName": "named"}})

    assert texts(collected(pod))["web/logs/app.txt"] == "named-by-the-pod"


def test_a_secret_is_found_wherever_a_spec_names_it():
    """In volumes, projections, variables, drivers and registries; not a ConfigMap beside it."""
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

    assert sorted(secret_refs.of(spec)) == [
        *("all", "driver", "projected", "registry", "variable", "volume"),
    ]


def test_what_a_pod_says_of_others_is_there_once(server, collected):
    """A workload that may not make its Pods has events, and no Pod."""
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


def test_a_replaced_pod_of_the_same_name_has_marked_events():
    """Nobody takes the end of the one before for its own."""
    involved = {"kind": "Pod", "name": "web", "uid": "old"}
    event = {"involvedObject": involved, "type": "Normal", "reason": "Killing", "message": "end"}

    assert event_table.table([{**event, "lastTimestamp": "T"}], "new") == (
        "T  Normal  Killing  (an earlier Pod of this name)  end"
    )


def test_the_last_lines_of_a_long_log_are_kept_and_it_is_said(server, collected):
    """A log's end is what helps, and no attachment is larger than its limit."""
    logs(server, "web", "".join(f"line {number} {'x' * 100}\n" for number in range(9000)))

    text = texts(collected(live()))["web/logs/app.txt"]

    assert len(text.encode()) <= 256 * 1024 + 100
    assert text.splitlines()[-1].startswith("line 8999 ")
    first, second, *_ = text.splitlines()
    assert first == f"… {int(second.split()[1])} lines before this left out"
    (query,) = [query for path, query in server.asked if path.endswith("/log")]
    assert (query["tailLines"], query["limitBytes"]) == ("2000", str(2**20))


def test_half_a_line_is_not_shown(server, collected):
    """Where the API server cuts a log, it may cut a secret."""
    whole = ("x" * 1000 + "\n") * 1047
    logs(server, "web", whole + f" {SECRET[:9]}".rjust(2**20 - len(whole), "y"))

    text = texts(collected(live()))["web/logs/app.txt"]

    assert "y" * 9 not in text
    assert text.endswith("… the lines are too long for all of them to be had: more follow")


@pytest.mark.slow
@pytest.mark.parametrize("silent", [("/pods",), ("/pods", "/events", "/secrets")])
def test_a_server_that_says_nothing_is_not_waited_for(server, collected, silent):
    """What is known without it is there, and it is said that the rest is not."""
    server.silent |= set(silent)
    begun = time.monotonic()

    result = collected(seconds=0.3, known=[live()])

    assert time.monotonic() - begun < 8
    assert list(texts(result)) == ["web/wiring.txt"]
    assert result.missing[0].startswith("The Pods could not be listed: ")
    assert len(result.missing) == len(silent)


@pytest.mark.slow
def test_a_log_that_does_not_come_holds_up_nothing_else(server, collected):
    """It is said in its place."""
    server.silent.add("/log")
    begun = time.monotonic()

    found = texts(collected(live(), seconds=1))

    assert 0.9 < time.monotonic() - begun < 8
    assert re.fullmatch(r"\(.*(no|does not) answer.*\)", found["web/logs/app.txt"])
    assert "emptyDir" in found["web/wiring.txt"]


def test_a_server_that_is_gone_is_said_at_once(server, collected):
    """Nobody waits for the deadline."""
    server.shutdown()
    server.server_close()
    begun = time.monotonic()

    result = collected(known=[live()])

    assert time.monotonic() - begun < 8
    assert "Connection refused" in result.missing[0]


@pytest.mark.slow
def test_pods_that_are_not_ready_come_first_and_not_all_of_many(server, collected):
    """What failed is among those in trouble; the others are named."""
    pods = [live(f"pod-{number:02}") for number in range(25)]
    pods[22]["status"]["conditions"] = []
    for pod in pods:
        logs(server, pod["metadata"]["name"], "hello")

    result = collected(*pods)

    shown = list(dict.fromkeys(name.split("/")[0] for name in texts(result)))
    assert shown == ["pod-22", *(f"pod-{number:02}" for number in range(19))]
    assert result.missing == (
        "Nothing was asked of more than 20 Pods: pod-19, pod-20, pod-21, pod-23, pod-24.",
    )


def test_explaining_and_attaching_take_ten_seconds_together():
    """Whatever the cluster does."""
    assert facts.PATIENCE + attachments.PATIENCE <= 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web/logs/c1.txt", "… 2 lines before this left out\n3"),
        ("web/events.txt", "… 2 lines before this left out\n3"),
        ("web/pod.yaml", "1\n… 2 lines after this left out"),
    ],
)
def test_the_end_or_the_beginning_of_a_text_is_kept(name, expected):
    """Of what grows the end."""
    assert Attachment(name, "1\n2\n3").cut(lines=1) == expected


@pytest.mark.parametrize(
    ("lines", "size", "expected"),
    [
        (9, 99, "ä\nb\nc"),
        (2, 99, "ä\nb\n… 1 line after this left out: see x"),
        (9, 4, "ä\n… 2 lines after this left out: see x"),
        (9, 2, "… 3 lines after this left out: see x"),
        (0, 99, "… 3 lines after this left out: see x"),
    ],
)
def test_a_text_is_cut_at_the_end_of_a_line(lines, size, expected):
    """By lines and by bytes, never within a line."""
    assert truncate.first("ä\nb\nc\n", lines=lines, size=size, note="see x") == expected
