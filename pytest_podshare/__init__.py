"""Proves that the containers of a Kubernetes Pod share the volumes they are meant to share."""

from pytest_podshare.assertions.visible import assert_file_visible
from pytest_podshare.errors import PodshareError
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Container, Pod

__all__ = ["Container", "Evidence", "Pod", "Podshare", "PodshareError", "assert_file_visible"]
