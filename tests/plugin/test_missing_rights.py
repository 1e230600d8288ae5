"""What a cluster that is not ours does not let a test do."""

import pytest

TEST = """
import pytest
from pytest_podshare.errors import MissingRight, NodeAccessMissing

FACTS = {"status": 403, "reason": "Forbidden", "details": "it is forbidden"}

def test_the_nodes():
    raise MissingRight("what", "remedy", right="patch nodes", cluster_wide=True, **FACTS)

def test_the_nodes_again():
    raise MissingRight("what", "remedy", right="patch nodes", cluster_wide=True, **FACTS)

def test_the_namespace():
    raise MissingRight("what", "remedy", right="create pods", cluster_wide=False, **FACTS)

def test_a_node():
    raise NodeAccessMissing("what", "remedy")

def test_of_theirs():
    pytest.skip("needs the right to sing: nobody listens")
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_what_no_role_can_give_is_skipped_and_what_one_gives_fails(pytester, workers):
    """The rights of the namespace are those of manifests/rbac.yaml; without a cluster all fails."""
    pytester.makepyfile(TEST)

    result = pytester.runpytest_subprocess(
        *("-p", "no:pytest-kind", "-p", "no:cacheprovider", "-rs", f"-n{workers}")
    )

    result.assert_outcomes(skipped=3, failed=2)
    result.stdout.fnmatch_lines(["*SKIPPED*needs the right to patch nodes: it is forbidden*"])
    result.stdout.fnmatch_lines(
        ["podshare: skipped 2 tests for missing permissions: patch nodes (2)"]
    )


@pytest.mark.parametrize("name", ["Not-one", "a/b", "-a", "a" * 64])
def test_what_cannot_be_a_namespace_is_refused(pytester, name):
    """Before anything is asked of any cluster."""
    result = pytester.runpytest_subprocess("-p", "no:pytest-kind", f"--podshare-namespace={name}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--podshare-namespace: '{name}' is not a valid podshare*"])
