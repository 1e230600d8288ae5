"""What applications create themselves can be read and connected to."""

from pytest_podshare import assert_connectable, assert_readable


def test_the_reader_can_read_the_report(podshare):
    """The writer has another user; its umask lets the group read, and fsGroup is the group."""
    pod = podshare.deploy("manifests/fsgroup.yaml")

    assert_readable(pod, container="reader", path="/in/report")


def test_the_proxy_can_connect_to_the_server(podshare):
    """The server listens on a socket in a volume."""
    pod = podshare.deploy("manifests/unix-socket.yaml")

    assert_connectable(pod, container="proxy", socket="/run/app/app.sock")
