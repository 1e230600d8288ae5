"""What is attached to failures on a real cluster: of every container, and without secrets.

That it comes in time, whatever the API server does, is in `tests/faults/test_silent_api_server.py`.
"""

import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.pytest_runs import printed_by

HERE = Path(__file__).parent.relative_to(Path.cwd())
# what must be nowhere; the last is how every JSON Web Token begins
SECRETS = (
    *("correct-horse-battery", "r4bbit-hole", "s3same-open", "only-in-the-cluster"),
    *("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7", "VJTUt9Us8cKjMzEfYyjiWA4R4"),
    *("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", "eyJ"),
)


@pytest.fixture(scope="module")
def leaked(podshare_cluster, tmp_path_factory):
    """A folder with all that a run has left in which there are secrets about."""
    folder = tmp_path_factory.mktemp("leaked")
    printed = printed_by(
        HERE / "secrets_suite.py",
        *("-n", "2", "-rA", "-vv", "--showlocals"),
        *(f"--podshare-artifacts-dir={folder}/artifacts", f"--junitxml={folder}/junit.xml"),
        f"--podshare-report={folder}/page.html",
        PODSHARE_CLUSTER_NAME=podshare_cluster.name,
        PODSHARE_KEEP_CLUSTER="never",
    )
    (folder / "printed.txt").write_text(printed)
    return folder


def home(folder, test):
    """The folder of a test's artifacts."""
    (found,) = folder.glob(f"artifacts/*-{test}-*")
    return found


def test_every_container_of_every_sort_is_there(leaked):
    """Init, sidecar, ephemeral, and the one before a restart; tables of mounts of what runs."""
    pod = home(leaked, "test_leaking") / "leaking"

    files = {str(path.relative_to(pod)) for path in pod.rglob("*.*")}
    # whether the ephemeral container still runs is not said
    assert files - {"mounts/helper.txt"} == {
        *("events.txt", "pod.yaml", "wiring.txt", "mounts/agent.txt", "mounts/app.txt"),
        *(f"logs/{name}.txt" for name in ("agent", "app.previous", "app", "helper", "setup")),
    }
    logs = {path.name: path.read_text().splitlines() for path in (pod / "logs").iterdir()}
    assert logs["setup.txt"] == ["set up"]
    assert logs["agent.txt"] == ["agent began"]
    assert logs["helper.txt"] == ["helper saw (hidden)"]
    assert logs["app.txt"] == [
        *("began as app with (hidden)", "base64 (hidden)", "address (hidden)"),
        *["key: (hidden)"] * 4,
        *("account (hidden)", "options --api-token (hidden)"),
    ]
    assert logs["app.previous.txt"] == [*logs["app.txt"], "first run ends"]


def test_mounts_wiring_and_events_say_how_it_stood(leaked):
    """The volumes' own mounts come first, and events name their container."""
    pod = home(leaked, "test_leaking") / "leaking"

    mounts = (pod / "mounts" / "app.txt").read_text().splitlines()
    assert {line.split()[4] for line in mounts[: mounts.index("")]} == {"/shared", "/db"}
    assert "rw /shared" in (pod / "wiring.txt").read_text()
    events = [line.split("  ") for line in (pod / "events.txt").read_text().splitlines()]
    assert {"agent", "app"} <= {each[3] for each in events if each[2].startswith("Started")}


def test_a_pod_that_never_became_ready_is_there(leaked):
    """It is not among the Pods that the test knows, and its events say why."""
    pod = home(leaked, "test_stuck") / "stuck"

    assert "/no/such/program" in (pod / "events.txt").read_text()
    assert "/no/such/program" in (pod / "pod.yaml").read_text()
    assert (pod / "logs" / "app.txt").is_file()


def test_no_secret_is_anywhere(leaked):
    """Not in files, not in XML, not on the page, not in the terminal, nor in the failure's text."""
    written = {path: path.read_text() for path in leaked.rglob("*") if path.is_file()}

    found = {
        (path.name, each) for path, text in written.items() for each in SECRETS if each in text
    }
    assert found == set()
    for name in ("printed.txt", "junit.xml", "page.html"):
        # the failure quotes the last line of the log
        assert "options --api-token (hidden)" in written[leaked / name]
    assert "helper saw (hidden)" in written[leaked / "printed.txt"]


def test_files_are_for_their_owner_alone(leaked):
    """As a log may hold what nobody knows to be a secret."""
    paths = [leaked / "artifacts", *(leaked / "artifacts").rglob("*")]

    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_the_report_says_where_and_holds_the_most_of_it(leaked):
    """In the terminal and in JUnit XML, from a worker of pytest-xdist."""
    printed = (leaked / "printed.txt").read_text().splitlines()
    cases = {case.get("name"): case for case in ET.parse(leaked / "junit.xml").iter("testcase")}

    assert f"All of this is kept in {home(leaked, 'test_leaking')}" in printed
    entries = cases["test_leaking"].iter("property")
    properties = {each.get("name"): each.get("value") for each in entries}
    assert properties["podshare leaking/logs/setup.txt"] == "set up"
    assert len(ET.tostring(cases["test_stuck"])) < 64 * 1024
