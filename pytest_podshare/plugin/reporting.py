"""The results of each test and of the run: evidence, skips, attachments and the summary."""

from __future__ import annotations

import itertools
import os
import weakref
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.escaping import printable
from pytest_podshare.plugin import incident_reports, stash
from pytest_podshare.plugin.deployers import find_podshares
from pytest_podshare.report import terminal, traceback

if TYPE_CHECKING:
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.pod import Pod
    from pytest_podshare.report import transport
    from pytest_podshare.report.records import PhaseReport

_SENDER: pytest.StashKey[transport.Sender] = pytest.StashKey()
# how much of a Pod's evidence is reported: the next test may check the same Pod
_REPORTED: pytest.StashKey[weakref.WeakKeyDictionary[Pod, int]] = pytest.StashKey()
# the user property with a test's evidence, for JUnit XML and for the terminal
_PROPERTY = "podshare"
_WARNING_PROPERTY = "podshare_warning"
# the attribute of a skipped test's report with the permission that is missing
_PERMISSION = "podshare_missing_permission"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add evidence and attachments to a report, and hide the plugin's frames in a failure."""
    raised = call.excinfo
    missing = _find_missing_permission(raised.value) if raised else None
    if raised is not None:
        call.excinfo = _convert_to_skip(raised.value, item.config) or raised
        call.excinfo = traceback.hide_plugin_frames(call.excinfo)
    podshares = find_podshares(item)
    pods = [pod for podshare in podshares for pod in podshare.pods]
    if call.when == "call":
        reported = item.config.stash.setdefault(_REPORTED, weakref.WeakKeyDictionary())
        for pod in pods:
            new, reported[pod] = pod.evidence[reported.get(pod, 0) :], len(pod.evidence)
            item.user_properties += [(_PROPERTY, str(evidence)) for evidence in new]
    # the API server's, about the objects of manifests
    warnings = [text for podshare in podshares for text in podshare.objects.take_warnings()]
    item.user_properties += [(_WARNING_PROPERTY, printable(text)) for text in warnings]
    report = yield
    if missing:
        setattr(report, _PERMISSION, missing.right)
    _keep_namespaces(item, podshares, failed=report.failed)
    if "podshare_cluster" in getattr(item, "fixturenames", ()):
        from pytest_podshare.report import transport
        from pytest_podshare.report.attachments import attach

        sender = item.config.stash.setdefault(_SENDER, transport.Sender())
        error = raised if report.failed else None
        promise = item.stash.get(stash.PROMISE, None)
        sender.send(report, pods, error, _read_incidents(report), warnings, promise)
        for podshare in podshares:
            if call.excinfo and report.failed and call.when != "teardown":
                folder = item.config.stash[stash.OPTIONS].artifacts_dir
                attach.attach(item, report, podshare, folder)
            else:
                attach.redact(item, report, podshare)
    return report


def _find_missing_permission(error: BaseException) -> errors.MissingRight | None:
    """Return the error of a permission that only a ClusterRole can grant; None for any other."""
    # the permissions in a namespace are those of manifests/rbac.yaml: without them, tests fail
    if isinstance(error, errors.MissingRight) and error.cluster_wide:
        return error
    return None


def _convert_to_skip(
    error: BaseException, config: pytest.Config
) -> pytest.ExceptionInfo[BaseException] | None:
    """Return a skip for the error of something that an existing cluster does not allow."""
    cluster = config.stash[stash.RUN].cluster
    if missing := _find_missing_permission(error):
        reason = f"needs permission to {missing.right}: {missing.details}"
    elif isinstance(error, errors.NodeAccessMissing) and cluster and not cluster.own:
        reason = f"needs access to the nodes: {error.what}"
    else:
        return None
    try:
        pytest.skip(reason)
    except pytest.skip.Exception:
        return pytest.ExceptionInfo.from_current()


def _keep_namespaces(item: pytest.Item, podshares: Sequence[Podshare], *, failed: bool) -> None:
    """Keep the namespaces of a test if the options say so."""
    run = item.config.stash[stash.RUN]
    for podshare in podshares:
        if run.keep_namespace(podshare.namespace, item.nodeid, failed=failed):
            podshare.keep(item.nodeid)
    if name := getattr(item, "funcargs", {}).get("podshare_namespace"):
        run.keep_namespace(name, item.nodeid, failed=failed)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Release the cluster, after the last fixture and the last worker of pytest-xdist."""
    config = session.config
    run, lines = config.stash[stash.RUN], config.stash[stash.LINES]
    try:
        reason = run.release(failed=session.testsfailed > 0)
    except errors.PodshareError as error:
        lines.append(f"podshare: {error}")
        reason = "it could not be deleted"
    if run.removed:
        lines.append(terminal.format_removed(run.removed))
    if hasattr(config, "workerinput"):
        # the controller reports what happened to the cluster
        output: dict[str, Any] = config.workeroutput  # type: ignore[attr-defined]
        output["podshare_lines"] = lines
        output["podshare_kept"] = bool(run.kept_namespaces)
        output["podshare_capabilities"] = config.stash[stash.CAPABILITIES]
    elif reason and isinstance(run.settings, KindSettings):
        lines += terminal.format_kept_cluster(run.settings, reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print evidence, results, the cluster, its capabilities, and what the run kept."""
    config = terminalreporter.config
    phases: list[PhaseReport] = []
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    if any(hasattr(report, "podshare") for report in reports):
        from pytest_podshare.report import transport

        phases = transport.receive(terminalreporter)
    skipped = terminalreporter.getreports("skipped")
    permissions = [
        str(getattr(report, _PERMISSION)) for report in skipped if hasattr(report, _PERMISSION)
    ]
    run_lines: list[str] = config.stash[stash.LINES]
    capabilities = config.stash[stash.CAPABILITIES]
    lines = [
        *_format_results(config, phases),
        *map(printable, terminal.format_incidents(_list_incidents(phases))),
        *map(
            printable,
            terminal.format_warnings(text for phase in phases for text in phase.warnings),
        ),
        # several workers of pytest-xdist may report the same line
        *map(printable, dict.fromkeys(run_lines)),
        *map(printable, terminal.format_missing_permissions(permissions)),
        *map(printable, terminal.format_capabilities(capabilities)),
    ]
    if config.stash[stash.OPTIONS].story:
        lines = [*terminal.format_story(_read_evidence(terminalreporter)), *lines]
    if lines:
        terminalreporter.ensure_newline()
        terminalreporter.section("podshare")
        for line in lines:
            terminalreporter.write_line(line)


def _read_incidents(report: pytest.TestReport) -> tuple[str, ...]:
    """Return what happened to the Pods of a test by itself, if it is the report of its call."""
    properties = report.user_properties if report.when == "call" else ()
    return tuple(str(text) for name, text in properties if name == incident_reports.PROPERTY)


def _list_incidents(phases: Sequence[PhaseReport]) -> Iterator[tuple[str, str]]:
    """Yield the id of each test with each incident during it."""
    for phase in phases:
        yield from ((phase.test, incident) for incident in phase.incidents)


def _format_results(config: pytest.Config, phases: Sequence[PhaseReport]) -> Iterator[str]:
    """Yield the results of all checks as a table and GitHub annotations; write the HTML report."""
    checks = [check for phase in phases for check in phase.checks]
    writer, options = config.get_terminal_writer(), config.stash[stash.OPTIONS]
    if not checks and not options.report:
        return
    from pytest_podshare.report import github_annotations, html_page, terminal_table

    if checks and config.get_verbosity() >= 0:
        yield from terminal_table.format_table(
            checks,
            width=writer.fullwidth,
            colour=writer.hasmarkup,
            in_full=config.get_verbosity() > 0,
        )
    yield from github_annotations.format_annotations(
        checks, folder=config.invocation_params.dir, environ=os.environ
    )
    if options.report and not config.option.collectonly:
        run, capabilities = config.stash[stash.RUN], config.stash[stash.CAPABILITIES]
        about = html_page.RunInfo(config.rootpath.name, run.id, options.stand_ins, capabilities)
        yield html_page.write(options.report, phases, about)


def _read_evidence(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, str]]:
    """Yield the id and the evidence of each test, also of those that workers ran."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, text in report.user_properties:
                    if name == _PROPERTY:
                        yield report.nodeid, str(text)
