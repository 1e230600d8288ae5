"""Tests of the errors that the API server's rejections mean."""

import json

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import api_errors
from pytest_podshare.kube.rbac import Permission, parse_denial

NODES = (
    'nodes is forbidden: User "system:serviceaccount:team:podshare" cannot list resource "nodes"'
    ' in API group "" at the cluster scope'
)
EXEC = (
    'pods "web" is forbidden: User "jane" cannot create resource "pods/exec" in API group ""'
    ' in the namespace "team"'
)
SECURITY = (
    'pods "web" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    ' (pod or container "c1" must set securityContext.runAsNonRoot=true)'
)
QUOTA = 'pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1'


def parse(status, message):
    """Return the error of a response."""
    return api_errors.parse_error("GET", "/x", status, json.dumps({"message": message}).encode())


def test_a_cluster_wide_permission_needs_a_cluster_role():
    """The error names the permission and the rule that grants it."""
    error = parse(403, NODES)

    assert isinstance(error, errors.MissingRight)
    assert (error.right, error.cluster_wide) == ("list nodes", True)
    assert error.remedy == (
        "Grant system:serviceaccount:team:podshare the permission to list nodes: a rule of a "
        'ClusterRole: {apiGroups: [""], resources: ["nodes"], verbs: ["list"]}'
    )


def test_a_namespaced_permission_needs_a_role():
    """The permission includes the subresource."""
    error = parse(403, EXEC)

    assert (error.right, error.cluster_wide) == ("create pods/exec", False)
    assert "a rule of a Role in namespace team: " in error.remedy


@pytest.mark.parametrize("message", [SECURITY, QUOTA, "nodes is forbidden"])
def test_other_rejections_are_not_missing_permissions(message):
    """Counterexample: status 403 has many reasons."""
    error = parse(403, message)

    assert type(error) is errors.ApiError
    assert message in error.what


def test_pod_security_has_its_own_remedy():
    """Either the Pod or the namespace's level must be changed."""
    assert "securityContext" in parse(403, SECURITY).remedy
    assert "securityContext" not in parse(403, QUOTA).remedy


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "Unauthorized"), (403, EXEC.replace("jane", "system:anonymous"))],
)
def test_an_unknown_account_must_log_in(status, message):
    """No RBAC rule helps an account that the API server does not know."""
    assert isinstance(parse(status, message), errors.CredentialsRefused)


def test_a_response_that_is_not_json_is_an_error_as_well():
    """A proxy may send one."""
    error = api_errors.parse_error("GET", "/x", 502, b"<html>Bad Gateway")
    other = api_errors.parse_error("GET", "/x", 502, b'["a", "list"]')

    assert error.what == "GET /x: <html>Bad Gateway"
    assert other.status == 502


def test_all_parts_of_a_denial_are_parsed():
    """They include the API group."""
    message = NODES.replace('"nodes" in API group ""', '"jobs" in API group "batch"')

    assert parse_denial(message) == (
        "system:serviceaccount:team:podshare",
        Permission("list", "jobs", "batch"),
    )
