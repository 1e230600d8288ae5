"""What several tests on a cluster use."""

import os
import subprocess

import pytest


@pytest.fixture
def local_image(tmp_path):
    """A local image with a program that is nowhere else, made without any registry."""
    name = f"podshare.test/local-{os.getpid()}:1"
    program = tmp_path / "program"
    program.write_text("not to be run\n")
    tar = subprocess.run(["tar", "-C", tmp_path, "-c", "program"], capture_output=True, check=True)
    subprocess.run(
        ["docker", "import", "-", name], input=tar.stdout, capture_output=True, check=True
    )
    yield name
    subprocess.run(["docker", "image", "rm", "-f", name], capture_output=True, check=True)
