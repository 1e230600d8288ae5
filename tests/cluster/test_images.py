"""Local images on the cluster's nodes, by name and by archive."""

import dataclasses
import subprocess

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import images, provider
from pytest_podshare.plugin import stash

pytestmark = pytest.mark.engine


@pytest.fixture
def settings(pytestconfig, podshare_cluster):
    """The kind cluster of this run."""
    if podshare_cluster.provider != "kind":
        pytest.skip("images are loaded on kind clusters alone")
    return pytestconfig.stash[stash.RUN].settings


@pytest.fixture
def load(settings):
    """A function that loads images as a run does."""

    def locked(its, wanted):
        # others tidy up the cluster's files, and add to them, while they have its lock
        with provider.locked(settings):
            images.load(its, wanted)

    return locked


LIST_IMAGES = ["ctr", "-n", "k8s.io", "images", "ls", "-q"]


def on_every_node(podshare_cluster, image):
    """Whether each node says that it holds the image."""
    done = [
        subprocess.run(
            ["docker", "exec", node["metadata"]["name"], *LIST_IMAGES],
            capture_output=True, text=True, check=True,
        ).stdout.split()
        for node in podshare_cluster.api.get("/api/v1/nodes")["items"]
    ]  # fmt: skip
    return all(image in held for held in done)


def test_a_local_image_is_loaded_by_name(settings, load, podshare_cluster, local_image):
    """Onto every node."""
    assert not on_every_node(podshare_cluster, local_image)

    load(settings, [local_image])

    assert on_every_node(podshare_cluster, local_image)


def test_an_image_is_loaded_once_for_each_cluster(settings, load, local_image, tmp_path):
    """Neither it nor its archive is loaded again, and another image of its name is."""
    archive = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "-o", archive, local_image], check=True)
    both = [local_image, str(archive)]
    load(settings, both)
    no_kind = dataclasses.replace(settings, kind_bin=tmp_path / "no-kind")

    load(no_kind, both)

    tar = subprocess.run(["tar", "-C", tmp_path, "-c", "program"], capture_output=True, check=True)
    another = ["docker", "import", "--change", "LABEL another=1", "-", local_image]
    subprocess.run(another, input=tar.stdout, capture_output=True, check=True)
    with pytest.raises(errors.KindMissing):
        load(no_kind, both)
    subprocess.run(["docker", "save", "-o", archive, local_image], check=True)
    with pytest.raises(errors.KindMissing):
        load(no_kind, [str(archive)])


def test_an_archive_is_loaded(settings, load, podshare_cluster, local_image, tmp_path):
    """As `docker save` writes it."""
    archive = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "-o", archive, local_image], check=True)

    load(settings, [str(archive)])

    assert on_every_node(podshare_cluster, local_image)


def test_an_image_that_is_not_there_is_named(settings, load):
    """With the engine's own words."""
    with pytest.raises(errors.ImageLoadFailed) as caught:
        load(settings, ["podshare.test/no-such:1"])

    what, remedy = str(caught.value).splitlines()
    assert what.startswith("Could not save podshare.test/no-such:1: ")
    assert remedy.startswith("Give --podshare-image the name of a local image")
