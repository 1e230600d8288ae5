"""What the API server's refusals mean."""

import json

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import api_errors
from pytest_podshare.kube.rbac import Permission, refused

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


def refusal(status, message):
    """The error of such an answer."""
    return api_errors.read("GET", "/x", status, json.dumps({"message": message}).encode())


def test_a_right_at_the_cluster_scope_is_named_with_its_rule():
    """What the account lacks, and what to add for it."""
    error = refusal(403, NODES)

    assert isinstance(error, errors.MissingRight)
    assert (error.right, error.cluster_wide) == ("list nodes", True)
    assert error.remedy == (
        "Give system:serviceaccount:team:podshare the right to list nodes: a rule of a "
        'ClusterRole: {apiGroups: [""], resources: ["nodes"], verbs: ["list"]}'
    )


def test_a_right_in_a_namespace_is_one_that_a_role_gives():
    """With its subresource."""
    error = refusal(403, EXEC)

    assert (error.right, error.cluster_wide) == ("create pods/exec", False)
    assert "a rule of a Role in namespace team: " in error.remedy


@pytest.mark.parametrize("message", [SECURITY, QUOTA, "nodes is forbidden"])
def test_no_right_helps_against_other_refusals(message):
    """The twin: forbidden is what many things are."""
    error = refusal(403, message)

    assert type(error) is errors.ApiError
    assert message in error.what


def test_pod_security_has_a_remedy_of_its_own():
    """The Pod is to be mended, or the namespace's level."""
    assert "securityContext" in refusal(403, SECURITY).remedy
    assert "securityContext" not in refusal(403, QUOTA).remedy


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "Unauthorized"), (403, EXEC.replace("jane", "system:anonymous"))],
)
def test_nobody_is_told_to_log_in(status, message):
    """No rule helps an account that the API server does not know."""
    assert isinstance(refusal(status, message), errors.CredentialsRefused)


def test_what_is_no_json_is_an_error_all_the_same():
    """As from a proxy in between."""
    error = api_errors.read("GET", "/x", 502, b"<html>Bad Gateway")
    other = api_errors.read("GET", "/x", 502, b'["a", "list"]')

    assert error.what == "GET /x: <html>Bad Gateway"
    assert other.status == 502


def test_a_message_is_read_in_all_its_parts():
    """Also of an API group."""
    message = NODES.replace('"nodes" in API group ""', '"jobs" in API group "batch"')

    assert refused(message) == (
        "system:serviceaccount:team:podshare",
        Permission("list", "jobs", "batch"),
    )
