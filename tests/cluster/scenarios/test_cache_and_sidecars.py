"""A cache, sidecars that stream logs, an init container, a shared log."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_restart,
    assert_survives_sandbox_restart,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, elsewhere

DUMP = "/data/redis/dump.rdb"
PAGE = "/usr/share/nginx/html/index.html"


def redis(pod, *words):
    """What redis answers."""
    return pod["redis"].exec(["redis-cli", *words]).stdout.decode().strip()


# by SIGTERM it would tidy up after itself
@pytest.mark.podshare_needs("node-access")
def test_redis_finds_its_data_again_after_a_restart_and_not_in_another_pod(podshare):
    """The dump survives its container, so redis has the key, until the Pod goes."""
    pod = podshare.deploy("manifests/redis-cache.yaml")
    assert redis(pod, "set", "greeting", "hello") == "OK"
    assert redis(pod, "save") == "OK"

    assert_survives_restart(pod, container="redis", path=DUMP)
    got = poll(
        lambda: redis(pod, "get", "greeting"), until=lambda it: it == "hello", deadline=Deadline(60)
    )
    assert got == "hello"

    assert_lost_on_delete(pod, container="redis", path=DUMP)
    assert redis(pod, "exists", "greeting") == "0"


def test_redis_as_the_article_has_it_writes_beside_the_volume(twin):
    """Without --dir the dump lies in /data, the container's own, and a restart loses it."""
    pod = twin("redis-cache", lambda spec: container_of(spec, "redis").pop("args"))
    redis(pod, "set", "greeting", "hello")
    assert redis(pod, "save") == "OK"
    assert pod["redis"].exec(["test", "-s", "/data/dump.rdb"]).returncode == 0

    with pytest.raises(AssertionError, match="'redis' does not have the file to begin with"):
        assert_survives_restart(pod, container="redis", path=DUMP)

    pod["redis"].restart()
    answers = poll(
        lambda: redis(pod, "exists", "greeting"), until=lambda it: it != "", deadline=Deadline(60)
    )
    assert answers == "0"


def test_each_sidecar_streams_its_own_log(podshare):
    """What count writes to two files comes out of two containers, one file each."""
    pod = podshare.deploy("manifests/counter.yaml")

    assert_log_contains(pod, container="count-log-1", pattern=r"^0: ", lacks="INFO")
    assert_log_contains(pod, container="count-log-2", pattern=r" INFO 0$", lacks="0: ")

    assert_survives_restart(pod, container="count-log-1")
    assert_log_contains(pod, container="count-log-1", pattern=r"^0: ", lacks="INFO")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(elsewhere("count-log-2"), id="another volume"),
        pytest.param(
            lambda spec: container_of(spec, "count-log-2").update(
                args=["/bin/sh", "-c", "tail -n+1 -F /var/log/1.log"]
            ),
            id="another file",
        ),
    ],
)
def test_a_sidecar_that_streams_something_else_is_noticed(twin, change):
    """The mutated twins of counter: the log of count-log-2 lacks what it must show."""
    pod = twin("counter", change)
    assert_log_contains(pod, container="count-log-1", pattern=r"^1: ")

    with pytest.raises(AssertionError, match="the log of 'count-log-2' does not show it"):
        assert_log_contains(pod, container="count-log-2", pattern=r" INFO \d+$", timeout=2)


def test_init_hands_over_once_in_the_life_of_a_pod(podshare, fetch):
    """Its page is there, once, when nginx restarts; the control is a restart of the sandbox."""
    pod = podshare.deploy("manifests/init-handoff.yaml")
    assert fetch(pod, 80) == (200, b"installed\n")

    assert_survives_restart(pod, container="nginx", path=PAGE)
    assert fetch(pod, 80) == (200, b"installed\n")

    assert_survives_sandbox_restart(pod)
    assert fetch(pod, 80) == (200, b"installed\ninstalled\n")


def test_what_init_leaves_in_another_volume_does_not_arrive(twin, fetch):
    """The mutated twin of the hand-off: nginx has nothing to serve."""
    pod = twin("init-handoff", elsewhere("install"))

    status, body = fetch(pod, 80)

    assert (status, b"installed" in body) == (403, False)


def test_a_shared_log_is_one_file(podshare):
    """The sidecar has the very file that count writes, whatever its output shows."""
    pod = podshare.deploy("manifests/counter.yaml")

    assert_file_visible(pod, from_c="count", to_c="count-log-2", path="/var/log/1.log")
    assert_file_visible(pod, from_c="count-log-1", to_c="count-log-2")
