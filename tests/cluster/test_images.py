"""Local images, loaded onto the nodes by name and from archives."""

import dataclasses
import subprocess

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import images, provider
from pytest_podshare.plugin import stash

pytestmark = pytest.mark.engine


@pytest.fixture
def settings(pytestconfig, podshare_cluster):
    """Return the settings of this run's kind cluster."""
    if podshare_cluster.provider != "kind":
        pytest.skip("images are loaded only on kind clusters")
    return pytestconfig.stash[stash.RUN].settings


@pytest.fixture
def load(settings):
    """Return a function that loads images as a run does."""

    def load(settings_to_use, names):
        # other runs write and remove the files of the cluster while they hold its lock
        with provider.lock(settings):
            images.load(settings_to_use, names)

    return load


LIST_IMAGES = ["ctr", "-n", "k8s.io", "images", "ls", "-q"]


def is_on_every_node(podshare_cluster, image):
    """Return whether every node has the image."""
    listed = [
        subprocess.run(
            ["docker", "exec", node["metadata"]["name"], *LIST_IMAGES],
            capture_output=True, text=True, check=True,
        ).stdout.split()
        for node in podshare_cluster.api.get("/api/v1/nodes")["items"]
    ]  # fmt: skip
    return all(image in images_of_node for images_of_node in listed)


def test_a_local_image_is_loaded_by_name(settings, load, podshare_cluster, local_image):
    """Afterwards it is on every node."""
    assert not is_on_every_node(podshare_cluster, local_image)

    load(settings, [local_image])

    assert is_on_every_node(podshare_cluster, local_image)


def test_an_image_is_loaded_only_once(settings, load, local_image, tmp_path):
    """Neither it nor its archive is loaded again, but another image with its name is."""
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
    """`docker save` writes it."""
    archive = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "-o", archive, local_image], check=True)

    load(settings, [str(archive)])

    assert is_on_every_node(podshare_cluster, local_image)


def test_a_missing_image_is_an_error_with_the_message_of_the_engine(settings, load):
    """It also says what the option expects."""
    with pytest.raises(errors.ImageLoadFailed) as caught:
        load(settings, ["podshare.test/no-such:1"])

    what, remedy = str(caught.value).splitlines()
    assert what.startswith("Could not save podshare.test/no-such:1: ")
    assert remedy.startswith("Set --podshare-image to the name of a local image")
