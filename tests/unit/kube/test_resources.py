"""What a manifest says of itself becomes a path to the API server, and leads nowhere else."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import resources


class Asked:
    """Knows one kind under every path, and notes what it is asked for."""

    def __init__(self):
        self.paths = []

    def get(self, path):
        """Answer, whatever the path."""
        self.paths.append(path)
        return {"resources": [{"kind": "Pod", "name": "pods", "namespaced": True}]}

    def post(self, path, body):
        """Take it."""
        self.paths.append(path)
        return {**body, "metadata": {"name": "made", "uid": "u"}}


def manifest(version="v1", name="p"):
    """A Pod that calls itself so."""
    return {"apiVersion": version, "kind": "Pod", "metadata": {"name": name}}


@pytest.mark.parametrize("version", ["v1", "apps/v1", "networking.k8s.io/v1beta1"])
def test_an_api_version_is_a_path(version):
    """The control: as Kubernetes has them."""
    api = Asked()

    made = resources.create(api, manifest(version), "ns")

    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    assert made.path == f"{root}/namespaces/ns/pods/made"
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
    """Nothing is asked, for there is no such kind."""
    api = Asked()

    with pytest.raises(errors.ApiError, match="knows no kind 'Pod'"):
        resources.create(api, manifest(version), "ns")
    assert api.paths == []


@pytest.mark.parametrize("name", ["../secrets/x", "a/b", "p?dryRun=All", "p#x", "%2e%2e"])
def test_a_name_is_one_part_of_a_path(name):
    """Whatever it holds."""
    api = Asked()

    resources.find(api, manifest(name=name), "ns")

    last = api.paths[-1].removeprefix("/api/v1/namespaces/ns/pods/")
    assert not {"/", "?", "#"} & set(last)
