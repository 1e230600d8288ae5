"""How a run begins: options, workers, and what is collected."""

from __future__ import annotations

import dataclasses
import secrets
from pathlib import Path
from typing import Any

import pytest

from pytest_podshare.cluster.kind import cluster_config
from pytest_podshare.cluster.kind.settings import KindSettings, read_server
from pytest_podshare.cluster.processes import Process
from pytest_podshare.cluster.run import Run
from pytest_podshare.plugin import collection, fixtures, options, stash
from pytest_podshare.report import terminal

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
    resolved = config.stash[stash.OPTIONS] = options.resolve(config)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run_id = worker.get("podshare_run") or secrets.token_hex(4)
    controller = worker.get("podshare_controller")
    config.stash[stash.RUN] = Run(
        run_id,
        fixtures.settings(resolved, run_id, resolved.kubeconfig),
        keep=resolved.keep_cluster,
        load=resolved.image,
        namespace=resolved.namespace,
        keep_namespace=resolved.keep_namespace,
        controller=Process(*controller) if controller else None,
    )
    config.stash[stash.LINES] = []
    config.stash[stash.CAPABILITIES] = {}
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist be of the same run, and know who outlives them."""
    run = node.config.stash[stash.RUN]
    node.workerinput["podshare_run"] = run.id
    node.workerinput["podshare_controller"] = dataclasses.astuple(run.process)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist has to say at the end."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    node.config.stash[stash.LINES] += output.get("podshare_lines", [])
    node.config.stash[stash.RUN].workers_keep |= output.get("podshare_kept", False)
    node.config.stash[stash.CAPABILITIES].update(output.get("podshare_capabilities", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Find the manifests that are to be tested, before workers of pytest-xdist do."""
    collection.start(session.config, session.config.stash[stash.OPTIONS])


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over what lies beside manifests."""
    return collection.ignored(collection_path, config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect manifests."""
    return collection.collected(file_path, parent)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what will be used, as far as it is known."""
    resolved, run = config.stash[stash.OPTIONS], config.stash[stash.RUN]
    settings = run.settings
    is_kind = isinstance(settings, KindSettings)
    return terminal.format_header(
        provider=resolved.provider,
        cluster=resolved.cluster_name if is_kind else resolved.context or "(current context)",
        server=read_server(settings) if isinstance(settings, KindSettings) else None,
        version=cluster_config.version_tag(resolved.kind_image),
        image=resolved.kind_image,
        stand_ins=resolved.stand_ins,
        run_id=run.id,
        stand_in=resolved.probe_image if resolved.skeleton else None,
    )
