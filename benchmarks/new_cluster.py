"""From no cluster, a stopped and a kept one to the first assertion, beside `kind create cluster`.

All are created from the same node image, on this machine and in turn, and the time ends when the
same assertion has passed. For kind alone, it starts with `kind create cluster`, and `pytest`
follows at once. That cluster has kind's own control plane; only the kubelet has the settings of
podshare's clusters, without which it does not start on hosts with cgroup v1.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.first_assertion import PLUGIN, seconds_until
from benchmarks.scale import Scale
from benchmarks.tables import Comparison, Table, Timing
from pytest_podshare.cluster.kind import binary, cluster_config, engine

_ROUNDS = 5
_NEW, _KIND = "podshare, no cluster", "kind create cluster, then podshare"
_STOPPED, _KEPT = "podshare, a stopped cluster", "podshare, a kept cluster"


def measure(scale: Scale) -> Iterator[Table]:
    """Create a cluster in both ways in each round; stop and keep ours in between."""
    seconds: dict[str, list[float]] = {_NEW: [], _KIND: [], _STOPPED: [], _KEPT: []}
    name = f"podshare-fast-{os.getpid()}"
    kind = os.environ.get("PODSHARE_KIND_BIN")
    program = str(binary.find_kind(Path(kind) if kind else None))
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        # with files of their own, as if no run had ever used a cluster
        environ = {"XDG_CACHE_HOME": folder, "PODSHARE_CLUSTER_NAME": name}
        delete = [program, "delete", "cluster", "--name", name, "--kubeconfig", f"{folder}/config"]
        for _ in range(scale.rounds(_ROUNDS)):
            try:
                seconds[_NEW].append(_until_first_assertion(environ))
                seconds[_KEPT].append(_until_first_assertion(environ))
                _run([engine.find_engine(), "stop", f"{name}-control-plane"])
                seconds[_STOPPED].append(_until_first_assertion(environ))
                _run(delete)
                started = time.perf_counter()
                _create_plainly(program, name, Path(folder))
                created = time.perf_counter() - started
                seconds[_KIND].append(created + _until_first_assertion(environ))
            finally:
                _run(delete)
    timings = (Timing(way, tuple(durations)) for way, durations in seconds.items())
    yield Comparison("Until the first assertion has passed", tuple(timings))


def _until_first_assertion(environ: Mapping[str, str]) -> float:
    return seconds_until("one_assertion", *PLUGIN, environ=environ)["first assertion"]


def _create_plainly(program: str, name: str, folder: Path) -> None:
    import yaml

    image = os.environ.get("PODSHARE_KIND_IMAGE") or None
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kubeadmConfigPatches": [yaml.safe_dump(cluster_config.kubelet_patch(image))],
    }
    file = folder / "kind.yaml"
    file.write_text(yaml.safe_dump(config))
    options = ["--config", str(file), "--kubeconfig", str(folder / "config")]
    options += ["--image", image] if image else []
    _run([program, "create", "cluster", "--name", name, *options])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
