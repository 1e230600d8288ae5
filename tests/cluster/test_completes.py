"""Jobs that complete, and why others do not."""

import copy

import pytest

from pytest_podshare import assert_completes, assert_file_visible, errors

HOUR = "trap 'exit 0' TERM; sleep 3600 & wait"


def container(name, script, path, **more):
    """Return a container with the volume `results`."""
    mounts = [{"name": "results", "mountPath": path}]
    return {
        "name": name,
        "image": "busybox",
        "command": ["sh", "-c", script],
        "volumeMounts": mounts,
        **more,
    }


def job(script="sleep 3; echo passed > /out/junit.xml", *, sidecar=True, policy="Never", **spec):
    """Return a Job of a container that runs a script, and a helper that reads what it writes."""
    # a container under `containers` cannot have a restartPolicy of its own before Kubernetes 1.35
    always = {"restartPolicy": "Always"} if sidecar else {}
    helper = container("browser", HOUR, "/results", **always)
    # if it could write as well, the times of a file would not show who wrote it
    helper["volumeMounts"][0]["readOnly"] = True
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "ui-tests"},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "spec": {
                    "restartPolicy": policy,
                    "terminationGracePeriodSeconds": 2,
                    "initContainers": [helper] if sidecar else [],
                    "containers": [
                        container("tests", script, "/out"),
                        *([] if sidecar else [helper]),
                    ],
                    "volumes": [{"name": "results", "emptyDir": {}}],
                }
            },
            **spec,
        },
    }


def test_a_job_with_a_sidecar_completes(podshare):
    """The kubelet ends the sidecar when the others have ended."""
    pod = podshare.deploy(job())

    evidence = assert_completes(pod, timeout=60)

    assert evidence.claim == "Job ui-tests completes"
    first, second = evidence.proofs
    assert first.startswith("Job ui-tests has completed, ")
    assert second == f"succeeded: Pod {pod.name}"


def test_a_job_with_a_helper_that_never_ends_does_not_complete(podshare):
    """The mutated twin: the helper stands under containers."""
    pod = podshare.deploy(job(sidecar=False))

    with pytest.raises(errors.PromiseBroken, match="not after 15 s") as caught:
        assert_completes(pod, timeout=15)

    assert caught.value.cause == "never ends"
    assert "browser still runs, although tests has ended" in str(caught.value)


def test_a_container_that_always_restarts_is_not_waited_for(podshare):
    """Kubernetes accepts restartPolicy: Always under containers, where it means no sidecar."""
    manifest = job(sidecar=False)
    manifest["spec"]["template"]["spec"]["containers"][1]["restartPolicy"] = "Always"
    pod = podshare.deploy(manifest)
    spec = pod.live.spec["containers"][1]
    if spec.get("restartPolicy") != "Always":
        pytest.skip("this version of Kubernetes drops the field")

    with pytest.raises(errors.PromiseBroken) as caught:
        assert_completes(pod, timeout=600)

    assert caught.value.cause == "never ends"


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_job_whose_container_fails_does_not_complete(podshare, policy):
    """Its exit code, its last log line and the Job's limit are in the failure."""
    manifest = job("sleep 5; echo no such suite; exit 3", policy=policy)
    pod = podshare.deploy(manifest)

    with pytest.raises(errors.PromiseBroken) as caught:
        assert_completes(pod, timeout=120)

    assert caught.value.cause == "not running"
    text = str(caught.value)
    assert "it has failed: BackoffLimitExceeded" in text
    assert f"tests of Pod {pod.name} exited with code 3" in text
    assert "its last log line: no such suite" in text
    assert "backoffLimit: 0" in text


def test_another_try_may_succeed(podshare):
    """The Pod that was deployed fails, and the one after it succeeds, which the evidence names."""
    # the first Pod is older than ten seconds when it ends
    script = "sleep 4; test -e /host/podshare-second && exit 0; touch /host/podshare-second; exit 1"
    manifest = job(script, backoffLimit=3)
    spec = manifest["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "state", "persistentVolumeClaim": {"claimName": "state"}})
    spec["containers"][0]["volumeMounts"].append({"name": "state", "mountPath": "/host"})
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "state"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Mi"}}},
    }
    pod = podshare.deploy({"apiVersion": "v1", "kind": "List", "items": [claim, manifest]})

    evidence = assert_completes(pod)

    succeeded = evidence.proofs[1]
    assert succeeded.startswith("succeeded: Pod ui-tests-")
    assert pod.name not in succeeded


def test_an_evicted_pod_has_not_succeeded(podshare):
    """Its container exits with 0 on SIGTERM, and the Job counts that as success.

    If the kubelet finds out too late how the container has ended, the Job fails, for that reason.
    """
    stay = "trap 'exit 0' TERM; while :; do sleep 1; done"
    manifest = job(f"sleep 3; dd if=/dev/zero of=/out/rows bs=1M count=8; {stay}", sidecar=False)
    spec = manifest["spec"]["template"]["spec"]
    spec["volumes"][0]["emptyDir"] = {"sizeLimit": "2Mi"}
    del spec["containers"][1]
    pod = podshare.deploy(manifest)

    with pytest.raises(
        errors.PromiseBroken, match="volume results exceeded its sizeLimit"
    ) as caught:
        assert_completes(pod, timeout=120)

    assert caught.value.cause == "evicted"


def test_a_pod_without_a_job_completes(podshare):
    """Its mutated twin is restarted, and never ends."""
    done = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "once"},
        "spec": copy.deepcopy(job(sidecar=False)["spec"]["template"]["spec"]),
    }
    done["spec"]["containers"].pop()
    again = copy.deepcopy(done)
    again["metadata"]["name"] = "again"
    again["spec"]["restartPolicy"] = "Always"
    once, repeated = podshare.deploy_all([done, again])

    assert assert_completes(once, timeout=60).claim == "Pod once completes"
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_completes(repeated, timeout=600)
    assert caught.value.cause == "never ends"


def test_what_a_jobs_worker_left_is_seen_after_its_end(podshare):
    """By a helper that still runs. Its mutated twin: a file that the worker has not written."""
    pod = podshare.deploy(job(sidecar=False))
    with pytest.raises(errors.PromiseBroken, match="does not complete"):
        assert_completes(pod, timeout=10)

    evidence = assert_file_visible(pod, from_c="tests", to_c="browser", path="/out/junit.xml")

    assert evidence.claim == "browser sees what tests left in results"
    with pytest.raises(errors.PromiseBroken):
        assert_file_visible(pod, from_c="tests", to_c="browser", path="/out/report.xml")


def test_a_sidecar_sees_what_a_worker_wrote_that_ended_during_the_check(podshare):
    """The check begins while the worker runs, and the worker ends as soon as it has written."""
    manifest = job("sleep 8; echo passed > /out/junit.xml")
    spec = manifest["spec"]["template"]["spec"]
    spec["terminationGracePeriodSeconds"] = 30
    # the kubelet ends a sidecar when the others have ended
    spec["initContainers"][0]["command"][2] = "trap 'sleep 20; exit 0' TERM; sleep 3600 & wait"
    pod = podshare.deploy(manifest)

    evidence = assert_file_visible(pod, from_c="tests", to_c="browser", path="/out/junit.xml")

    assert evidence.claim == "browser sees what tests left in results"
    assert_completes(pod, timeout=60)
