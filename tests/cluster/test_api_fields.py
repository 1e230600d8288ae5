"""The fields that `podshare check` knows are those of a real API server."""

import json

import pytest

from sandbox import kubernetes_schema

PATHS = ("/openapi/v3/api/v1", "/openapi/v3/apis/apps/v1", "/openapi/v3/apis/batch/v1")


@pytest.fixture(scope="module")
def types(podshare_cluster):
    """Return the types that the API server lists."""
    return kubernetes_schema.read_types(podshare_cluster.api.get(path) for path in PATHS)


@pytest.fixture(scope="module")
def content():
    """Return the content of the generated file."""
    return json.loads(kubernetes_schema.FILE.read_text())


def test_the_known_fields_are_those_of_the_api_server(podshare_cluster, types, content):
    """Of each type of a Pod or workload; control: those of another version differ."""
    version = podshare_cluster.api.get("/version")
    # managed clusters write `36+`
    minor = f"{version['major']}.{version['minor'].rstrip('+')}"
    known = [kubernetes_schema.minor(release) for release in content["releases"]]
    if minor not in known:
        pytest.skip(f"the fields of Kubernetes {minor} are not known")

    assert kubernetes_schema.select(content, minor) == types
    other = known[known.index(minor) - 1]
    assert kubernetes_schema.select(content, other) != types
