"""Command lines of the programs that a run starts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_podshare as ps
from tests.support.two_containers import two

pytestmark = pytest.mark.engine


@pytest.mark.podshare_needs("node-access")
def test_no_credential_is_on_a_command_line(podshare_cluster, tmp_path):
    """Every program that a run starts is recorded with all its arguments."""
    kubeconfig = Path(podshare_cluster.kubeconfig).read_text()
    secrets = re.findall(r"(?:-data|token|password): *(\S{8,})", kubeconfig)
    record = tmp_path / "record"
    for program in ("docker", "kind", "podman", "kubectl", "helm", "ssh", "curl"):
        real = subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True, text=True)
        shim = tmp_path / program
        append = f'printf "%s\\n" "{program} $*" >> {record}'
        shim.write_text(f'#!/bin/sh\n{append}\nexec {real.stdout.strip() or "false"} "$@"\n')
        shim.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PODSHARE_KIND_BIN": str(tmp_path / "kind"),
        "PODSHARE_CLUSTER_NAME": podshare_cluster.name,
    }

    test = "tests/cluster/test_command_lines.py::test_restart_on_the_node"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-q", "-p", "no:cacheprovider"],
        env={**environment, "PODSHARE_COMMAND_LINES": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout
    command_lines = record.read_text()
    assert "docker exec" in command_lines
    assert len(secrets) >= 3
    assert [secret for secret in secrets if secret in command_lines] == []


@pytest.mark.skipif("PODSHARE_COMMAND_LINES" not in os.environ, reason="run by the test above")
def test_restart_on_the_node(podshare):
    """Call the container engine, which is recorded."""
    ps.assert_survives_restart(podshare.deploy(two("busybox")), container="c1", strategy="node")
