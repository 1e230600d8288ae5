"""One container restarts and the volume keeps its content: what the proof adds to the kubelet.

- `assert_survives_restart`: a sentinel file is written, the container is killed, its restart is
  proved, and the file is read.
- the kubelet: from killing the container's process until the kubelet reports another one as ready.

The kubelet examines its containers once a second, so each kill happens at a random moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.benchmark_cluster import BenchmarkCluster
from benchmarks.measurement import sleep_random, timed
from benchmarks.pod_baseline import PodBaseline, sharevol
from benchmarks.scale import Scale
from benchmarks.tables import Comparison, Table, Timing
from pytest_podshare import assert_survives_restart
from pytest_podshare.pods.deployer import Podshare

_ROUNDS = 30
_CONTAINERS = ("c1", "c2")


def measure(scale: Scale) -> Iterator[Table]:
    """Use a Pod per round and a container per competitor: a second restart would be delayed."""
    ours: list[float] = []
    kubelet: list[float] = []
    with BenchmarkCluster() as cluster, cluster.podshare() as podshare:
        for number in range(scale.rounds(_ROUNDS)):
            first, second = _CONTAINERS if number % 2 else reversed(_CONTAINERS)
            pair = _restart_both(podshare, number, first, second, ours_first=number % 4 < 2)
            ours.append(pair[0])
            kubelet.append(pair[1])
    timings = (
        Timing("assert_survives_restart", tuple(ours)),
        Timing("the kubelet alone", tuple(kubelet)),
    )
    yield Comparison("A restart of one container", timings)


def _restart_both(
    podshare: Podshare, number: int, our_container: str, other_container: str, *, ours_first: bool
) -> tuple[float, float]:
    pod = podshare.deploy(sharevol(number))
    with PodBaseline(podshare.cluster.api, podshare.namespace) as pods:

        def ours() -> float:
            sleep_random()
            return timed(lambda: assert_survives_restart(pod, container=our_container))

        def kubelet() -> float:
            pods.list_pods()
            sleep_random()
            return pods.restart(other_container)

        first = ours() if ours_first else kubelet()
        second = kubelet() if ours_first else ours()
        pod.close()
        pods.delete()
    return (first, second) if ours_first else (second, first)
