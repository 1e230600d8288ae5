"""The wheel that users install."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from this checkout and return it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    command = [*build, "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_contains_only_the_package(wheel):
    """No tests, no sandbox and no manifests, but the marker file for its types."""
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}
    assert {top.split("-")[0] for top in tops} == {"pytest_podshare"}
    assert "pytest_podshare/py.typed" in names
    assert {f"pytest_podshare/report/page.{kind}" for kind in ("html.j2", "css", "js")} <= {*names}
    assert "pytest_podshare/diagrams/wiring.svg.j2" in names
    assert "pytest_podshare/wiring/kubernetes_schema.json" in names
    kinds = (".py", "py.typed", ".j2", ".css", ".js", ".json")
    assert [name for name in names if not name.endswith(kinds)] == [
        name for name in names if ".dist-info/" in name
    ]


def test_the_installed_plugin_loads_without_a_warning(wheel, tmp_path):
    """In an empty environment, with --strict-markers and warnings as errors."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    pip = [python, "-m", "pip"]
    needed = ROOT / "sandbox" / "python" / "runtime.txt"
    subprocess.run([*pip, "install", "-q", "--require-hashes", "-r", needed], check=True)
    subprocess.run([*pip, "install", "-q", "--no-deps", wheel], check=True)
    # those are all the dependencies that the wheel declares
    subprocess.run([*pip, "check"], check=True)
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")

    done = subprocess.run(
        [python, "-m", "pytest", "--strict-markers", "-W", "error", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "podshare: kind cluster" in done.stdout
    assert "1 passed" in done.stdout
