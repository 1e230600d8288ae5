"""A page served for another container, collected logs, a pipeline, one configuration."""

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
from tests.support.mutations import elsewhere

PAGE = "/usr/share/nginx/html/index.html"
SAID = "Shared data from app-container-2\n"


def local_page(pod, container):
    """What a container gets from port 80 of its own Pod."""
    return pod[container].exec(["wget", "-q", "-O", "-", "http://127.0.0.1/"]).stdout.decode()


def test_nginx_serves_what_the_other_container_wrote(podshare, fetch):
    """By the file, by HTTP from the other container, and through a port-forward."""
    pod = podshare.deploy("manifests/data-sharing-pod.yaml")
    both = {"from_c": "app-container-2", "to_c": "app-container-1"}

    assert_file_visible(pod, **both, path=PAGE, content=SAID)
    assert local_page(pod, "app-container-2") == SAID
    assert fetch(pod, 80) == (200, SAID.encode())

    assert_survives_restart(pod, container="app-container-1", path=PAGE)
    assert fetch(pod, 80) == (200, SAID.encode())


def test_nginx_does_not_serve_what_lies_in_another_volume(twin, fetch):
    """The mutated twin: every one of the three ways notices it."""
    pod = twin("data-sharing-pod", elsewhere("app-container-2"))

    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="app-container-2", to_c="app-container-1", path=PAGE)
    assert_not_shared(pod, from_c="app-container-2", to_c="app-container-1")
    assert local_page(pod, "app-container-2") == ""
    assert fetch(pod, 80)[0] == 403


def test_shared_data_is_lost_with_the_pod(podshare):
    """As the article's limitations say."""
    assert_lost_on_delete(podshare.deploy("manifests/data-sharing-pod.yaml"))


def test_an_aggregator_shows_the_logs_of_all(podshare):
    """Both programs' lines come out of one container, which cannot forge any."""
    pod = podshare.deploy("manifests/log-aggregation.yaml")

    for program in ("frontend", "backend"):
        assert_log_contains(pod, container="aggregator", pattern=f"^{program} ")
        pod[program].exec(["sh", "-c", f"echo {program} ERROR >> /var/log/app/{program}.log"])
        assert_log_contains(pod, container="aggregator", text=f"{program} ERROR")
    assert_read_only(pod, container="aggregator", volume="logs")


def test_an_aggregator_of_another_volume_shows_nothing(twin):
    """The mutated twin of the log aggregation."""
    pod = twin("log-aggregation", elsewhere("backend"))

    assert_log_contains(pod, container="aggregator", pattern="^frontend ", lacks="backend ")
    with pytest.raises(AssertionError, match="the log of 'aggregator' does not show it"):
        assert_log_contains(pod, container="aggregator", pattern="^backend ", timeout=2)


def test_a_pipeline_passes_batches_on(podshare):
    """Each batch is taken away, and its sum is there for the producer to see."""
    pod = podshare.deploy("manifests/pipeline.yaml")

    for batch, total in (("batch-1", 5050), ("batch-2", 20100), ("batch-3", 45150)):
        assert_file_visible(
            pod,
            from_c="consumer",
            to_c="producer",
            path=f"/work/out/{batch}",
            content=f"{total}\n",
        )

    def waiting():
        return pod["producer"].exec(["ls", "/data/in"]).stdout

    assert poll(waiting, until=lambda left: left == b"", deadline=Deadline(30)) == b""
    one_more = "seq 5 > /data/.more && mv /data/.more /data/in/more && ls /data/in /data/out"
    assert b"more" in pod["producer"].exec(["sh", "-c", one_more]).stdout
    assert_file_visible(
        pod, from_c="consumer", to_c="producer", path="/work/out/more", content="15\n"
    )


def test_a_pipeline_in_two_volumes_passes_nothing(twin):
    """The mutated twin of the pipeline: the batches stay where they are."""
    pod = twin("pipeline", elsewhere("consumer"))

    def produced():
        return pod["producer"].exec(["ls", "/data/in"]).stdout.split()

    complete = [b"batch-1", b"batch-2", b"batch-3"]
    assert poll(produced, until=lambda it: it == complete, deadline=Deadline(30)) == complete
    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="consumer", to_c="producer", path="/work/out/batch-1")
    assert_not_shared(pod, from_c="producer", to_c="consumer")


def test_two_containers_read_one_configuration(podshare):
    """The same content, under a path of each one's own, and neither can change it."""
    pod = podshare.deploy("manifests/shared-config.yaml")

    assert_file_visible(
        pod, from_c="web", to_c="worker", path="/etc/web/app.conf", content="workers = 4\n"
    )
    for container in ("web", "worker"):
        assert_read_only(pod, container=container, volume="config")


def test_a_configuration_of_ones_own_is_noticed(twin):
    """The mutated twin of the shared configuration: the worker's folder is another volume's."""
    pod = twin("shared-config", elsewhere("worker"))

    with pytest.raises(NoSharedVolume):
        assert_file_visible(pod, from_c="web", to_c="worker", path="/etc/web/app.conf")
