"""The fixtures: the cluster of the run, a namespace for each test, and what deploys into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.transient import is_transient
from pytest_podshare.plugin import stash
from pytest_podshare.report import terminal

if TYPE_CHECKING:
    from pytest_podshare.cluster.capabilities.catalog import Capabilities
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.factory import PodshareFactory
    from pytest_podshare.pods.pod import Pod

_NEEDS = "podshare_needs"


@pytest.fixture(scope="session")
def podshare_kubeconfig(pytestconfig: pytest.Config) -> Path | None:
    """Return the kubeconfig of an existing cluster, or None for the cluster that the options
    select. Override this fixture if another fixture of yours creates the cluster.
    """
    return pytestconfig.stash[stash.OPTIONS].kubeconfig


@pytest.fixture(scope="session")
def podshare_cluster(
    request: pytest.FixtureRequest, podshare_kubeconfig: Path | None
) -> Iterator[Cluster]:
    """Return the cluster of the run, with its `name`, `server`, `provider` and `version`. It is
    created or connected to when the first test needs it.
    """
    config = request.config
    run, lines = config.stash[stash.RUN], config.stash[stash.LINES]
    run.settings = config.stash[stash.OPTIONS].cluster_settings(run.id, podshare_kubeconfig)
    cluster = run.open()
    # of several workers of pytest-xdist, only the one that created it reports it
    if cluster.created or not hasattr(config, "workerinput"):
        lines += terminal.format_cluster(cluster, run.seconds)
    lines += terminal.format_stuck_objects(run.stuck)
    yield cluster
    stuck = run.close()
    if (shared := run.shared_namespace) is not None and shared.undeleted:
        lines.append(terminal.format_undeleted_objects(shared.name, shared.undeleted))
    if stuck:
        lines += terminal.format_stuck_namespaces(stuck, run.settings.timeouts.delete)
    lines += terminal.format_kept_namespaces(
        run.kept_namespaces, cluster, run.settings, run.id, config.stash[stash.OPTIONS].namespace
    )


@pytest.fixture(scope="session")
def podshare_capabilities(
    podshare_cluster: Cluster, pytestconfig: pytest.Config
) -> Iterator[Capabilities]:
    """Return the capabilities of the cluster: `podshare_capabilities["image-volumes"].there` says
    whether it has one, and `.why` how that is known. Each is checked once, when first requested.
    """
    from pytest_podshare.cluster.capabilities.api_checks import CheckContext
    from pytest_podshare.cluster.capabilities.catalog import Capabilities

    run, image = pytestconfig.stash[stash.RUN], pytestconfig.stash[stash.OPTIONS].probe_image

    def create_context() -> CheckContext:
        namespace = run.namespaces.create(Deadline(run.settings.timeouts.ready))
        return CheckContext(podshare_cluster, namespace, image, run.id)

    capabilities = Capabilities(create_context)
    yield capabilities
    pytestconfig.stash[stash.CAPABILITIES].update(
        {capability.name: (capability.there, capability.why) for capability in capabilities.checked}
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Check the needs of a marked test before any of its fixtures starts."""
    for item in items:
        if item.get_closest_marker(_NEEDS) and isinstance(item, pytest.Function):
            item.fixturenames = [_podshare_needs.__name__, *item.fixturenames]


@pytest.fixture
def _podshare_needs(request: pytest.FixtureRequest) -> None:
    """Skip a test that needs a capability which the cluster lacks."""
    from pytest_podshare.cluster.capabilities import catalog

    names = [name for mark in request.node.iter_markers(_NEEDS) for name in mark.args]
    catalog.check_names(names or [""])
    capabilities: Capabilities = request.getfixturevalue("podshare_capabilities")
    if missing := capabilities.find_missing(names):
        pytest.skip(f"the cluster lacks {missing}")


@pytest.fixture
def podshare_namespace(podshare_cluster: Cluster, pytestconfig: pytest.Config) -> Iterator[str]:
    """Create a namespace for one test and return its name. After the test, it is deleted in the
    background.
    """
    run = pytestconfig.stash[stash.RUN]
    name = run.namespaces.create(Deadline(run.settings.timeouts.ready))
    yield name
    try:
        run.namespaces.delete(name)
    except errors.ClusterError as error:
        # the run tries again at its end
        if not is_transient(error, known=False):
            raise


@pytest.fixture
def podshare(
    request: pytest.FixtureRequest, podshare_cluster: Cluster, podshare_namespace: str
) -> Iterator[Podshare]:
    """Return a `Podshare`, which deploys manifests into the test's own namespace:
    `pod = podshare.deploy("manifests/pod.yaml")`.
    """
    from pytest_podshare.pods.deployer import Podshare

    options, run = request.config.stash[stash.OPTIONS], request.config.stash[stash.RUN]
    podshare = Podshare(
        podshare_cluster,
        podshare_namespace,
        run_id=run.id,
        timeouts=options.timeouts,
        probe_image=options.probe_image,
        shared_namespace=run.shared_namespace,
    )
    request.node.stash[stash.PODSHARE] = podshare
    with podshare:
        yield podshare


@pytest.fixture
def podshare_pod(request: pytest.FixtureRequest, podshare: Podshare) -> Pod:
    """Deploy the manifest that `@pytest.mark.podshare("manifests/pod.yaml")` names, and return its
    `Pod`.
    """
    mark = request.node.get_closest_marker("podshare")
    if mark is None or len(mark.args) != 1 or mark.kwargs:
        raise errors.ManifestNotFound(
            f"{request.node.nodeid} uses podshare_pod, but no mark names its manifest.",
            'Mark the test, its class or its module: @pytest.mark.podshare("manifests/pod.yaml").',
        )
    return podshare.deploy(mark.args[0])


@pytest.fixture(scope="session")
def podshare_factory(
    podshare_cluster: Cluster, pytestconfig: pytest.Config
) -> Iterator[PodshareFactory]:
    """Return a factory for Pods that several tests share: in a fixture of your own, `with
    podshare_factory.make() as podshare:` creates a namespace that lasts as long as that fixture.
    """
    from pytest_podshare.pods.factory import PodshareFactory

    options, run = pytestconfig.stash[stash.OPTIONS], pytestconfig.stash[stash.RUN]
    factory = PodshareFactory(
        podshare_cluster,
        run.namespaces,
        run_id=run.id,
        timeouts=options.timeouts,
        probe_image=options.probe_image,
    )
    pytestconfig.stash[stash.FACTORY] = factory
    with factory:
        yield factory
