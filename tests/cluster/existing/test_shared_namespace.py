"""An existing namespace that tests share: they delete what they deploy, and nothing else."""

import time

import pytest

from pytest_podshare import assert_file_visible
from pytest_podshare.cluster import cleanup
from pytest_podshare.cluster.ownership import PROCESS_ANNOTATION
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.errors import DeployRejected
from pytest_podshare.kube.client import pod_path
from pytest_podshare.report.attachments import collect
from tests.support import accounts
from tests.support.restricted_pod import MANIFEST, POD, SETTINGS, deployment

TEST = f"""
import pytest
from pytest_podshare import assert_file_visible

MANIFEST = {MANIFEST!r}

@pytest.mark.parametrize("number", range(3))
def test_it(podshare, number):
    pod = podshare.deploy(MANIFEST)
    assert_file_visible(pod, from_c="c1", to_c="c2", volume="v")
"""
CLAIMS = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "claims"},
    "spec": {
        "serviceName": "claims",
        "selector": {"matchLabels": {"app": "claims"}},
        "template": {
            "metadata": {"labels": {"app": "claims"}},
            "spec": {
                "containers": [
                    {
                        "name": "c1",
                        "image": "busybox",
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["sleep", "10000"],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    }
                ]
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Mi"}},
                },
            }
        ],
    },
}


@pytest.fixture
def config_maps(team):
    """Return the collection of ConfigMaps in the namespace, with one that tests do not own."""
    collection = f"/api/v1/namespaces/{team.namespace}/configmaps"
    team.admin.api.post(collection, {**SETTINGS, "metadata": {"name": "foreign"}})
    yield collection
    for name in ("foreign", "settings"):
        accounts.forget_one(team.admin, f"{collection}/{name}")


def list_names(team, resource="pods"):
    """Return the names of the objects in the namespace."""
    path = f"/api/v1/namespaces/{team.namespace}/{resource}"
    return {live["metadata"]["name"] for live in team.admin.api.get(path)["items"]}


@pytest.mark.parametrize(
    "manifest",
    [MANIFEST, deployment(MANIFEST), CLAIMS],
    ids=["Pod", "Deployment", "StatefulSet"],
)
def test_a_test_deletes_everything_that_it_deployed_and_nothing_else(team, config_maps, manifest):
    """This includes what controllers create, even claims, by the end of the test."""
    shared, podshare = team.podshare()
    with podshare:
        podshare.deploy(manifest)
        pods = list_names(team)

    claims = poll(
        lambda: list_names(team, "persistentvolumeclaims"),
        until=lambda names: not names,
        deadline=Deadline(120),
    )

    assert len(pods) == 1
    assert claims == set()
    assert list_names(team) == set()
    assert list_names(team, "configmaps") == {"foreign", "kube-root-ca.crt"}
    assert list_names(team, "secrets") == set()

    def policy(ownership):
        return ownership.disposition(time.time())

    assert cleanup.find_in_namespace(team.admin.api, policy, team.namespace) == ()
    assert shared.undeleted == []
    assert config_maps


def test_the_name_of_a_foreign_object_is_refused_at_once(team, config_maps):
    """The object is left alone, and not waited for."""
    team.admin.api.post(config_maps, SETTINGS)
    _, podshare = team.podshare()
    started = time.monotonic()

    with podshare, pytest.raises(DeployRejected, match=r"ConfigMap settings: .* podshare did not"):
        podshare.deploy(MANIFEST)

    # the name of another test's object would be waited for, for two minutes
    assert time.monotonic() - started < 60
    assert "settings" in list_names(team, "configmaps")


def test_a_failure_attaches_nothing_of_the_pods_of_other_tests(team):
    """Their Secrets would be unknown, even in the same run and the same namespace."""
    other = {**POD, "metadata": {"name": "another"}}
    _, first = team.podshare()
    _, second = team.podshare()

    with first, second:
        first.deploy(MANIFEST)
        second.deploy(other)
        collected = [collect.collect(podshare, Deadline(10)) for podshare in (first, second)]

    folders = [
        {attachment.name.partition("/")[0] for attachment in result.attachments}
        for result in collected
    ]
    assert [names - {"events.txt"} for names in folders] == [{"restricted"}, {"another"}]


def test_a_process_does_not_wait_for_itself(team):
    """Two Pods of the same name in one test would wait for each other forever."""
    _, first = team.podshare()
    _, second = team.podshare()

    with first, second:
        first.deploy(MANIFEST)
        with pytest.raises(DeployRejected, match="this very process uses it for another test"):
            second.deploy(MANIFEST)


def test_an_object_of_an_ended_run_is_replaced(team):
    """The next test that uses its name deletes it."""
    _, podshare = team.podshare()
    labels = {"podshare.dev/run": "dead"}
    ended = {**SETTINGS, "metadata": {"name": "settings", "labels": labels}}
    current = podshare._create({**SETTINGS, "metadata": {"name": "here"}}, "a manifest")
    annotations = dict(current["metadata"]["annotations"])
    pid, _, rest = annotations[PROCESS_ANNOTATION].partition(" ")
    annotations[PROCESS_ANNOTATION] = f"{pid} 1 {rest.split()[-1]}"
    ended["metadata"]["annotations"] = annotations
    team.admin.api.post(f"/api/v1/namespaces/{team.namespace}/configmaps", ended)

    with podshare:
        assert_file_visible(podshare.deploy(MANIFEST), from_c="c1", to_c="c2", volume="v")


def test_an_object_that_is_being_deleted_is_waited_for(team):
    """Another worker's test may be at its end."""
    _, podshare = team.podshare()
    path = pod_path(team.namespace)
    team.admin.api.post(path, POD | {"spec": {**POD["spec"], "volumes": [], "containers": [
        {**POD["spec"]["containers"][0], "volumeMounts": []}]}})  # fmt: skip
    team.admin.api.delete(f"{path}/restricted", gracePeriodSeconds=2)

    with podshare:
        pod = podshare.deploy(MANIFEST)
        assert len(pod.wiring.containers) == 2


def test_two_workers_share_the_namespace(team, tmp_path):
    """A test waits until the other worker's has deleted its object of the same name."""
    (tmp_path / "test_it.py").write_text(TEST)

    code, printed = accounts.pytest_as(team.account, "-q", "-n2", str(tmp_path))

    assert code == 0, printed
    assert "3 passed" in printed
    assert list_names(team) == set()
    assert list_names(team, "configmaps") == {"kube-root-ca.crt"}


def test_the_objects_of_a_failed_test_are_kept_on_request(team, tmp_path):
    """The run reports the namespace."""
    (tmp_path / "test_it.py").write_text(TEST.replace("range(3)", "range(1)") + "    assert 0\n")

    code, printed = accounts.pytest_as(
        team.account, "-q", "--podshare-keep-namespace=failed", str(tmp_path)
    )
    kept = list_names(team)
    accounts.forget(team.admin, team.namespace, ("restricted", "settings", "credentials"))

    assert code == 1
    assert kept == {"restricted"}
    assert f"podshare: kept namespace {team.namespace}" in printed
