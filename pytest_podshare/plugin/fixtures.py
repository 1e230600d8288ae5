"""The fixtures: a cluster for the run, a namespace for each test, and what deploys into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.transient import is_transient
from pytest_podshare.plugin import options, stash
from pytest_podshare.report import terminal

if TYPE_CHECKING:
    from pytest_podshare.cluster.capabilities.catalog import Capabilities
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.factory import PodshareFactory
    from pytest_podshare.pods.pod import Pod

# the mark of a test that needs more than every cluster has
_NEEDS = "podshare_needs"


@pytest.fixture(scope="session")
def podshare_kubeconfig(pytestconfig: pytest.Config) -> Path | None:
    """The kubeconfig of an existing cluster; override it to give one by code."""
    return pytestconfig.stash[stash.OPTIONS].kubeconfig


@pytest.fixture(scope="session")
def podshare_cluster(
    request: pytest.FixtureRequest, podshare_kubeconfig: Path | None
) -> Iterator[Cluster]:
    """The cluster of this run, made at the first test that needs it."""
    config = request.config
    run = config.stash[stash.RUN]
    run.settings = settings(config.stash[stash.OPTIONS], run.id, podshare_kubeconfig)
    cluster = run.open()
    # of the workers of pytest-xdist, the one that made it speaks for all
    if cluster.created or not hasattr(config, "workerinput"):
        config.stash[stash.LINES] += terminal.format_cluster(cluster, run.seconds)
    config.stash[stash.LINES] += terminal.format_stuck_objects(run.stuck)
    yield cluster
    stuck = run.close()
    if (shared := run.shared_namespace) is not None and shared.undeleted:
        config.stash[stash.LINES].append(
            terminal.format_undeleted_objects(shared.name, shared.undeleted)
        )
    if stuck:
        config.stash[stash.LINES] += terminal.format_stuck_namespaces(
            stuck, run.settings.timeouts.delete
        )
    config.stash[stash.LINES] += terminal.format_kept_namespaces(
        run.kept_namespaces, cluster, run.settings, run.id, config.stash[stash.OPTIONS].namespace
    )


@pytest.fixture(scope="session")
def podshare_capabilities(
    podshare_cluster: Cluster, pytestconfig: pytest.Config
) -> Iterator[Capabilities]:
    """What the cluster can do, each asked for when it is first wanted."""
    from pytest_podshare.cluster.capabilities.api_checks import CheckContext
    from pytest_podshare.cluster.capabilities.catalog import Capabilities

    run, image = pytestconfig.stash[stash.RUN], pytestconfig.stash[stash.OPTIONS].probe_image

    def place() -> CheckContext:
        namespace = run.namespaces.create(Deadline(run.settings.timeouts.ready))
        return CheckContext(podshare_cluster, namespace, image, run.id)

    capabilities = Capabilities(place)
    yield capabilities
    told = {each.name: (each.there, each.why) for each in capabilities.checked}
    pytestconfig.stash[stash.CAPABILITIES].update(told)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See to what tests need before anything is made for them."""
    for item in items:
        if item.get_closest_marker(_NEEDS) and isinstance(item, pytest.Function):
            item.fixturenames = [_podshare_needed.__name__, *item.fixturenames]


@pytest.fixture
def _podshare_needed(request: pytest.FixtureRequest) -> None:
    """Skip what is marked as needing more than the cluster has."""
    from pytest_podshare.cluster.capabilities import catalog

    names = [name for mark in request.node.iter_markers(_NEEDS) for name in mark.args]
    catalog.check_names(names or [""])
    asked: Capabilities = request.getfixturevalue("podshare_capabilities")
    if lacking := asked.find_missing(names):
        pytest.skip(f"the cluster lacks {lacking}")


@pytest.fixture
def podshare_namespace(podshare_cluster: Cluster, pytestconfig: pytest.Config) -> Iterator[str]:
    """A namespace for one test; its deletion is not waited for."""
    run = pytestconfig.stash[stash.RUN]
    name = run.namespaces.create(Deadline(run.settings.timeouts.ready))
    yield name
    try:
        run.namespaces.delete(name)
    except errors.ClusterError as error:
        # an API server that does not answer is told of by the test; the end of the run tries again
        if not is_transient(error, known=False):
            raise


@pytest.fixture
def podshare(
    request: pytest.FixtureRequest, podshare_cluster: Cluster, podshare_namespace: str
) -> Iterator[Podshare]:
    """Deploys Pods into a namespace of the test's own."""
    from pytest_podshare.pods.deployer import Podshare

    config = request.config
    made = Podshare(
        podshare_cluster,
        podshare_namespace,
        run_id=config.stash[stash.RUN].id,
        timeouts=config.stash[stash.OPTIONS].timeouts,
        probe_image=config.stash[stash.OPTIONS].probe_image,
        shared_namespace=config.stash[stash.RUN].shared_namespace,
    )
    request.node.stash[stash.PODSHARE] = made
    with made:
        yield made


@pytest.fixture
def podshare_pod(request: pytest.FixtureRequest, podshare: Podshare) -> Pod:
    """The Pod of the manifest that the mark `podshare` names."""
    mark = request.node.get_closest_marker("podshare")
    if mark is None or len(mark.args) != 1 or mark.kwargs:
        raise errors.ManifestNotFound(
            f"{request.node.nodeid} wants podshare_pod, and no mark names its manifest.",
            'Mark the test, its class or its module: @pytest.mark.podshare("manifests/pod.yaml").',
        )
    return podshare.deploy(mark.args[0])


@pytest.fixture(scope="session")
def podshare_factory(
    podshare_cluster: Cluster, pytestconfig: pytest.Config
) -> Iterator[PodshareFactory]:
    """Makes a Podshare for a fixture of your own, whose Pods several tests share."""
    from pytest_podshare.pods.factory import PodshareFactory

    run, asked = pytestconfig.stash[stash.RUN], pytestconfig.stash[stash.OPTIONS]
    made = PodshareFactory(
        podshare_cluster,
        run.namespaces,
        run_id=run.id,
        timeouts=asked.timeouts,
        probe_image=asked.probe_image,
    )
    pytestconfig.stash[stash.FACTORY] = made
    with made:
        yield made


def settings(
    resolved: options.Options, run_id: str, kubeconfig: Path | None
) -> KindSettings | ExistingSettings:
    """Which cluster the options name."""
    if resolved.provider == "existing" or kubeconfig is not None:
        return ExistingSettings(
            kubeconfig, resolved.context, resolved.allow_context, resolved.timeouts
        )
    return KindSettings(
        name=resolved.cluster_name,
        image=resolved.kind_image,
        config=resolved.kind_config,
        nodes=resolved.kind_nodes,
        kind_bin=resolved.kind_bin,
        run_id=run_id,
        state=default_state(),
        timeouts=resolved.timeouts,
    )
