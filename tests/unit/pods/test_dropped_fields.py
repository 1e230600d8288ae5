"""What a field that the API server would drop is said to be, and where it belongs."""

import pytest

from pytest_podshare import errors
from pytest_podshare.manifests.source import read
from pytest_podshare.pods import dropped_fields

HEAD = """\
apiVersion: v1
kind: Pod
metadata:
  name: p
spec:
"""
CONTAINER = "  containers:\n    - name: c\n"
# by its text in a Pod's spec: the path, and what to do about it
ADVICE = {
    "  volumes:\n    - name: v\n      secret:\n      secretName: s\n": (
        "spec.volumes[0].secretName",
        "Indent secretName below secret (line 8), which is empty: that is where it belongs.",
    ),
    "  volumes:\n    - name: v\n      configmap: {name: s}\n": (
        "spec.volumes[0].configmap",
        "Correct its name, perhaps to configMap.",
    ),
    "  volumes:\n    - name: v\n      emptyDir: {size: 1Gi}\n": (
        "spec.volumes[0].emptyDir.size",
        "Correct its name, perhaps to sizeLimit.",
    ),
    f"{CONTAINER}      volumeMounts:\n        - mountPath: /v\n          readonly: true\n": (
        "spec.containers[0].volumeMounts[0].readonly",
        "Correct its name, perhaps to readOnly.",
    ),
    f"{CONTAINER}      securityContext:\n        fsGroup: 1\n": (
        "spec.containers[0].securityContext.fsGroup",
        "Move fsGroup to the Pod's securityContext.",
    ),
    "  securityContext:\n    privileged: true\n": (
        "spec.securityContext.privileged",
        "Move privileged to the securityContext of each container.",
    ),
    "  volumeMounts: []\n": ("spec.volumeMounts", "Move volumeMounts to a container."),
    f"{CONTAINER}      volumes: []\n": (
        "spec.containers[0].volumes",
        "Move volumes to the Pod's spec.",
    ),
    "  hostNet: true\n": ("spec.hostNet", "Correct its name, perhaps to hostNetwork."),
    f"{CONTAINER}      resources: {{request: {{}}}}\n": (
        "spec.containers[0].resources.request",
        "Correct its name, perhaps to requests.",
    ),
    f"{CONTAINER}      readinessProbe: {{tcpSocket: {{port: 1}}}}\n      periodSeconds: 1\n": (
        "spec.containers[0].periodSeconds",
        "Indent periodSeconds below readinessProbe.",
    ),
    "  wondrous: true\n": (
        "spec.wondrous",
        "Correct it, move it or remove it: `kubectl explain pod.spec` lists the known fields.",
    ),
}


def rejection(*paths):
    """Return the API server's answer to a Pod with unknown fields."""
    names = ", ".join(f'unknown field "{path}"' for path in paths)
    details = f'Pod in version "v1" cannot be handled as a Pod: strict decoding error: {names}'
    return errors.ApiError(f"POST /pods: {details}", "Read it.", status=400, details=details)


def pod(spec):
    """Return a Pod that was read from a text."""
    (document,) = read(HEAD + spec).objects
    return document


@pytest.mark.parametrize("spec", ADVICE)
def test_the_error_says_where_the_field_is_and_belongs(spec):
    """In two lines."""
    path, advice = ADVICE[spec]
    line = (HEAD + spec).count("\n")

    error = dropped_fields.find_dropped(rejection(path), "p.yaml", pod(spec))

    what = f"p.yaml:{line}: the API server does not know {path} of Pod p, and would drop it."
    assert str(error).splitlines() == [what, advice]
    assert error.at == f"p.yaml:{line}"


def test_fields_below_another_unknown_field_are_not_below_an_empty_one():
    """Only what directly follows the empty mapping may belong to it."""
    spec = "  securityContext: {}\n  hostname: h\n  stray: 1\n"

    error = dropped_fields.find_dropped(rejection("spec.stray"), "p.yaml", pod(spec))

    assert "Indent" not in str(error)


def test_another_rejection_is_not_about_dropped_fields():
    """It is reported as DeployRejected."""
    error = errors.ApiError("POST", "Read it.", status=422, details='Pod "p" is invalid')

    assert dropped_fields.find_dropped(error, "p.yaml", pod("")) is None


def test_many_fields_are_cut():
    """The error has at most twelve lines, and gives the same advice once."""
    names = [f"x{number}" for number in range(20)]
    spec = "".join(f"  {name}: 1\n" for name in names)

    error = dropped_fields.find_dropped(
        rejection(*(f"spec.{name}" for name in names)), "p.yaml", pod(spec)
    )

    lines = str(error).splitlines()
    assert len(lines) == 9
    assert lines[2:4] == ["also p.yaml:7: spec.x1", "also p.yaml:8: spec.x2"]
    assert lines[-1] == "and 13 more"


@pytest.mark.parametrize("source", ["emptyDir:", "emptyDir: {}", "hostPath: {path: /tmp}"])
def test_a_volume_with_a_source_is_fine(source):
    """A null emptyDir is an emptyDir as well."""
    document = pod(f"  volumes:\n    - name: v\n      {source}\n")

    assert list(dropped_fields.check_volume_sources("p.yaml", document)) == []


def test_a_volume_whose_source_is_null_is_refused():
    """It would be an emptyDir."""
    document = pod("  volumes:\n    - name: v\n      nfs:\n")

    with pytest.raises(
        errors.FieldDropped, match=r"^p\.yaml:8: nfs of volume 'v' of Pod p is null"
    ):
        list(dropped_fields.check_volume_sources("p.yaml", document))


def test_a_volume_without_a_source_is_a_warning():
    """Also in the Pod template of a CronJob."""
    job = {"template": {"spec": {"volumes": [{"name": "v"}]}}}
    cron_job = {
        "kind": "CronJob",
        "metadata": {"name": "c"},
        "spec": {"jobTemplate": {"spec": job}},
    }

    (warning,) = dropped_fields.check_volume_sources("<dict>", cron_job)

    assert warning.startswith("<dict>: volume 'v' of CronJob c has no source")


def test_a_warning_begins_with_the_line_of_its_field():
    """Or with that of the object."""
    document = pod("  nodeSelector:\n    beta.kubernetes.io/os: linux\n")

    texts = ["spec.nodeSelector[beta.kubernetes.io/os]: deprecated", "v1 Pod is deprecated"]
    described = [dropped_fields.describe_warning(text, "p.yaml", document) for text in texts]

    assert described == [f"p.yaml:7: Pod p: {texts[0]}", f"p.yaml:1: Pod p: {texts[1]}"]
