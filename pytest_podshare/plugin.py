"""pytest's door: hooks and fixtures, no logic."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import weakref
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_podshare import collect, errors, options
from pytest_podshare.cluster import kind_config, kind_program
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind_program import KindSettings
from pytest_podshare.cluster.processes import Process
from pytest_podshare.cluster.run import Run
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import PodshareError
from pytest_podshare.printable import printable
from pytest_podshare.report import terminal, traceback

# What only a run with manifests, Pods or reports needs is imported where it is needed: pytest loads
# this module in every run of every project that has it installed.
if TYPE_CHECKING:
    from pytest_podshare.cluster.capabilities import Capabilities
    from pytest_podshare.cluster.record import Cluster
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.factory import PodshareFactory
    from pytest_podshare.pods.pod import Pod
    from pytest_podshare.report import travel
    from pytest_podshare.report.shown import Told

_OPTIONS = pytest.StashKey[options.Options]()
_RUN = pytest.StashKey[Run]()
_PODSHARE = collect.PODSHARE
_FACTORY: pytest.StashKey[PodshareFactory] = pytest.StashKey()
_LINES = pytest.StashKey[list[str]]()
_SENDER: pytest.StashKey[travel.Sender] = pytest.StashKey()
# how much of a Pod's evidence has been told: a Pod may outlive a test, and be checked by the next
_TOLD: pytest.StashKey[weakref.WeakKeyDictionary[Pod, int]] = pytest.StashKey()

# what was asked of the cluster: name → whether it is there, and how that is known or why not
_CAPABILITIES = pytest.StashKey[dict[str, tuple[bool, str]]]()

# under this name a test's evidence travels: into JUnit XML, and from a worker to the terminal
_PROPERTY = "podshare"
_NEEDS = "podshare_needs"
_MARKS = (
    "podshare(manifest): the manifest that the fixture podshare_pod deploys; "
    "also on what manifests promise (--podshare-manifests)",
    "podshare_needs(*names): skip the test where the cluster lacks one of these capabilities",
    "podshare_static: what manifests are found to be without a cluster (--podshare-manifests)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Resolve the options and name the run; touches no cluster."""
    resolved = config.stash[_OPTIONS] = options.resolve(config)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run_id = worker.get("podshare_run") or secrets.token_hex(4)
    controller = worker.get("podshare_controller")
    config.stash[_RUN] = Run(
        run_id,
        _settings(resolved, run_id, resolved.kubeconfig),
        keep=resolved.keep_cluster,
        load=resolved.image,
        namespace=resolved.namespace,
        keep_namespace=resolved.keep_namespace,
        controller=Process(*controller) if controller else None,
    )
    config.stash[_LINES] = []
    config.stash[_CAPABILITIES] = {}
    config.stash[_TOLD] = weakref.WeakKeyDictionary()
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)
    config.pluginmanager.register(collect.Spelling(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist be of the same run, and know who outlives them."""
    run = node.config.stash[_RUN]
    node.workerinput["podshare_run"] = run.id
    node.workerinput["podshare_controller"] = dataclasses.astuple(run.process)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist has to say at the end."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    node.config.stash[_LINES] += output.get("podshare_lines", [])
    node.config.stash[_RUN].workers_keep |= output.get("podshare_kept", False)
    node.config.stash[_CAPABILITIES].update(output.get("podshare_capabilities", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Find the manifests that are to be tested, before workers of pytest-xdist do."""
    collect.start(session.config, session.config.stash[_OPTIONS])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See to what tests need before anything is made for them."""
    for item in items:
        if item.get_closest_marker(_NEEDS) and isinstance(item, pytest.Function):
            item.fixturenames = [_podshare_needed.__name__, *item.fixturenames]


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over what lies beside manifests."""
    return collect.ignored(collection_path, config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect manifests."""
    return collect.collected(file_path, parent)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what will be used, as far as it is known."""
    resolved, run = config.stash[_OPTIONS], config.stash[_RUN]
    settings = run.settings
    is_kind = isinstance(settings, KindSettings)
    return terminal.header(
        provider=resolved.provider,
        cluster=resolved.cluster_name if is_kind else resolved.context or "(current context)",
        server=kind_program.known_server(settings) if isinstance(settings, KindSettings) else None,
        version=kind_config.version_text(resolved.kind_image),
        image=resolved.kind_image,
        stand_ins=resolved.stand_ins,
        run_id=run.id,
        stand_in=resolved.probe_image if resolved.skeleton else None,
    )


@pytest.fixture(scope="session")
def podshare_kubeconfig(pytestconfig: pytest.Config) -> Path | None:
    """The kubeconfig of an existing cluster; override it to give one by code."""
    return pytestconfig.stash[_OPTIONS].kubeconfig


@pytest.fixture(scope="session")
def podshare_cluster(
    request: pytest.FixtureRequest, podshare_kubeconfig: Path | None
) -> Iterator[Cluster]:
    """The cluster of this run, made at the first test that needs it."""
    config = request.config
    run = config.stash[_RUN]
    run.settings = _settings(config.stash[_OPTIONS], run.id, podshare_kubeconfig)
    cluster = run.open()
    # of the workers of pytest-xdist, the one that made it speaks for all
    if cluster.created or not hasattr(config, "workerinput"):
        config.stash[_LINES] += terminal.used(cluster, run.seconds)
    config.stash[_LINES] += terminal.stuck_before(run.stuck_before)
    yield cluster
    stuck = run.close()
    if (given := run.given) is not None and given.left:
        config.stash[_LINES].append(terminal.left_objects(given.name, given.left))
    if stuck:
        config.stash[_LINES] += terminal.stuck_namespaces(stuck, run.settings.timeouts.delete)
    config.stash[_LINES] += terminal.kept_namespaces(
        run.kept, cluster, run.settings, run.id, config.stash[_OPTIONS].namespace
    )


@pytest.fixture(scope="session")
def podshare_capabilities(
    podshare_cluster: Cluster, pytestconfig: pytest.Config
) -> Iterator[Capabilities]:
    """What the cluster can do, each asked for when it is first wanted."""
    from pytest_podshare.cluster.asking import Place
    from pytest_podshare.cluster.capabilities import Capabilities

    run, image = pytestconfig.stash[_RUN], pytestconfig.stash[_OPTIONS].probe_image

    def place() -> Place:
        namespace = run.namespaces.make(Deadline(run.settings.timeouts.ready))
        return Place(podshare_cluster, namespace, image, run.id)

    capabilities = Capabilities(place)
    yield capabilities
    told = {each.name: (each.there, each.why) for each in capabilities.known}
    pytestconfig.stash[_CAPABILITIES].update(told)


@pytest.fixture
def _podshare_needed(request: pytest.FixtureRequest) -> None:
    """Skip what is marked as needing more than the cluster has."""
    from pytest_podshare.cluster import capabilities

    names = [name for mark in request.node.iter_markers(_NEEDS) for name in mark.args]
    capabilities.check_names(names or [""])
    asked: Capabilities = request.getfixturevalue("podshare_capabilities")
    if lacking := asked.lacking(names):
        pytest.skip(f"the cluster lacks {lacking}")


@pytest.fixture
def podshare_namespace(podshare_cluster: Cluster, pytestconfig: pytest.Config) -> Iterator[str]:
    """A namespace for one test; its deletion is not waited for."""
    run = pytestconfig.stash[_RUN]
    name = run.namespaces.make(Deadline(run.settings.timeouts.ready))
    yield name
    # an API server that does not answer is told of by the test; the end of the run tries again
    with contextlib.suppress(errors.ClusterUnreachable):
        run.namespaces.delete(name)


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
        run_id=config.stash[_RUN].id,
        timeouts=config.stash[_OPTIONS].timeouts,
        probe_image=config.stash[_OPTIONS].probe_image,
        given=config.stash[_RUN].given,
    )
    request.node.stash[_PODSHARE] = made
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

    run, asked = pytestconfig.stash[_RUN], pytestconfig.stash[_OPTIONS]
    made = PodshareFactory(
        podshare_cluster,
        run.namespaces,
        run_id=run.id,
        timeouts=asked.timeouts,
        probe_image=asked.probe_image,
    )
    pytestconfig.stash[_FACTORY] = made
    with made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep our frames out of failures, and the evidence with the test."""
    if call.excinfo is not None:
        call.excinfo = _skip_for(call.excinfo, item.config) or call.excinfo
        call.excinfo = traceback.without_our_frames(call.excinfo)
    pods = [pod for made in _podshares(item) for pod in made.pods]
    if call.when == "call":
        told = item.config.stash[_TOLD]
        for pod in pods:
            fresh, told[pod] = pod.evidence[told.get(pod, 0) :], len(pod.evidence)
            item.user_properties += [(_PROPERTY, str(each)) for each in fresh]
    report = yield
    _keep_namespaces(item, failed=report.failed)
    if "podshare_cluster" in getattr(item, "fixturenames", ()):
        from pytest_podshare.report import attaching, travel

        error = travel.error(call.excinfo) if call.excinfo and report.failed else ""
        sender = item.config.stash.setdefault(_SENDER, travel.Sender())
        sender.send(report, pods, error)
        for made in _podshares(item):
            if call.excinfo and report.failed and call.when != "teardown":
                attaching.attach(item, report, made, item.config.stash[_OPTIONS].artifacts_dir)
            else:
                attaching.hide(item, report, made)
    return report


def _skip_for(
    excinfo: pytest.ExceptionInfo[BaseException], config: pytest.Config
) -> pytest.ExceptionInfo[BaseException] | None:
    """A skip in place of the error of what a cluster that is not ours does not let us do."""
    error, cluster = excinfo.value, config.stash[_RUN].cluster
    if isinstance(error, errors.MissingRight) and error.cluster_wide:
        # a right in the namespace is one that manifests/rbac.yaml gives: lacking it is a fault
        reason = terminal.lacking_right(error.right, error.details)
    elif isinstance(error, errors.NodeAccessMissing) and cluster and not cluster.own:
        reason = f"needs access to the nodes: {error.what}"
    else:
        return None
    try:
        pytest.skip(reason)
    except pytest.skip.Exception:
        return pytest.ExceptionInfo.from_current()


def _keep_namespaces(item: pytest.Item, *, failed: bool) -> None:
    """Let the namespaces of a test stay, if that is asked for."""
    run = item.config.stash[_RUN]
    for made in _podshares(item):
        if run.keep_namespace(made.namespace, item.nodeid, failed=failed):
            made.keep(item.nodeid)
    if name := getattr(item, "funcargs", {}).get("podshare_namespace"):
        run.keep_namespace(name, item.nodeid, failed=failed)


def _podshares(item: pytest.Item) -> Sequence[Podshare]:
    """What a test can have deployed with: its own, or those that it shares with others."""
    if (own := item.stash.get(_PODSHARE, None)) is not None:
        return (own,)
    factory = item.config.stash.get(_FACTORY, None)
    uses = "podshare_factory" in getattr(item, "fixturenames", ())
    return factory.open if factory is not None and uses else ()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the cluster up, after the last fixture and the last worker."""
    config = session.config
    run = config.stash[_RUN]
    try:
        why = run.leave(failed=session.testsfailed > 0)
    except PodshareError as error:
        config.stash[_LINES].append(f"podshare: {error}")
        why = "it could not be deleted"
    if run.removed:
        config.stash[_LINES].append(terminal.removed(run.removed))
    if hasattr(config, "workerinput"):
        # the process that outlives this one says what became of the cluster
        output: dict[str, Any] = config.workeroutput  # type: ignore[attr-defined]
        output["podshare_lines"] = config.stash[_LINES]
        output["podshare_kept"] = bool(run.kept)
        output["podshare_capabilities"] = config.stash[_CAPABILITIES]
    elif why and isinstance(run.settings, KindSettings):
        settings = run.settings
        config.stash[_LINES] += terminal.kept_cluster(settings.name, settings.kubeconfig, why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the stories, the verdicts, what was used, and what was left there."""
    config = terminalreporter.config
    told: list[Told] = []
    if any(hasattr(each, "podshare") for some in terminalreporter.stats.values() for each in some):
        from pytest_podshare.report import travel

        told = travel.received(terminalreporter)
    said: list[str] = config.stash[_LINES]
    # workers of pytest-xdist may say the same
    lines = [*_verdicts(config, told), *map(printable, dict.fromkeys(said))]
    skipped = terminalreporter.getreports("skipped")
    lines += terminal.lacking_rights(each.longrepr[2] for each in skipped)
    known = config.stash[_CAPABILITIES]
    lines += map(printable, terminal.capabilities(known))
    if config.stash[_OPTIONS].story:
        lines = [*terminal.stories(_evidence(terminalreporter)), *lines]
    if lines:
        terminalreporter.ensure_newline()
        terminalreporter.section("podshare")
        for line in lines:
            terminalreporter.write_line(line)


def _verdicts(config: pytest.Config, told: Sequence[Told]) -> Iterator[str]:
    """What became of every check: as a table, as notes for GitHub, as a page."""
    checks = [check for each in told for check in each.checks]
    writer, resolved = config.get_terminal_writer(), config.stash[_OPTIONS]
    if not checks and not resolved.report:
        return
    from pytest_podshare.report import github, page, table

    if checks and config.get_verbosity() >= 0:
        yield from table.lines(checks, width=writer.fullwidth, colour=writer.hasmarkup)
    yield from github.lines(checks, here=config.invocation_params.dir, environ=os.environ)
    if resolved.report and not config.option.collectonly:
        run, known = config.stash[_RUN], config.stash[_CAPABILITIES]
        about = page.About(config.rootpath.name, run.id, resolved.stand_ins, known)
        yield page.write(resolved.report, told, about)


def _evidence(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, str]]:
    """Each test's evidence as it came with its report, also from a worker."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, text in report.user_properties:
                    if name == _PROPERTY:
                        yield report.nodeid, str(text)


def _settings(
    resolved: options.Options, run_id: str, kubeconfig: Path | None
) -> KindSettings | ExistingSettings:
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
        state=kind_program.default_state(),
        timeouts=resolved.timeouts,
    )
