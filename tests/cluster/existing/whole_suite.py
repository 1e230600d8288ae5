"""The suite on the cluster, file by file, as the account of manifests/rbac.yaml: `tox -e role`.

It takes as long as the suite itself, so that every run does it for a sample only, in
test_least_rights.py.
"""

from pathlib import Path

import pytest

from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from tests.support import accounts

_HERE = Path(__file__).parents[1]
# they make clusters, namespaces or accounts of their own, which is what they are about; or they
# compare all that a run says with what it says on kind, where more is known and nothing is skipped
_ABOUT_KIND = {
    *("test_benchmarks.py", "test_capabilities.py", "test_cleanup.py", "test_cluster.py"),
    *("test_images.py", "test_in_cluster_job.py", "test_keep_namespace.py", "test_lifetime.py"),
    *("test_namespaces.py", "test_parallel.py"),
    *("test_broken.py", "test_collect.py", "test_failing_runs.py", "test_report.py"),
}
FILES = sorted(
    str(each.relative_to(Path.cwd()))
    for each in _HERE.rglob("test_*.py")
    if each.name not in _ABOUT_KIND and each.parent != Path(__file__).parent
)
# what the account lacks, or the cluster that it sees: a skip for any other reason is a hole
_MISSING = (
    *("the cluster lacks", "needs the right to", "needs access to the nodes"),
    *("of kind", "its own nodes", "run by the test above"),
)


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_suite_passes_as_the_account(team, file, record_property):
    """In a namespace that stays; it leaves no Pod, and what needs more is skipped by its name."""
    code, said = accounts.pytest_as(team.account, "-q", "-rsfE", file, seconds=1200)

    assert code == 0, said
    skipped = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert [line for line in skipped if not any(name in line for name in _MISSING)] == []
    # what was made to see what the cluster can do is deleted, and not waited for
    assert poll(lambda: pods(team), until=lambda left: not left, deadline=Deadline(60)) == []
    record_property("outcome", said.splitlines()[-1])


def pods(team):
    """The names of the Pods in the account's namespace."""
    listed = team.admin.api.get(pod_path(team.namespace))["items"]
    return [each["metadata"]["name"] for each in listed]
