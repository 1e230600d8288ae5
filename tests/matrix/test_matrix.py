"""Generated Pods: podshare says of each what `kubectl exec` and `kubectl logs` show."""

import os
from collections import Counter

import pytest

from pytest_podshare.cluster.kind import nodes
from tests.support import generated_pods
from tests.support.fault_table import WRONG
from tests.support.kubectl import Kubectl
from tests.support.matrix_verdicts import compare, judge
from tests.support.plain_observation import observe

# without PODSHARE_MATRIX_SETS, a sample of the first set
SAMPLE = 60
SETS = int(os.environ.get("PODSHARE_MATRIX_SETS", "0"))
CHOICES = [
    pytest.param(choice, id=f"{seed}-{number}")
    for seed in range(SETS or 1)
    for number, choice in enumerate(generated_pods.pairwise(seed))
][: None if SETS else SAMPLE]


@pytest.fixture
def kubectl(podshare_cluster, podshare):
    """Return kubectl for the namespace of the test."""
    if not podshare_cluster.own:
        pytest.skip("kubectl runs on a node of a kind cluster")
    return Kubectl(f"{podshare_cluster.name}-control-plane", podshare.namespace)


@pytest.fixture
def node(podshare_cluster, podshare):
    """Yield a node for both Pods; afterwards remove the folders of their hostPath volumes."""
    listed = podshare_cluster.api.get("/api/v1/nodes")["items"]
    name = next(one["metadata"]["name"] for one in listed if not one["spec"].get("taints"))
    yield name
    # each has the name of a Pod, which begins with that of the namespace
    remove = f"rm -rf {generated_pods.HOST_FOLDER}/{podshare.namespace}-*"
    nodes.run(name, "sh", "-c", remove)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_verdict_is_what_kubectl_shows(podshare, kubectl, node, choice, record_property):
    """The static check, the promises, the live mounts and kubectl agree on each Pod."""
    plain, skeleton = (
        generated_pods.build(choice, f"{podshare.namespace}-{name}", node)
        for name in ("plain", "skeleton")
    )
    seen = observe(kubectl, plain, choice)
    says = judge(podshare, generated_pods.template_of(skeleton), node)

    compared = list(compare(says, seen))
    record_property("verdicts", Counter(outcome for _, outcome in compared))
    wrong = [verdict for verdict, outcome in compared if outcome == WRONG]
    assert wrong == [], f"{generated_pods.describe(choice)}\n{seen}"
