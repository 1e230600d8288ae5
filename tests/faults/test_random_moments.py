"""A thousand checks, each with a fault of the network at some moment of it: none is wrong."""

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

CHECKS_IN_ALL, LANES = 1000, 8
ROUNDS = 20
NAMED_BY = (errors.SessionLost, errors.ExecTimeout, errors.ClusterUnreachable)
TIMEOUTS = Timeouts(exec=5)
# how often each fault comes
WEIGHTS = {"cut": 10, "cut_one": 30, "truncate": 25, "delay": 20, "silence": 14, "freeze": 1}


class Storm:
    """Faults of one proxy, one after another, at moments of a generator of random numbers.

    Args:
        proxy: the proxy.
        seed: of the numbers.

    Attributes:
        struck: how many there were.
    """

    def __init__(self, proxy, seed):
        self._proxy = proxy
        self._random = random.Random(seed)
        self.struck = 0

    def begin(self):
        """Have another one come, some parts from now."""
        if self._proxy.is_fault_done:
            (kind,) = self._random.choices(list(WEIGHTS), WEIGHTS.values())
            self._proxy.schedule(getattr(self, kind), after=self._random.randrange(24))

    def end(self):
        """Let the network be as it was."""
        self._proxy.delay = 0.0

    def cut(self, line, part):
        """Break all connections."""
        self._note()
        return self._proxy.cut(line, part)

    def cut_one(self, line, _part):
        """Break one of them."""
        self._note()
        line.cut()
        return b""

    def truncate(self, line, part):
        """Break one of them in the midst of a part."""
        self._note()
        return self._proxy.truncate(line, part)

    def freeze(self, line, part):
        """Leave them half open."""
        self._note()
        return self._proxy.freeze(line, part)

    def delay(self, _line, part):
        """Let everything come later, until the check is over."""
        self._note()
        self._proxy.delay = self._random.uniform(0.002, 0.03)
        return part

    def silence(self, _line, part):
        """Let nothing come for a while."""
        self._note()
        self._proxy.silence()
        threading.Timer(self._random.uniform(0.05, 0.5), self._proxy.resume).start()
        return part

    def _note(self):
        self.struck += 1
        if self._random.random() < 0.4:
            self.begin()


def faulted(row, cluster, namespace, folder, *, seed, checks):
    """Make so many checks in each of which there was a fault, half of them of each Pod."""
    folder.mkdir()
    with (
        cluster_through_proxy(cluster, folder) as (by_proxy, proxy),
        deployed(by_proxy, namespace, name=f"lane-{seed}", timeouts=TIMEOUTS) as pair,
    ):
        storm = Storm(proxy, seed)
        asks = list(CHECKS.values())
        counted = 0
        while counted < checks:
            pod, holds = pair.with_verdicts()[counted % 2]
            ask = asks[counted // 2 % len(asks)]
            alone = Fault(row.name, row.named_by)
            before = storm.struck
            storm.begin()
            alone.check(lambda ask=ask, pod=pod: ask(pod), holds=holds)
            storm.end()
            # one that was over before its fault came is not counted, unless it is wrong
            if storm.struck > before or alone.count(WRONG):
                counted += 1
                row.outcomes += alone.outcomes
                row.seconds += alone.seconds


def test_no_check_of_a_thousand_is_wrong(podshare_cluster, podshare_namespace, tmp_path, fault):
    """Cut, delayed, truncated, silent or half open, at random moments: the truth, or its name."""
    row = fault(
        "cuts, delays, truncations and silences at random moments", named_by=NAMED_BY, within=40
    )
    with ThreadPoolExecutor(LANES) as lanes:
        running = [
            lanes.submit(
                faulted,
                row,
                podshare_cluster,
                podshare_namespace,
                tmp_path / f"lane-{seed}",
                seed=seed,
                checks=CHECKS_IN_ALL // LANES,
            )
            for seed in range(LANES)
        ]
        for each in running:
            each.result()

    assert len(row.outcomes) == CHECKS_IN_ALL
    assert row.count(WRONG) == 0
    # neither always an error, nor never: the faults are felt, and most of them mended
    assert row.count(TRUE) > CHECKS_IN_ALL / 2
    assert row.count(NAMED) > CHECKS_IN_ALL / 100


def test_a_careless_check_is_found_out(podshare_cluster, podshare_namespace, tmp_path, monkeypatch):
    """The control: a broken connection taken for an answer makes wrong verdicts, and they count."""

    def hasty(self, use, timeout=None, **_):
        try:
            return use(self.open(timeout))
        except NAMED_BY:
            return Completed(1, b"", b"sh: f: No such file or directory")

    monkeypatch.setattr(Container, "_with_reconnect", hasty)
    # what it takes for an answer leads to errors of every sort
    row = Fault("a careless plugin", (errors.PodshareError,))
    # most faults do not come in the middle of an answer: as many rounds as it takes for one to
    for seed in range(100, 100 + ROUNDS):
        lane = tmp_path / f"lane-{seed}"
        faulted(row, podshare_cluster, podshare_namespace, lane, seed=seed, checks=40)
        if row.count(WRONG):
            break

    assert row.count(WRONG) > 0
    print(f"{row.count(WRONG)} of {len(row.outcomes)} are wrong")
