"""Ways of restarting a container, as far as they are decided without one."""

import pytest

from pytest_podshare.containers import restart_strategies


@pytest.mark.parametrize(
    ("image", "other"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.37", "docker.io/library/busybox:1.37"),
        ("docker.io/library/busybox:latest", "busybox:latest"),
        ("library/busybox", "busybox"),
        ("team/app:2", "docker.io/team/app:2"),
        ("docker.io/team/app:2", "team/app:2"),
        ("registry.example/app:latest", "registry.example/app"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
    ],
)
def test_an_image_has_another_spelling(image, other):
    """The kubelet treats it as a new image, and finds it on the node."""
    assert restart_strategies._respell(image) == other
