"""Restarting one container, by every strategy, and never believing that it happened."""

import copy

import pytest

from pytest_podshare import assert_survives_restart, assert_survives_sandbox_restart, errors

# process 1 of its own that ends on SIGTERM, as soon as it is ready, and one that does not hear it
HANDLES_TERM = "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.1; done"
IS_READY = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
IGNORES_TERM = "while :; do sleep 1; done"


def two(command=IGNORES_TERM, **first):
    """A Pod of two containers and a volume; `first` changes the first one."""
    container = {
        "image": "busybox",
        "command": ["sh", "-c", IGNORES_TERM],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    changed = {**container, "name": "c1", "command": ["sh", "-c", command], **first}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "two"},
        "spec": {
            "containers": [changed, {**container, "name": "c2"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            # the shells do not hear SIGTERM, and nothing here is about how long that takes
            "terminationGracePeriodSeconds": 1,
        },
    }


RESIZABLE = {
    "resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": "100m"}},
    "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}],
}


@pytest.mark.parametrize(
    ("strategy", "manifest", "exit_code"),
    [
        ("node", two(), 137),
        ("resize", two(**RESIZABLE), 137),
        ("term", two(HANDLES_TERM, readinessProbe=IS_READY), 0),
        ("image", two(), 137),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_each_strategy_restarts_the_container_alone(podshare, strategy, manifest, exit_code):
    """The proof: another id, the old one as the last state, the neighbour untouched."""
    pod = podshare.deploy(manifest)
    before = dict(pod.identity.containers)

    proof = pod["c1"].restart(strategy=strategy)

    after = dict(pod.identity.containers)
    assert proof.strategy == strategy
    assert (proof.before, proof.after) == (before["c1"], after["c1"])
    assert before["c1"] != after["c1"]
    assert before["c2"] == after["c2"]
    assert proof.exit_code == exit_code
    assert pod["c1"].exec(["echo", "back"]).stdout == b"back\n"


def test_the_first_possible_strategy_is_chosen_and_told(podshare):
    """On a cluster of our own that is the node's kill, whatever process 1 does."""
    pod = podshare.deploy(two())

    evidence = assert_survives_restart(pod, container="c1")

    assert evidence.proofs[0].strategy == "node"
    assert "c1 restarted (node, exit code 137): " in str(evidence)


def test_a_strategy_that_is_not_possible_says_why(podshare):
    """A kill that would do nothing is not tried, and not believed."""
    pod = podshare.deploy(two())
    before = pod.identity

    with pytest.raises(errors.RestartImpossible) as caught:
        pod["c1"].restart(strategy="term")
    assert "term: process 1 does not handle SIGTERM, so that it would not get it" in str(
        caught.value
    )
    with pytest.raises(errors.RestartImpossible, match="no resource it requests has resizePolicy"):
        pod["c1"].restart(strategy="resize")
    with pytest.raises(errors.RestartImpossible, match="There is no restart strategy 'hope'"):
        pod["c1"].restart(strategy="hope")

    assert pod.live.refresh().identity == before


def test_kill_returns_0_and_does_nothing(podshare):
    """Why nobody here believes it: the control for all of the above."""
    pod = podshare.deploy(two())
    before = pod.identity

    assert pod["c1"].exec(["kill", "-9", "1"]).returncode == 0

    assert pod.live.refresh().identity == before


def test_restart_policy_never_is_reported_as_such(podshare):
    """And `image` gets around it, for whoever asks."""
    manifest = two()
    manifest["spec"]["restartPolicy"] = "Never"
    pod = podshare.deploy(manifest)

    with pytest.raises(errors.RestartForbidden) as caught:
        assert_survives_restart(pod, container="c1")
    assert str(caught.value).startswith(
        f"Container c1 of {pod} has restartPolicy Never: once ended, it stays so."
    )

    evidence = assert_survives_restart(pod, container="c1", strategy="image")
    assert evidence.proofs[0].strategy == "image"


def test_on_failure_and_exit_0_is_reported_as_such(podshare):
    """Ended well is ended for good under OnFailure, while a kill is a failure."""
    manifest = two(HANDLES_TERM, readinessProbe=IS_READY)
    manifest["spec"]["restartPolicy"] = "OnFailure"
    pod = podshare.deploy(manifest)
    assert_survives_restart(pod, container="c1", strategy="node")

    with pytest.raises(errors.RestartForbidden) as caught:
        assert_survives_restart(pod, container="c1", strategy="term")

    assert "ended with exit code 0 (term), and restartPolicy OnFailure leaves it ended" in str(
        caught.value
    )


def test_a_container_that_does_not_come_back_is_no_survival(podshare):
    """It finds its own stale file and ends: only a restart finds that out."""
    stale = "[ -e /v/pid ] && { echo stale file; exit 1; }; touch /v/pid; " + IGNORES_TERM
    pod = podshare.deploy(two(stale))

    with pytest.raises(errors.ContainerCrashing, match="Container c1 of Pod two keeps ending"):
        # an older kubelet takes half a minute to its third restart
        assert_survives_restart(pod, container="c1", timeout=90)


def test_the_sandbox_restarts_and_init_runs_again(podshare):
    """All containers start anew, in the same Pod, and the volume is as it was."""
    manifest = two()
    init = copy.deepcopy(manifest["spec"]["containers"][0])
    manifest["spec"]["initContainers"] = [
        {**init, "name": "init", "command": ["sh", "-c", "echo ran >> /v/ran"]}
    ]
    pod = podshare.deploy(manifest)
    before = pod.identity
    assert pod["c1"].exec(["cat", "/v/ran"]).stdout == b"ran\n"

    evidence = assert_survives_sandbox_restart(pod)

    after = pod.identity
    assert before.uid == after.uid
    assert not set(before.containers) & set(after.containers)
    assert "the sandbox restarted (node): " in str(evidence)
    assert pod["c1"].exec(["cat", "/v/ran"]).stdout == b"ran\nran\n"
