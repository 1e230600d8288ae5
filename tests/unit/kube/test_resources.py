"""Tests that a manifest's apiVersion and name become parts of a path and lead nowhere else."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import resources


class RecordingApi:
    """Has one kind under every path, and records the requests."""

    def __init__(self):
        self.paths = []

    def get_patiently(self, path):
        """Return the kind, whatever the path."""
        self.paths.append(path)
        return {"resources": [{"kind": "Pod", "name": "pods", "namespaced": True}]}

    def get(self, path):
        """Return the kind, whatever the path."""
        return self.get_patiently(path)

    def post(self, path, body, *, warnings, **query):
        """Return the object, with a warning; unknown fields must be rejected."""
        assert query == {"fieldValidation": "Strict"}
        warnings.append("a warning")
        self.paths.append(path)
        return {**body, "metadata": {"name": "new", "uid": "u"}}


def manifest(version="v1", name="p"):
    """Return a Pod with that apiVersion and name."""
    return {"apiVersion": version, "kind": "Pod", "metadata": {"name": name}}


@pytest.mark.parametrize("version", ["v1", "apps/v1", "networking.k8s.io/v1beta1"])
def test_an_api_version_is_part_of_a_path(version):
    """Control: these are Kubernetes' own versions."""
    api = RecordingApi()

    created = resources.create(api, manifest(version), "ns")

    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    assert created.path == f"{root}/namespaces/ns/pods/new"
    assert created.warnings == ("a warning",)
    assert api.paths == [root, f"{root}/namespaces/ns/pods"]


@pytest.mark.parametrize(
    "version",
    [
        "..",
        "v1/..",
        "../api/v1",
        "v1/../../x",
        "v1/namespaces/other/pods",
        "v1?x",
        "v1#",
        "/v1",
        "",
    ],
)
def test_an_api_version_leads_nowhere_else(version):
    """No request is sent, because the kind cannot exist."""
    api = RecordingApi()

    with pytest.raises(errors.ApiError, match="has no kind 'Pod'"):
        resources.create(api, manifest(version), "ns")
    assert api.paths == []


@pytest.mark.parametrize("name", ["../secrets/x", "a/b", "p?dryRun=All", "p#x", "%2e%2e"])
def test_a_name_is_one_part_of_a_path(name):
    """Special characters are quoted."""
    api = RecordingApi()

    resources.find(api, manifest(name=name), "ns")

    last = api.paths[-1].removeprefix("/api/v1/namespaces/ns/pods/")
    assert not {"/", "?", "#"} & set(last)
