"""pytest's door: hooks and fixtures, no logic."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_podshare import options
from pytest_podshare.cluster import kind, kind_config
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind_program import KindSettings, default_state
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.cluster.run import Run
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import PodshareError
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.report import terminal, traceback

_OPTIONS = pytest.StashKey[options.Options]()
_RUN = pytest.StashKey[Run]()
_PODSHARE = pytest.StashKey[Podshare]()
_LINES = pytest.StashKey[list[str]]()

# under this name a test's evidence travels: into JUnit XML, and from a worker to the terminal
_PROPERTY = "podshare"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Resolve the options and name the run; touches no cluster."""
    resolved = config.stash[_OPTIONS] = options.resolve(config)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run_id = worker.get("podshare_run") or secrets.token_hex(4)
    settings = _settings(resolved, run_id, resolved.kubeconfig)
    config.stash[_RUN] = Run(run_id, settings, keep=resolved.keep_cluster, load=resolved.image)
    config.stash[_LINES] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist be of the same run."""
    node.workerinput["podshare_run"] = node.config.stash[_RUN].id


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what will be used, as far as it is known."""
    resolved, run = config.stash[_OPTIONS], config.stash[_RUN]
    settings = run.settings
    is_kind = isinstance(settings, KindSettings)
    return terminal.header(
        provider=resolved.provider,
        cluster=resolved.cluster_name if is_kind else resolved.context or "(current context)",
        server=kind.known_server(settings) if isinstance(settings, KindSettings) else None,
        version=kind_config.version_text(resolved.kind_image),
        image=resolved.kind_image,
        stand_ins=resolved.stand_ins,
        run_id=run.id,
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
    config.stash[_LINES].append(terminal.used(cluster, run.seconds))
    yield cluster
    stuck = run.close(failed=request.session.testsfailed > 0)
    if stuck:
        config.stash[_LINES] += terminal.stuck_namespaces(stuck, run.settings.timeouts.delete)


@pytest.fixture
def podshare_namespace(podshare_cluster: Cluster, pytestconfig: pytest.Config) -> Iterator[str]:
    """A namespace for one test; its deletion is not waited for."""
    run = pytestconfig.stash[_RUN]
    name = run.namespaces.make(Deadline(run.settings.timeouts.ready))
    yield name
    run.namespaces.delete(name)


@pytest.fixture
def podshare(
    request: pytest.FixtureRequest, podshare_cluster: Cluster, podshare_namespace: str
) -> Iterator[Podshare]:
    """Deploys Pods into a namespace of the test's own."""
    config = request.config
    made = Podshare(
        podshare_cluster,
        podshare_namespace,
        run_id=config.stash[_RUN].id,
        timeouts=config.stash[_OPTIONS].timeouts,
    )
    request.node.stash[_PODSHARE] = made
    with made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep our frames out of failures, and the evidence with the test."""
    if call.excinfo is not None:
        call.excinfo = traceback.without_our_frames(call.excinfo)
    if call.when == "call" and (made := item.stash.get(_PODSHARE, None)):
        item.user_properties += [
            (_PROPERTY, str(each)) for pod in made.pods for each in pod.evidence
        ]
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Delete the cluster that this run made, after the last fixture and the last worker."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    run = config.stash[_RUN]
    try:
        why = run.delete_cluster(failed=session.testsfailed > 0)
    except PodshareError as error:
        config.stash[_LINES].append(f"podshare: {error}")
        why = "it could not be deleted"
    if why and isinstance(run.settings, KindSettings):
        settings = run.settings
        config.stash[_LINES] += terminal.kept_cluster(settings.name, settings.kubeconfig, why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the stories, what was used, and what was left there."""
    config = terminalreporter.config
    lines = config.stash[_LINES]
    if config.stash[_OPTIONS].story:
        lines = [*terminal.stories(_evidence(terminalreporter)), *lines]
    if lines:
        terminalreporter.section("podshare")
        for line in lines:
            terminalreporter.write_line(line)


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
        state=default_state(),
        timeouts=resolved.timeouts,
    )
