"""One container writes a file and another sees it: a warm check compared with other ways.

- `assert_file_visible`: one check, from the call to its evidence.
- the baseline: a line written and read through two open shells, nothing else (`exec_baseline.py`).
- the plain client: the `kubernetes` package's one-shot stream, once to write and once to read.
- kubectl: `kubectl exec` to write and `kubectl exec` to read.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator

from kubernetes import client, config
from kubernetes.stream import stream

from benchmarks.benchmark_cluster import SHAREVOL, BenchmarkCluster
from benchmarks.exec_baseline import ExecBaseline
from benchmarks.measurement import Competitor, interleave, timed
from benchmarks.scale import Scale
from benchmarks.tables import Table
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_ROUNDS = 300
# Competitors that take a hundred times as long are measured in every tenth round.
_SLOW_EVERY = 10
# The file that the other competitors write, with its path in each container.
_WRITER, _READER = ("c1", "/tmp/xchange/line"), ("c2", "/tmp/data/line")


def measure(scale: Scale) -> Iterator[Table]:
    """Measure all four in turn, on one Pod."""
    with BenchmarkCluster() as cluster, cluster.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        plain_client, kubectl = _PlainClient(cluster, pod), _KubectlCheck(cluster, pod)
        with ExecBaseline(cluster.api, pod.namespace, pod.name, _WRITER, _READER) as baseline:
            competitors = (
                Competitor("assert_file_visible", lambda: timed(lambda: _check(pod))),
                Competitor("baseline", baseline.check),
                Competitor(
                    "plain client, 2 streams", lambda: timed(plain_client.check), _SLOW_EVERY
                ),
                Competitor("kubectl exec, twice", lambda: timed(kubectl.check), _SLOW_EVERY),
            )
            rounds = scale.rounds(_ROUNDS)
            yield interleave("A file seen by another container", competitors, rounds, warm_ups=5)


def _check(pod: Pod) -> None:
    assert_file_visible(pod, from_c="c1", to_c="c2")


class _PlainClient:
    """The `kubernetes` package as in its examples, with an open connection."""

    def __init__(self, cluster: BenchmarkCluster, pod: Pod) -> None:
        self._core = client.CoreV1Api(config.new_client_from_config(str(cluster.kubeconfig)))
        self._pod = pod

    def check(self) -> None:
        line = secrets.token_hex(32)
        self._exec(_WRITER[0], f"printf %s {line} > {_WRITER[1]}")
        assert self._exec(_READER[0], f"cat {_READER[1]}") == line

    def _exec(self, container: str, script: str) -> str:
        output: str = stream(
            self._core.connect_get_namespaced_pod_exec,
            self._pod.name,
            self._pod.namespace,
            container=container,
            command=["sh", "-c", script],
            stdin=False,
            stdout=True,
            stderr=True,
            tty=False,
        )
        return output


class _KubectlCheck:
    def __init__(self, cluster: BenchmarkCluster, pod: Pod) -> None:
        target = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", pod.namespace]
        self._command = ["kubectl", *target, "exec", pod.name, "--container"]

    def check(self) -> None:
        line = secrets.token_hex(32)
        self._exec(_WRITER[0], f"printf %s {line} > {_WRITER[1]}")
        assert self._exec(_READER[0], f"cat {_READER[1]}") == line

    def _exec(self, container: str, script: str) -> str:
        command = [*self._command, container, "--", "sh", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
