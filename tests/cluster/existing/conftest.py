"""An account that may use one namespace of an existing cluster."""

import secrets

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.existing import ExistingSettings, connect_existing
from pytest_podshare.cluster.namespaces import Namespaces
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube.rbac import Permission
from tests.support import accounts, image_policy
from tests.support.permissions import settled


@pytest.fixture(scope="module")
def namespaces(podshare_cluster):
    """Return the namespaces of this module, created by an account that may do so."""
    if not podshare_cluster.own:
        pytest.skip("this test creates accounts on a kind cluster")
    namespaces = Namespaces(podshare_cluster.api, secrets.token_hex(4))
    yield namespaces
    namespaces.delete_all()


@pytest.fixture(scope="module")
def team(podshare_cluster, namespaces, tmp_path_factory):
    """Return an account with the permissions of manifests/rbac.yaml, and its namespace."""
    name = namespaces.create(Deadline(60))
    folder = tmp_path_factory.mktemp("team")
    account = accounts.make(podshare_cluster, name, folder)
    cluster = connect_existing(ExistingSettings(account.kubeconfig, None, (), Timeouts()))
    assert settled(cluster.api, Permission("create", "pods", namespace=name), there=True)
    yield accounts.Team(podshare_cluster, account, cluster)
    cluster.close()


@pytest.fixture(scope="module")
def images(podshare_cluster, team):
    """Let Pods of the team's namespace use the images on the nodes."""
    value = f"{team.namespace}-images"
    labels = {"metadata": {"labels": {image_policy.LABEL: value}}}
    podshare_cluster.api.patch(f"/api/v1/namespaces/{team.namespace}", labels)
    try:
        with image_policy.use_images_of_nodes(podshare_cluster, value):
            image_policy.wait_until_effective(podshare_cluster, team.namespace)
            yield
    except errors.ApiError as error:
        if error.status != 404:
            raise
        pytest.skip(f"this API server cannot have Pods changed by a policy: {error.details}")
