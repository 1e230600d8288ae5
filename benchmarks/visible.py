"""One container writes a file, another sees it: a warm check, and what others do for the same.

- `assert_file_visible`: one check, from its call to its evidence.
- the floor: a line written and read through two open shells, and nothing else (`floor.py`).
- the bare client: the `kubernetes` package's one-shot stream, once to write and once to read.
- kubectl: `kubectl exec` to write and `kubectl exec` to read.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator

from kubernetes import client, config
from kubernetes.stream import stream

from benchmarks.asked import Asked
from benchmarks.figures import Table
from benchmarks.floor import Floor
from benchmarks.interleaving import Competitor, interleave, timed
from benchmarks.stage import SHAREVOL, Stage
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_ROUNDS = 300
# who takes a hundred times as long is measured a tenth as often
_SELDOM = 10
# a file of the benchmark, as each container names it
_WRITER, _READER = ("c1", "/tmp/xchange/line"), ("c2", "/tmp/data/line")


def measure(asked: Asked) -> Iterator[Table]:
    """All four in turn, on one Pod."""
    with Stage() as stage, stage.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        one_shot, kubectl = _OneShot(stage, pod), _Kubectl(stage, pod)
        with Floor(stage.api, pod.namespace, pod.name, _WRITER, _READER) as floor:
            competitors = (
                Competitor("assert_file_visible", lambda: timed(lambda: _check(pod))),
                Competitor("floor", floor.check),
                Competitor("bare client, 2 streams", lambda: timed(one_shot.check), _SELDOM),
                Competitor("kubectl exec, 2 times", lambda: timed(kubectl.check), _SELDOM),
            )
            rounds = asked.rounds(_ROUNDS)
            yield interleave("A file seen by another container", competitors, rounds, warm_ups=5)


def _check(pod: Pod) -> None:
    assert_file_visible(pod, from_c="c1", to_c="c2")


class _OneShot:
    """The `kubernetes` package, as its examples use it, with a connection that is there."""

    def __init__(self, stage: Stage, pod: Pod) -> None:
        self._core = client.CoreV1Api(config.new_client_from_config(str(stage.kubeconfig)))
        self._pod = pod

    def check(self) -> None:
        line = secrets.token_hex(32)
        self._exec(_WRITER[0], f"printf %s {line} > {_WRITER[1]}")
        assert self._exec(_READER[0], f"cat {_READER[1]}") == line

    def _exec(self, container: str, script: str) -> str:
        said: str = stream(
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
        return said


class _Kubectl:
    def __init__(self, stage: Stage, pod: Pod) -> None:
        whose = ["--kubeconfig", str(stage.kubeconfig), "--namespace", pod.namespace]
        self._command = ["kubectl", *whose, "exec", pod.name, "--container"]

    def check(self) -> None:
        line = secrets.token_hex(32)
        self._exec(_WRITER[0], f"printf %s {line} > {_WRITER[1]}")
        assert self._exec(_READER[0], f"cat {_READER[1]}") == line

    def _exec(self, container: str, script: str) -> str:
        command = [*self._command, container, "--", "sh", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
