"""The cluster suite, file by file, as the account of manifests/rbac.yaml: `tox -e role`.

It takes as long as the suite itself, so an ordinary run covers only the sample in
`test_least_rights.py`.
"""

from pathlib import Path

import pytest

from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from tests.support import accounts

_HERE = Path(__file__).parents[1]
# these create clusters, namespaces or accounts, because that is what they test; or they compare the
# whole output of a run with that on kind, where more is known and nothing is skipped
_ABOUT_KIND = {
    *("test_benchmarks.py", "test_capabilities.py", "test_cleanup.py", "test_cluster.py"),
    *("test_images.py", "test_in_cluster_job.py", "test_keep_namespace.py", "test_lifetime.py"),
    *("test_namespaces.py", "test_parallel.py"),
    *("test_broken.py", "test_collect.py", "test_failing_runs.py", "test_report.py"),
}
FILES = sorted(
    str(path.relative_to(Path.cwd()))
    for path in _HERE.rglob("test_*.py")
    if path.name not in _ABOUT_KIND and path.parent != Path(__file__).parent
)
# valid reasons to skip: the account or its cluster lacks something
_MISSING = (
    *("the cluster lacks", "needs permission to", "needs access to the nodes"),
    *("of kind", "its own nodes", "run by the test above"),
)


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_suite_passes_as_the_account(team, file, record_property):
    """It leaves no Pod in the account's namespace, and skips name what the account lacks."""
    code, output = accounts.pytest_as(team.account, "-q", "-rsfE", file, seconds=1200)

    assert code == 0, output
    skipped = [line for line in output.splitlines() if line.startswith("SKIPPED")]
    assert [line for line in skipped if not any(name in line for name in _MISSING)] == []
    # trial Pods of the capability checks are deleted without waiting
    assert poll(lambda: pods(team), until=lambda left: not left, deadline=Deadline(60)) == []
    record_property("outcome", output.splitlines()[-1])


def pods(team):
    """Return the names of the Pods in the account's namespace."""
    listed = team.admin.api.get(pod_path(team.namespace))["items"]
    return [pod["metadata"]["name"] for pod in listed]
