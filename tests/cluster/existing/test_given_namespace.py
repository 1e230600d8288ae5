"""A namespace that is somebody's: used, tidied up, and otherwise left alone."""

import time

import pytest

from pytest_podshare import assert_file_visible
from pytest_podshare.cluster import cleanup
from pytest_podshare.cluster.ownership import PROCESS
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

@pytest.mark.parametrize("nth", range(3))
def test_it(podshare, nth):
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
def theirs(team):
    """Objects in the namespace that are somebody else's."""
    root = f"/api/v1/namespaces/{team.namespace}"
    team.admin.api.post(f"{root}/configmaps", {**SETTINGS, "metadata": {"name": "theirs"}})
    yield f"{root}/configmaps"
    for each in ("theirs", "settings"):
        accounts.forget_one(team.admin, f"{root}/configmaps/{each}")


def names(team, collection="pods"):
    """The names of what is in the namespace."""
    path = f"/api/v1/namespaces/{team.namespace}/{collection}"
    return {each["metadata"]["name"] for each in team.admin.api.get(path)["items"]}


@pytest.mark.parametrize(
    "manifest",
    [MANIFEST, deployment(MANIFEST), CLAIMS],
    ids=["Pod", "Deployment", "StatefulSet"],
)
def test_all_that_was_deployed_is_gone_and_nothing_else(team, theirs, manifest):
    """Also what controllers made of it, claims included, when the test is over and not later."""
    given, podshare = team.podshare()
    with podshare:
        podshare.deploy(manifest)
        there = names(team)

    claims = poll(
        lambda: names(team, "persistentvolumeclaims"),
        until=lambda left: not left,
        deadline=Deadline(120),
    )

    assert len(there) == 1
    assert claims == set()
    assert names(team) == set()
    assert names(team, "configmaps") == {"theirs", "kube-root-ca.crt"}
    assert names(team, "secrets") == set()
    assert cleanup.within(team.admin.api, lambda its: its.fate(time.time()), team.namespace) == ()
    assert given.left == []
    assert theirs


def test_a_name_that_is_somebodys_is_refused_at_once(team, theirs):
    """Nothing is taken over, and nothing is waited for."""
    team.admin.api.post(theirs, SETTINGS)
    _, podshare = team.podshare()
    begun = time.monotonic()

    with podshare, pytest.raises(DeployRejected, match=r"ConfigMap settings: .* podshare did not"):
        podshare.deploy(MANIFEST)

    # a name that is given back is waited for, for two minutes
    assert time.monotonic() - begun < 60
    assert "settings" in names(team, "configmaps")


def test_nothing_of_another_tests_pods_is_attached(team):
    """Of the same run, at the same time, in the same namespace: their Secrets are not known."""
    another = {**POD, "metadata": {"name": "another"}}
    _, first = team.podshare()
    _, second = team.podshare()

    with first, second:
        first.deploy(MANIFEST)
        second.deploy(another)
        of_both = [collect.collect(each, Deadline(10)) for each in (first, second)]

    pods = [{each.name.partition("/")[0] for each in one.attachments} for one in of_both]
    assert [each - {"events.txt"} for each in pods] == [{"restricted"}, {"another"}]


def test_one_process_does_not_wait_for_itself(team):
    """Two Pods of one name in one test would wait for each other for good."""
    _, first = team.podshare()
    _, second = team.podshare()

    with first, second:
        first.deploy(MANIFEST)
        with pytest.raises(DeployRejected, match="another test of this process uses it"):
            second.deploy(MANIFEST)


def test_what_a_dead_run_has_left_makes_room(team):
    """It is deleted by whoever needs its name."""
    _, podshare = team.podshare()
    dead = {**SETTINGS, "metadata": {"name": "settings", "labels": {"podshare.dev/run": "dead"}}}
    here = podshare.objects.create({**SETTINGS, "metadata": {"name": "here"}}, "a manifest")
    told = dict(here["metadata"]["annotations"])
    pid, _, rest = told[PROCESS].partition(" ")
    dead["metadata"]["annotations"] = told | {PROCESS: f"{pid} 1 {rest.split()[-1]}"}
    team.admin.api.post(f"/api/v1/namespaces/{team.namespace}/configmaps", dead)

    with podshare:
        assert_file_visible(podshare.deploy(MANIFEST), from_c="c1", to_c="c2", volume="v")


def test_a_name_that_is_being_given_back_is_waited_for(team):
    """As another worker's test gives it back when it is over."""
    _, podshare = team.podshare()
    path = pod_path(team.namespace)
    team.admin.api.post(path, POD | {"spec": {**POD["spec"], "volumes": [], "containers": [
        {**POD["spec"]["containers"][0], "volumeMounts": []}]}})  # fmt: skip
    team.admin.api.delete(f"{path}/restricted", gracePeriodSeconds=2)

    with podshare:
        pod = podshare.deploy(MANIFEST)
        assert len(pod.wiring.containers) == 2


def test_two_workers_share_the_namespace(team, tmp_path):
    """Of two that want one name, the second waits until the first has tidied up."""
    (tmp_path / "test_it.py").write_text(TEST)

    code, said = accounts.pytest_as(team.account, "-q", "-n2", str(tmp_path))

    assert code == 0, said
    assert "3 passed" in said
    assert names(team) == set()
    assert names(team, "configmaps") == {"kube-root-ca.crt"}


def test_a_failed_test_leaves_what_was_asked_to_stay(team, tmp_path):
    """For a look, with the commands for it; the next test of that name is told why."""
    (tmp_path / "test_it.py").write_text(TEST.replace("range(3)", "range(1)") + "    assert 0\n")

    code, said = accounts.pytest_as(
        team.account, "-q", "--podshare-keep-namespace=failed", str(tmp_path)
    )
    kept = names(team)
    accounts.forget(team.admin, team.namespace, ("restricted", "settings", "credentials"))

    assert code == 1
    assert kept == {"restricted"}
    assert f"podshare: kept namespace {team.namespace}" in said
