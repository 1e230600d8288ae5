"""The example of docs/how-to/init-containers.md."""

from pytest_podshare import assert_file_visible


def test_an_app_sees_what_an_init_container_installed(podshare):
    pod = podshare.deploy("manifests/init/plugin-download.yaml")

    evidence = assert_file_visible(pod, from_c="install", to_c="app")
    assert evidence.claim == "app sees what install left in plugins"
