"""A cache, sidecars that stream logs, an init container, and a shared log."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_restart,
    assert_survives_sandbox_restart,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, mount_elsewhere

DUMP = "/data/redis/dump.rdb"
PAGE = "/usr/share/nginx/html/index.html"


def redis(pod, *command):
    """Return the answer of redis to a command."""
    return pod["redis"].exec(["redis-cli", *command]).stdout.decode().strip()


# on SIGTERM it would clean up
@pytest.mark.podshare_needs("node-access")
def test_redis_has_its_data_after_a_restart_but_not_in_another_pod(podshare):
    """The dump survives the container's restart and is lost with the Pod."""
    pod = podshare.deploy("manifests/redis-cache.yaml")
    assert redis(pod, "set", "greeting", "hello") == "OK"
    assert redis(pod, "save") == "OK"

    assert_survives_restart(pod, container="redis", path=DUMP)
    value = poll(
        lambda: redis(pod, "get", "greeting"),
        until=lambda value: value == "hello",
        deadline=Deadline(60),
    )
    assert value == "hello"

    assert_lost_on_delete(pod, container="redis", path=DUMP)
    assert redis(pod, "exists", "greeting") == "0"


def test_redis_writes_outside_the_volume_in_the_articles_manifest(twin):
    """Without --dir the dump is in the container's own /data, so a restart loses it."""
    pod = twin("redis-cache", lambda spec: container_of(spec, "redis").pop("args"))
    redis(pod, "set", "greeting", "hello")
    assert redis(pod, "save") == "OK"
    assert pod["redis"].exec(["test", "-s", "/data/dump.rdb"]).returncode == 0

    with pytest.raises(AssertionError, match="'redis' has no readable file /"):
        assert_survives_restart(pod, container="redis", path=DUMP)

    pod["redis"].restart()
    answer = poll(
        lambda: redis(pod, "exists", "greeting"),
        until=lambda answer: answer != "",
        deadline=Deadline(60),
    )
    assert answer == "0"


def test_each_sidecar_prints_its_own_log(podshare):
    """The two files that count writes are printed by two containers, one file each."""
    pod = podshare.deploy("manifests/counter.yaml")

    assert_log_contains(pod, container="count-log-1", pattern=r"^0: ", lacks="INFO")
    assert_log_contains(pod, container="count-log-2", pattern=r" INFO 0$", lacks="0: ")

    assert_survives_restart(pod, container="count-log-1")
    assert_log_contains(pod, container="count-log-1", pattern=r"^0: ", lacks="INFO")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(mount_elsewhere("count-log-2"), id="another volume"),
        pytest.param(
            lambda spec: container_of(spec, "count-log-2").update(
                args=["/bin/sh", "-c", "tail -n+1 -F /var/log/1.log"]
            ),
            id="another file",
        ),
    ],
)
def test_it_fails_if_a_sidecar_prints_another_file(twin, change):
    """The mutated twins of counter: the log of count-log-2 lacks the lines."""
    pod = twin("counter", change)
    assert_log_contains(pod, container="count-log-1", pattern=r"^1: ")

    with pytest.raises(
        AssertionError, match="the log of 'count-log-2' does not contain the expected line"
    ):
        assert_log_contains(pod, container="count-log-2", pattern=r" INFO \d+$", timeout=2)


def test_the_init_container_runs_once_in_the_life_of_a_pod(podshare, fetch):
    """A restart of nginx does not run it again; the control is a restart of the sandbox."""
    pod = podshare.deploy("manifests/init-handoff.yaml")
    assert fetch(pod, 80) == (200, b"installed\n")

    assert_survives_restart(pod, container="nginx", path=PAGE)
    assert fetch(pod, 80) == (200, b"installed\n")

    assert_survives_sandbox_restart(pod)
    assert fetch(pod, 80) == (200, b"installed\ninstalled\n")


def test_nginx_has_nothing_to_serve_if_the_page_is_in_another_volume(twin, fetch):
    """The mutated twin of init-handoff."""
    pod = twin("init-handoff", mount_elsewhere("install"))

    status, body = fetch(pod, 80)

    assert (status, b"installed" in body) == (403, False)


def test_the_sidecar_sees_the_file_that_count_writes(podshare):
    """Whatever its own output shows."""
    pod = podshare.deploy("manifests/counter.yaml")

    assert_file_visible(pod, from_c="count", to_c="count-log-2", path="/var/log/1.log")
    assert_file_visible(pod, from_c="count-log-1", to_c="count-log-2")
