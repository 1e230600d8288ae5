"""Generated Pods, their comparison with kubectl, and their section of docs/reliability.md."""

import os
from collections import Counter

import pytest

from pytest_podshare.cluster.kind import nodes
from tests.support import generated_pods
from tests.support.fault_table import NAMED, PLURALS, TRUE, WRONG
from tests.support.kubectl import Kubectl
from tests.support.matrix_verdicts import compare, judge
from tests.support.plain_observation import observe
from tests.support.reliability_page import table, write_section
from tests.support.schedulable_node import find_schedulable_node

# without PODSHARE_MATRIX_SETS, a sample of the first set
_SAMPLE = 24
_SETS = int(os.environ.get("PODSHARE_MATRIX_SETS", "0"))

_COLUMNS = ["Pods", "checks", *PLURALS]
_TEXT = """
Each Pod has a writer and a reader. The Pods differ in the kind of volume, the fsGroup, the restart
policy, and for each container in the subPath, the mount options, the user and the role: any two
values of two of these occur together. A verdict of the static check, a promise or the live mounts
is true if `kubectl exec` and `kubectl logs` show the same. `tox -e matrix` writes this table.

"""


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")
    item.add_marker("engine")
    item.add_marker("slow")


def pytest_generate_tests(metafunc):
    """Pass each choice of values for a Pod with one of the VOLUMES of a file."""
    if "choice" in metafunc.fixturenames:
        choices = [
            pytest.param(choice, id=f"{seed}-{number}")
            for seed in range(_SETS or 1)
            for number, choice in enumerate(generated_pods.pairwise(seed))
            if _SETS or number < _SAMPLE
            if choice["volume"] in metafunc.module.VOLUMES
        ]
        metafunc.parametrize("choice", choices)


@pytest.fixture
def find_wrong_verdicts(podshare, podshare_cluster, record_property):
    """Return a function that deploys the Pod of a choice and returns what podshare says wrongly."""
    if not podshare_cluster.own:
        pytest.skip("kubectl runs on a node of a kind cluster")
    namespace, node = podshare.namespace, find_schedulable_node(podshare_cluster.api)
    kubectl = Kubectl(f"{podshare_cluster.name}-control-plane", namespace)

    def find(choice):
        plain, skeleton = (
            generated_pods.build(choice, f"{namespace}-{name}", node)
            for name in ("plain", "skeleton")
        )
        seen = observe(kubectl, plain, choice)
        says = judge(podshare, generated_pods.template_of(skeleton), node)
        compared = list(compare(says, seen))
        record_property("verdicts", Counter(outcome for _, outcome in compared))
        wrong = [verdict for verdict, outcome in compared if outcome == WRONG]
        return [*wrong, generated_pods.describe(choice), seen] if wrong else []

    yield find
    # the folders of hostPath volumes have the names of the Pods
    nodes.run(node, "sh", "-c", f"rm -rf {generated_pods.HOST_FOLDER}/{namespace}-*")


class _Table:
    """Adds up the verdicts of all tests, from all workers of pytest-xdist."""

    def __init__(self):
        self._counts, self._pods = Counter(), 0

    def pytest_runtest_logreport(self, report):
        """Add the verdicts of a test."""
        verdicts = dict(report.user_properties).get("verdicts")
        if report.when == "call" and verdicts is not None:
            self._counts.update(verdicts)
            self._pods += 1

    def pytest_sessionfinish(self, session):
        """Write the table if all Pods were tested."""
        if session.testsfailed == 0 and self._pods:
            row = [self._pods, sum(self._counts.values())]
            row += [self._counts[outcome] for outcome in (TRUE, NAMED, WRONG)]
            write_section("Generated Pods", _TEXT + table(_COLUMNS, [row]))


def pytest_configure(config):
    """Add up the verdicts of a run of all Pods."""
    if "PODSHARE_MATRIX_SETS" in os.environ and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table())
