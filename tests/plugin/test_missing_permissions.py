"""Tests that need more permissions than the account of an existing cluster has."""

import pytest

TEST = """
import pytest
from pytest_podshare.errors import MissingRight, NodeAccessMissing

RESPONSE = {"status": 403, "reason": "Forbidden", "details": "it is forbidden"}

def test_nodes():
    raise MissingRight("what", "remedy", right="patch nodes", cluster_wide=True, **RESPONSE)

def test_nodes_again():
    raise MissingRight("what", "remedy", right="patch nodes", cluster_wide=True, **RESPONSE)

def test_namespace():
    raise MissingRight("what", "remedy", right="create pods", cluster_wide=False, **RESPONSE)

def test_node_access():
    raise NodeAccessMissing("what", "remedy")

def test_skipped_by_itself():
    pytest.skip("needs permission to sing: the audience is asleep")
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_only_a_missing_permission_that_no_role_can_grant_skips_a_test(pytester, workers):
    """manifests/rbac.yaml grants those of the namespace; the summary counts no other skips."""
    pytester.makepyfile(TEST)

    result = pytester.runpytest_subprocess(
        *("-p", "no:pytest-kind", "-p", "no:cacheprovider", "-rs", f"-n{workers}")
    )

    result.assert_outcomes(skipped=3, failed=2)
    result.stdout.fnmatch_lines(["*SKIPPED*needs permission to patch nodes: it is forbidden*"])
    result.stdout.fnmatch_lines(
        ["podshare: skipped 2 tests because of missing permissions: patch nodes (2)"]
    )
