"""Restarts of one container by every strategy, with proof."""

import copy

import pytest

from pytest_podshare import assert_survives_restart, assert_survives_sandbox_restart, errors

# a process 1 that ends on SIGTERM once it is ready, and one that ignores it
HANDLES_TERM = "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.1; done"
IS_READY = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
IGNORES_TERM = "while :; do sleep 1; done"


def two(command=IGNORES_TERM, **first):
    """Return a Pod with two containers and a volume; `first` changes the first container."""
    container = {
        "image": "busybox",
        "command": ["sh", "-c", IGNORES_TERM],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    c1 = {**container, "name": "c1", "command": ["sh", "-c", command], **first}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "two"},
        "spec": {
            "containers": [c1, {**container, "name": "c2"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            # the shells ignore SIGTERM, and no test here is about graceful termination
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
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_strategy_restarts_the_container_alone(podshare, strategy, manifest, exit_code):
    """The proof: a new container ID, the old one as the last state, no change in c2."""
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


def test_the_first_possible_strategy_is_used_and_reported(podshare):
    """On a kind cluster that is `node`, whatever process 1 does."""
    pod = podshare.deploy(two())

    evidence = assert_survives_restart(pod, container="c1")

    assert evidence.proofs[0].strategy == "node"
    assert "c1 restarted (node, exit code 137): " in str(evidence)


def test_an_impossible_strategy_says_why(podshare):
    """A signal that would have no effect is not sent."""
    pod = podshare.deploy(two())
    before = pod.identity

    with pytest.raises(errors.RestartImpossible) as caught:
        pod["c1"].restart(strategy="term")
    assert "term: process 1 does not handle SIGTERM, so the kernel would" in str(caught.value)
    with pytest.raises(errors.RestartImpossible, match="no resource that it requests has resize"):
        pod["c1"].restart(strategy="resize")
    with pytest.raises(errors.RestartImpossible, match="Unknown restart strategy 'hope'"):
        pod["c1"].restart(strategy="hope")

    assert pod.live.refresh().identity == before


def test_kill_from_inside_returns_0_and_has_no_effect(podshare):
    """The control: this is why every restart needs proof."""
    pod = podshare.deploy(two())
    before = pod.identity

    assert pod["c1"].exec(["kill", "-9", "1"]).returncode == 0

    assert pod.live.refresh().identity == before


def test_restart_policy_never_is_reported(podshare):
    """Only the strategy `image` bypasses it."""
    manifest = two()
    manifest["spec"]["restartPolicy"] = "Never"
    pod = podshare.deploy(manifest)

    with pytest.raises(errors.RestartForbidden) as caught:
        assert_survives_restart(pod, container="c1")
    assert str(caught.value).startswith(
        f"Container c1 of {pod} has restartPolicy Never: it is not restarted after it exits."
    )

    evidence = assert_survives_restart(pod, container="c1", strategy="image")
    assert evidence.proofs[0].strategy == "image"


def test_exit_code_0_under_restart_policy_on_failure_is_reported(podshare):
    """A kill is a failure, so the kubelet restarts the container; exit code 0 is not."""
    manifest = two(HANDLES_TERM, readinessProbe=IS_READY)
    manifest["spec"]["restartPolicy"] = "OnFailure"
    pod = podshare.deploy(manifest)
    assert_survives_restart(pod, container="c1", strategy="node")

    with pytest.raises(errors.RestartForbidden) as caught:
        assert_survives_restart(pod, container="c1", strategy="term")

    problem = "exited with code 0 (term), and restartPolicy OnFailure does not restart it"
    assert problem in str(caught.value)


def test_a_container_that_crashes_after_a_restart_is_an_error(podshare):
    """It finds its own stale file and exits, which only a restart reveals."""
    stale = "[ -e /v/pid ] && { echo stale file; exit 1; }; touch /v/pid; " + IGNORES_TERM
    pod = podshare.deploy(two(stale))

    with pytest.raises(errors.ContainerCrashing, match="Container c1 of Pod two keeps crashing"):
        # an older kubelet needs half a minute until the third restart
        assert_survives_restart(pod, container="c1", timeout=90)


def test_a_sandbox_restart_runs_init_containers_again(podshare):
    """All containers restart in the same Pod, and the volume keeps its content."""
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
