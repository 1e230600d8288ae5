"""A page served from a shared volume, collected logs, a pipeline, a shared configuration."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_not_shared,
    assert_read_only,
    assert_survives_restart,
)
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.errors import NoSharedVolume
from tests.support.mutations import mount_elsewhere

PAGE = "/usr/share/nginx/html/index.html"
CONTENT = "Shared data from app-container-2\n"


def local_page(pod, container):
    """Return what a container gets from port 80 of its own Pod."""
    return pod[container].exec(["wget", "-q", "-O", "-", "http://127.0.0.1/"]).stdout.decode()


def test_nginx_serves_what_the_other_container_wrote(podshare, fetch):
    """By its file, by HTTP from the other container, and through a port-forward."""
    pod = podshare.deploy("manifests/data-sharing-pod.yaml")
    both = {"from_c": "app-container-2", "to_c": "app-container-1"}

    assert_file_visible(pod, **both, path=PAGE, content=CONTENT)
    assert local_page(pod, "app-container-2") == CONTENT
    assert fetch(pod, 80) == (200, CONTENT.encode())

    assert_survives_restart(pod, container="app-container-1", path=PAGE)
    assert fetch(pod, 80) == (200, CONTENT.encode())


def test_nginx_does_not_serve_a_page_from_another_volume(twin, fetch):
    """The mutated twin fails in all three ways."""
    pod = twin("data-sharing-pod", mount_elsewhere("app-container-2"))

    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="app-container-2", to_c="app-container-1", path=PAGE)
    assert_not_shared(pod, from_c="app-container-2", to_c="app-container-1")
    assert local_page(pod, "app-container-2") == ""
    assert fetch(pod, 80)[0] == 403


def test_shared_data_is_lost_with_the_pod(podshare):
    """The article names this as a limitation."""
    assert_lost_on_delete(podshare.deploy("manifests/data-sharing-pod.yaml"))


def test_the_aggregator_prints_the_logs_of_both_programs(podshare):
    """It mounts them read-only, so it cannot forge any lines."""
    pod = podshare.deploy("manifests/log-aggregation.yaml")

    for program in ("frontend", "backend"):
        assert_log_contains(pod, container="aggregator", pattern=f"^{program} ")
        pod[program].exec(["sh", "-c", f"echo {program} ERROR >> /var/log/app/{program}.log"])
        assert_log_contains(pod, container="aggregator", text=f"{program} ERROR")
    assert_read_only(pod, container="aggregator", volume="logs")


def test_the_aggregator_prints_nothing_of_another_volume(twin):
    """The mutated twin of the log aggregation."""
    pod = twin("log-aggregation", mount_elsewhere("backend"))

    assert_log_contains(pod, container="aggregator", pattern="^frontend ", lacks="backend ")
    with pytest.raises(
        AssertionError, match="the log of 'aggregator' does not contain the expected line"
    ):
        assert_log_contains(pod, container="aggregator", pattern="^backend ", timeout=2)


def test_the_pipeline_passes_batches_on(podshare):
    """Each batch is consumed, and the producer sees its sum."""
    pod = podshare.deploy("manifests/pipeline.yaml")

    for batch, total in (("batch-1", 5050), ("batch-2", 20100), ("batch-3", 45150)):
        assert_file_visible(
            pod,
            from_c="consumer",
            to_c="producer",
            path=f"/work/out/{batch}",
            content=f"{total}\n",
        )

    def unconsumed():
        return pod["producer"].exec(["ls", "/data/in"]).stdout

    assert poll(unconsumed, until=lambda names: names == b"", deadline=Deadline(30)) == b""
    one_more = "seq 5 > /data/.more && mv /data/.more /data/in/more && ls /data/in /data/out"
    assert b"more" in pod["producer"].exec(["sh", "-c", one_more]).stdout
    assert_file_visible(
        pod, from_c="consumer", to_c="producer", path="/work/out/more", content="15\n"
    )


def test_a_pipeline_in_two_volumes_passes_nothing_on(twin):
    """The mutated twin of the pipeline: the batches are not consumed."""
    pod = twin("pipeline", mount_elsewhere("consumer"))

    def produced():
        return pod["producer"].exec(["ls", "/data/in"]).stdout.split()

    complete = [b"batch-1", b"batch-2", b"batch-3"]
    assert poll(produced, until=lambda names: names == complete, deadline=Deadline(30)) == complete
    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="consumer", to_c="producer", path="/work/out/batch-1")
    assert_not_shared(pod, from_c="producer", to_c="consumer")


def test_two_containers_read_the_same_configuration(podshare):
    """Each by its own path, and neither can change it."""
    pod = podshare.deploy("manifests/shared-config.yaml")

    assert_file_visible(
        pod, from_c="web", to_c="worker", path="/etc/web/app.conf", content="workers = 4\n"
    )
    for container in ("web", "worker"):
        assert_read_only(pod, container=container, volume="config")


def test_it_fails_if_the_worker_has_its_own_configuration(twin):
    """The mutated twin of the shared configuration: the worker mounts another volume."""
    pod = twin("shared-config", mount_elsewhere("worker"))

    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="web", to_c="worker", path="/etc/web/app.conf")
