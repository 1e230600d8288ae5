"""Interference during a check: with the Pod, its namespace, the account, and the clock."""

import base64
import dataclasses
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from pytest_podshare import assert_file_visible, assert_permissions, errors
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.pods.deployer import Podshare
from tests.support.fault_proxy import cluster_through_proxy
from tests.support.fault_table import NAMED, TRUE
from tests.support.permissions import wait_for_permission
from tests.support.pod_pairs import CHECKS, deployed, manifest

HERE = Path(__file__).parent
GO = "until [ -e /v/go ]; do sleep 0.1; done"
LATE = f"{GO}; sleep 4; echo report > /v/late; while :; do sleep 1; done"


def check_late_file(pod):
    """Check a file that c1 writes four seconds later."""
    return assert_file_visible(
        pod, from_c="c1", to_c="c2", volume="v", path="/v/late", content="report\n", timeout=8
    )


def delete(pod):
    """Delete the Pod as kubectl does."""
    pod.api.delete(pod_path(pod.namespace, pod.name), gracePeriodSeconds=1)


def evict(pod):
    """Evict the Pod as a drain does."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
    }
    pod.api.post(pod_path(pod.namespace, pod.name, "eviction"), eviction)


@pytest.mark.parametrize(
    ("name", "act"),
    [("Pod deleted by someone else", delete), ("Pod evicted by someone else", evict)],
    ids=["deleted", "evicted"],
)
def test_the_pod_is_removed_during_a_check(podshare_cluster, podshare_namespace, fault, name, act):
    """The error reports it at any moment of the wait; no file is reported as missing."""
    named_by = (errors.PodGone, errors.SessionLost)
    row = fault(name, named_by=named_by, within=15)
    with ThreadPoolExecutor(8) as threads:
        running = [
            threads.submit(_remove, podshare_cluster, podshare_namespace, row, act, delay)
            for delay in (0.0, 1.0, 3.0)
        ]
        for removal in running:
            removal.result()
    assert row.count(NAMED) >= 2


def _remove(cluster, namespace, row, act, delay):
    with deployed(cluster, namespace, name=f"p{int(10 * delay)}", first=LATE) as pair:
        for pod, holds in pair.with_verdicts():
            pod["c1"].exec(["touch", "/v/go"])
            acting = threading.Timer(delay, act, [pod])
            acting.start()
            row.check(lambda pod=pod: check_late_file(pod), holds=holds)
            acting.join()


def test_another_pod_takes_the_name(podshare_cluster, podshare_namespace, tmp_path, fault):
    """It happens between two steps of a check, which must not search the other Pod."""
    row = fault("Pod replaced by another of the same name", named_by=(errors.PodGone,), within=40)
    with (
        cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy),
        deployed(cluster, podshare_namespace) as pair,
    ):
        for pod, holds in pair.with_verdicts():
            pod["c1"].volume("v").write("f", b"only in this one\n")
            # the next connection is a session's, which is opened once the other Pod runs
            pair.close()
            proxy.before_next = lambda pod=pod, holds=holds: _replace(podshare_cluster, pod, holds)
            mode = 0o644 if holds else 0o600
            outcome = row.check(
                lambda pod=pod, mode=mode: assert_permissions(
                    pod, container="c1", path="/v/f", mode=mode
                ),
                holds=holds,
            )
            assert proxy.before_next is None
            assert outcome == NAMED


def _replace(cluster, pod, sound):
    """Replace the Pod by another of the same name, and wait until that one runs."""
    path = pod_path(pod.namespace, pod.name)
    cluster.api.delete(path, gracePeriodSeconds=0)
    cluster.api.post(pod_path(pod.namespace), manifest(pod.name, sound=sound, node=pod.node))

    def is_running():
        statuses = cluster.api.get(path)["status"].get("containerStatuses", ())
        return len(statuses) == 2 and all("running" in status["state"] for status in statuses)

    assert poll(is_running, until=bool, deadline=Deadline(30), first=0.05)


def test_the_namespace_is_deleted(podshare_cluster, podshare_factory, fault):
    """Checks report that the Pod is deleted, and a deployment that its namespace is."""
    named_by = (errors.PodGone, errors.SessionLost, errors.DeployRejected)
    row = fault("namespace deleted", named_by=named_by, within=15)
    with (
        podshare_factory.make() as podshare,
        deployed(podshare_cluster, podshare.namespace, first=LATE) as pair,
    ):
        for pod, _ in pair.with_verdicts():
            pod["c1"].exec(["touch", "/v/go"])
        podshare_cluster.api.delete(f"/api/v1/namespaces/{podshare.namespace}")
        for pod, holds in pair.with_verdicts():
            row.check(lambda pod=pod: check_late_file(pod), holds=holds)
            row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
        with pytest.raises(errors.DeployRejected, match=r"being terminated|not found"):
            pair.podshare.deploy(manifest("late", sound=True))
        row.check(lambda: pair.podshare.deploy(manifest("later", sound=True)), holds=True)
    assert row.count(NAMED) >= 2


@pytest.fixture
def account(podshare_cluster, podshare_namespace, tmp_path):
    """Yield a cluster for an account with few permissions, and a function to revoke its token."""
    api, space = podshare_cluster.api, f"/api/v1/namespaces/{podshare_namespace}"
    api.post(f"{space}/serviceaccounts", {"metadata": {"name": "tester"}})
    bound = api.post(f"{space}/secrets", {"metadata": {"name": "bound"}})
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{podshare_namespace}"
    rules = [{"apiGroups": [""], "resources": ["pods", "pods/exec", "pods/log"], "verbs": ["*"]}]
    api.post(f"{rbac}/roles", {"metadata": {"name": "tester"}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tester"}
    subject = {"kind": "ServiceAccount", "name": "tester", "namespace": podshare_namespace}
    binding = {"metadata": {"name": "tester"}, "roleRef": role, "subjects": [subject]}
    api.post(f"{rbac}/rolebindings", binding)
    reference = {
        "apiVersion": "v1",
        "kind": "Secret",
        "name": "bound",
        "uid": bound["metadata"]["uid"],
    }
    request = {"spec": {"boundObjectRef": reference, "expirationSeconds": 600}}
    token = api.post(f"{space}/serviceaccounts/tester/token", request)["status"]["token"]
    kubeconfig = tmp_path / "kubeconfig"
    text = yaml.safe_load(podshare_cluster.kubeconfig.read_text())
    text["users"][0]["user"] = {"token": token}
    kubeconfig.write_text(yaml.safe_dump(text))
    with Api(kubeconfig) as account_api:
        cluster = dataclasses.replace(podshare_cluster, api=account_api, kubeconfig=kubeconfig)
        create_pods = Permission("create", "pods", namespace=podshare_namespace)
        assert wait_for_permission(account_api, create_pods, granted=True)
        yield cluster, lambda: api.delete(f"{space}/secrets/bound")


def test_the_token_is_revoked(account, podshare_namespace, fault):
    """Open sessions continue; new ones fail with an error that says to log in again."""
    row = fault("account's token revoked", named_by=(errors.ApiError,), within=15)
    cluster, revoke = account
    with deployed(cluster, podshare_namespace, timeouts=Timeouts(exec=10)) as pair:
        revoke()
        for pod, holds in pair.with_verdicts():
            assert row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds) == TRUE
        # the API server caches a token for ten seconds
        poll(lambda: _is_refused(cluster.api), until=bool, deadline=Deadline(30))
        pair.close()
        for pod, holds in pair.with_verdicts():
            assert row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds) == NAMED
        with pytest.raises(errors.ApiError) as caught:
            CHECKS["visible"](pair.sound)
        assert (caught.value.status, "Log in again" in str(caught.value)) == (401, True)
        Podshare(cluster, podshare_namespace, run_id="faults01").close()


def _is_refused(api):
    try:
        api.get("/api/v1/namespaces/none/pods")
    except errors.ApiError as error:
        return error.status == 401
    return False


def run_checks(environment, *arguments, parallel=1):
    """Run pytest in parallel processes, and yield what each reports about its checks."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    started = [
        subprocess.Popen(
            [*command, HERE / "checks_suite.py"],
            env={**environment, "COUNTED_NAME": f"run-{n}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for n in range(parallel)
    ]
    for process in started:
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0, printed
        yield json.loads(base64.b64decode(printed.split("COUNTED ")[1].split()[0]))


@pytest.mark.parametrize(("name", "seconds"), [("ahead", 3600), ("behind", -3600)])
def test_the_clock_of_the_client_is_wrong(on_this_cluster, fault, name, seconds):
    """It is wrong for a whole run; nothing expires too late or too early."""
    row = fault(f"client's clock an hour {name}", named_by=(), within=20)
    path = {"PYTHONPATH": str(HERE.parents[1]), "SKEWED_SECONDS": str(seconds)}
    for report in run_checks({**on_this_cluster, **path}, "-p", "tests.support.clock_skew"):
        assert abs(report["skew"] - seconds) < 60
        row.outcomes += report["outcomes"]
        row.seconds += report["seconds"]
    assert row.outcomes == [TRUE] * 6


def test_two_runs_use_the_cluster_concurrently(on_this_cluster, fault):
    """Neither disturbs the other, and the cluster stays while a run uses it."""
    row = fault("two concurrent runs on one cluster", named_by=(), within=20)
    for report in run_checks(on_this_cluster, parallel=2):
        assert report["skew"] < 60
        row.outcomes += report["outcomes"]
        row.seconds += report["seconds"]
    assert row.outcomes == [TRUE] * 12
