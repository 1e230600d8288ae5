"""The start of a run: options, marks, workers of pytest-xdist, and the header."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

import pytest

from pytest_podshare.cluster.processes import Process
from pytest_podshare.cluster.run import Run
from pytest_podshare.plugin import options, stash
from pytest_podshare.report import terminal

_MARKS = (
    "podshare(manifest): deploy this manifest for the fixture podshare_pod. Without an argument:"
    " selects the tests of --podshare-manifests that need a cluster.",
    "podshare_needs(*names): skip the test if the cluster lacks one of these capabilities.",
    "podshare_static: selects the tests of --podshare-manifests that need no cluster.",
)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options and prepare the run, without connecting to a cluster."""
    resolved = config.stash[stash.OPTIONS] = options.resolve(config)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run_id = worker.get("podshare_run") or secrets.token_hex(4)
    controller = worker.get("podshare_controller")
    config.stash[stash.RUN] = Run(
        run_id,
        resolved.cluster_settings(run_id, resolved.kubeconfig),
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
    """Pass the run and the controlling process to a worker of pytest-xdist."""
    run = node.config.stash[stash.RUN]
    node.workerinput["podshare_run"] = run.id
    node.workerinput["podshare_controller"] = dataclasses.astuple(run.process)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the results of a worker of pytest-xdist when it ends."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    node.config.stash[stash.LINES] += output.get("podshare_lines", [])
    node.config.stash[stash.RUN].workers_keep |= output.get("podshare_kept", False)
    node.config.stash[stash.CAPABILITIES].update(output.get("podshare_capabilities", {}))


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return which cluster the run will use, as far as it is known."""
    resolved, run = config.stash[stash.OPTIONS], config.stash[stash.RUN]
    stand_in = resolved.probe_image if resolved.skeleton else None
    return terminal.format_header(
        run.settings, run.id, stand_ins=resolved.stand_ins, stand_in=stand_in
    )
