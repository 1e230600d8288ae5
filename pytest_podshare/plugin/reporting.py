"""What became of each test, and of the run."""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.errors import PodshareError
from pytest_podshare.escaping import printable
from pytest_podshare.plugin import stash
from pytest_podshare.report import terminal, traceback

if TYPE_CHECKING:
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.pod import Pod
    from pytest_podshare.report import transport
    from pytest_podshare.report.records import PhaseReport

_SENDER: pytest.StashKey[transport.Sender] = pytest.StashKey()
# how much of a Pod's evidence has been told: a Pod may outlive a test, and be checked by the next
_TOLD: pytest.StashKey[weakref.WeakKeyDictionary[Pod, int]] = pytest.StashKey()
# under this name a test's evidence travels: into JUnit XML, and from a worker to the terminal
_PROPERTY = "podshare"
# and under this one, on its report, the right for want of which it was skipped
_LACKING = "podshare_lacking"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep our frames out of failures, and the evidence with the test."""
    raised = call.excinfo
    lacking = _lacking(raised.value) if raised else None
    if raised is not None:
        call.excinfo = _skip_for(raised.value, item.config) or raised
        call.excinfo = traceback.hide_plugin_frames(call.excinfo)
    pods = [pod for made in _podshares(item) for pod in made.pods]
    if call.when == "call":
        told = item.config.stash.setdefault(_TOLD, weakref.WeakKeyDictionary())
        for pod in pods:
            fresh, told[pod] = pod.evidence[told.get(pod, 0) :], len(pod.evidence)
            item.user_properties += [(_PROPERTY, str(each)) for each in fresh]
    report = yield
    if lacking:
        setattr(report, _LACKING, lacking.right)
    _keep_namespaces(item, failed=report.failed)
    if "podshare_cluster" in getattr(item, "fixturenames", ()):
        from pytest_podshare.report import transport
        from pytest_podshare.report.attachments import attach

        sender = item.config.stash.setdefault(_SENDER, transport.Sender())
        sender.send(report, pods, raised if report.failed else None)
        for made in _podshares(item):
            if call.excinfo and report.failed and call.when != "teardown":
                attach.attach(item, report, made, item.config.stash[stash.OPTIONS].artifacts_dir)
            else:
                attach.redact(item, report, made)
    return report


def _lacking(error: BaseException) -> errors.MissingRight | None:
    """The error of a right that no Role of a namespace can give; None for any other."""
    # a right in the namespace is one that manifests/rbac.yaml gives: lacking it is a fault
    if isinstance(error, errors.MissingRight) and error.cluster_wide:
        return error
    return None


def _skip_for(
    error: BaseException, config: pytest.Config
) -> pytest.ExceptionInfo[BaseException] | None:
    """A skip in place of the error of what a cluster that is not ours does not let us do."""
    cluster = config.stash[stash.RUN].cluster
    if lacking := _lacking(error):
        reason = f"needs the right to {lacking.right}: {lacking.details}"
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
    run = item.config.stash[stash.RUN]
    for made in _podshares(item):
        if run.keep_namespace(made.namespace, item.nodeid, failed=failed):
            made.keep(item.nodeid)
    if name := getattr(item, "funcargs", {}).get("podshare_namespace"):
        run.keep_namespace(name, item.nodeid, failed=failed)


def _podshares(item: pytest.Item) -> Sequence[Podshare]:
    """What a test can have deployed with: its own, or those that it shares with others."""
    if (own := item.stash.get(stash.PODSHARE, None)) is not None:
        return (own,)
    factory = item.config.stash.get(stash.FACTORY, None)
    uses = "podshare_factory" in getattr(item, "fixturenames", ())
    return factory.open if factory is not None and uses else ()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the cluster up, after the last fixture and the last worker."""
    config = session.config
    run = config.stash[stash.RUN]
    try:
        why = run.release(failed=session.testsfailed > 0)
    except PodshareError as error:
        config.stash[stash.LINES].append(f"podshare: {error}")
        why = "it could not be deleted"
    if run.removed:
        config.stash[stash.LINES].append(terminal.format_removed(run.removed))
    if hasattr(config, "workerinput"):
        # the process that outlives this one says what became of the cluster
        output: dict[str, Any] = config.workeroutput  # type: ignore[attr-defined]
        output["podshare_lines"] = config.stash[stash.LINES]
        output["podshare_kept"] = bool(run.kept_namespaces)
        output["podshare_capabilities"] = config.stash[stash.CAPABILITIES]
    elif why and isinstance(run.settings, KindSettings):
        settings = run.settings
        config.stash[stash.LINES] += terminal.format_kept_cluster(
            settings.name, settings.kubeconfig, why
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the stories, the verdicts, what was used, and what was left there."""
    config = terminalreporter.config
    told: list[PhaseReport] = []
    if any(hasattr(each, "podshare") for some in terminalreporter.stats.values() for each in some):
        from pytest_podshare.report import transport

        told = transport.receive(terminalreporter)
    said: list[str] = config.stash[stash.LINES]
    # workers of pytest-xdist may say the same
    lines = [*_verdicts(config, told), *map(printable, dict.fromkeys(said))]
    skipped = terminalreporter.getreports("skipped")
    rights = (str(getattr(report, _LACKING, "")) for report in skipped)
    lines += map(
        printable, terminal.format_missing_permissions([right for right in rights if right])
    )
    known = config.stash[stash.CAPABILITIES]
    lines += map(printable, terminal.format_capabilities(known))
    if config.stash[stash.OPTIONS].story:
        lines = [*terminal.format_story(_evidence(terminalreporter)), *lines]
    if lines:
        terminalreporter.ensure_newline()
        terminalreporter.section("podshare")
        for line in lines:
            terminalreporter.write_line(line)


def _verdicts(config: pytest.Config, told: Sequence[PhaseReport]) -> Iterator[str]:
    """What became of every check: as a table, as notes for GitHub, as a page."""
    checks = [check for each in told for check in each.checks]
    writer, resolved = config.get_terminal_writer(), config.stash[stash.OPTIONS]
    if not checks and not resolved.report:
        return
    from pytest_podshare.report import github_annotations, html_page, terminal_table

    if checks and config.get_verbosity() >= 0:
        yield from terminal_table.format_table(
            checks, width=writer.fullwidth, colour=writer.hasmarkup
        )
    yield from github_annotations.format_annotations(
        checks, folder=config.invocation_params.dir, environ=os.environ
    )
    if resolved.report and not config.option.collectonly:
        run, known = config.stash[stash.RUN], config.stash[stash.CAPABILITIES]
        about = html_page.RunInfo(config.rootpath.name, run.id, resolved.stand_ins, known)
        yield html_page.write(resolved.report, told, about)


def _evidence(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, str]]:
    """Each test's evidence as it came with its report, also from a worker."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, text in report.user_properties:
                    if name == _PROPERTY:
                        yield report.nodeid, str(text)
