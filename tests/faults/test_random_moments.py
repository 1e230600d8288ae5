"""A thousand checks, each with a network fault at a random moment: no verdict is wrong."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube.exec.protocol import Completed
from tests.support.fault_proxy import cluster_through_proxy
from tests.support.fault_table import NAMED, TRUE, WRONG, Fault
from tests.support.pod_pairs import CHECKS, deployed

TOTAL_CHECKS, LANES = 1000, 8
ROUNDS = 20
NAMED_BY = (errors.SessionLost, errors.ExecTimeout, errors.ClusterUnreachable)
TIMEOUTS = Timeouts(exec=5)
# the relative frequencies of the faults
WEIGHTS = {"cut": 10, "cut_one": 30, "truncate": 25, "delay": 20, "silence": 14, "freeze": 1}


class Storm:
    """Faults of one proxy, one after another, at random moments.

    Args:
        proxy: the proxy.
        seed: the seed of the random numbers.

    Attributes:
        count: how many faults have been injected.
    """

    def __init__(self, proxy, seed):
        self._proxy = proxy
        self._random = random.Random(seed)
        self.count = 0

    def schedule(self):
        """Schedule another fault, some parts from now."""
        if self._proxy.is_fault_done:
            (kind,) = self._random.choices(list(WEIGHTS), WEIGHTS.values())
            self._proxy.schedule(getattr(self, kind), after=self._random.randrange(24))

    def end(self):
        """Remove the delay."""
        self._proxy.delay = 0.0

    def cut(self, connection, part):
        """Break all connections."""
        self._note()
        return self._proxy.cut(connection, part)

    def cut_one(self, connection, _part):
        """Break one connection."""
        self._note()
        connection.cut()
        return b""

    def truncate(self, connection, part):
        """Break one connection in the middle of a part."""
        self._note()
        return self._proxy.truncate(connection, part)

    def freeze(self, connection, part):
        """Leave all connections half open."""
        self._note()
        return self._proxy.freeze(connection, part)

    def delay(self, _connection, part):
        """Delay every part until the check is over."""
        self._note()
        self._proxy.delay = self._random.uniform(0.002, 0.03)
        return part

    def silence(self, _connection, part):
        """Forward nothing for a while."""
        self._note()
        self._proxy.silence()
        threading.Timer(self._random.uniform(0.05, 0.5), self._proxy.resume).start()
        return part

    def _note(self):
        self.count += 1
        if self._random.random() < 0.4:
            self.schedule()


def check_with_faults(row, cluster, namespace, folder, *, seed, checks, stop=None):
    """Run that number of checks, each with a fault; half of them on each Pod.

    An event, `stop`, ends them early.
    """
    folder.mkdir()
    with (
        cluster_through_proxy(cluster, folder) as (proxied, proxy),
        deployed(proxied, namespace, name=f"lane-{seed}", timeouts=TIMEOUTS) as pair,
    ):
        storm = Storm(proxy, seed)
        runs = list(CHECKS.values())
        counted = 0
        while counted < checks and not (stop and stop.is_set()):
            pod, holds = pair.with_verdicts()[counted % 2]
            run = runs[counted // 2 % len(runs)]
            single = Fault(row.name, row.named_by)
            before = storm.count
            storm.schedule()
            single.check(lambda run=run, pod=pod: run(pod), holds=holds)
            storm.end()
            # a check that ended before its fault is counted only if its verdict is wrong
            if storm.count > before or single.count(WRONG):
                counted += 1
                row.outcomes += single.outcomes
                row.seconds += single.seconds


def test_no_check_of_a_thousand_is_wrong(podshare_cluster, podshare_namespace, tmp_path, fault):
    """Each verdict is true, or an error names the fault."""
    row = fault(
        "cuts, delays, truncations and silences at random moments", named_by=NAMED_BY, within=40
    )
    stop = threading.Event()
    with ThreadPoolExecutor(LANES) as lanes:
        running = [
            lanes.submit(
                check_with_faults,
                row,
                podshare_cluster,
                podshare_namespace,
                tmp_path / f"lane-{seed}",
                seed=seed,
                checks=TOTAL_CHECKS // LANES,
                stop=stop,
            )
            for seed in range(LANES)
        ]
        try:
            for lane in running:
                lane.result()
        finally:
            # also after Ctrl-C, which would wait for all of them
            stop.set()

    assert len(row.outcomes) == TOTAL_CHECKS
    assert row.count(WRONG) == 0
    # the positive control: the faults have an effect, and podshare recovers from most of them
    assert row.count(TRUE) > TOTAL_CHECKS / 2
    assert row.count(NAMED) > TOTAL_CHECKS / 100


def test_a_careless_check_is_detected(podshare_cluster, podshare_namespace, tmp_path, monkeypatch):
    """The mutated twin takes a broken connection for a response, so it has wrong verdicts."""

    def careless(self, use, timeout=None, **_):
        try:
            return use(self.open(timeout))
        except NAMED_BY:
            return Completed(1, b"", b"sh: f: No such file or directory")

    monkeypatch.setattr(Container, "_with_reconnect", careless)
    # the wrong responses lead to all kinds of errors
    row = Fault("a careless plugin", (errors.PodshareError,))
    # most faults do not interrupt a response, hence several rounds
    for seed in range(100, 100 + ROUNDS):
        lane = tmp_path / f"lane-{seed}"
        check_with_faults(row, podshare_cluster, podshare_namespace, lane, seed=seed, checks=40)
        if row.count(WRONG):
            break

    assert row.count(WRONG) > 0
    print(f"{row.count(WRONG)} of {len(row.outcomes)} verdicts are wrong")
