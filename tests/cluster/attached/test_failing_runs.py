"""Attachments of failures on a real cluster: from every container, and without secrets.

`tests/faults/test_silent_api_server.py` tests that they arrive in time.
"""

import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.pytest_runs import printed_by

HERE = Path(__file__).parent.relative_to(Path.cwd())
# text that must not appear; the last item is the beginning of every JSON Web Token
SECRETS = (
    *("correct-horse-battery", "r4bbit-hole", "s3same-open", "only-in-the-cluster"),
    *("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7", "VJTUt9Us8cKjMzEfYyjiWA4R4"),
    *("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", "eyJ"),
)


@pytest.fixture(scope="module")
def leaked(podshare_cluster, tmp_path_factory):
    """Return a folder with everything that a run with secrets has written."""
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


def artifacts(folder, test):
    """Return the folder with a test's artifacts."""
    (path,) = folder.glob(f"artifacts/*-{test}-*")
    return path


def test_every_kind_of_container_has_its_logs(leaked):
    """There are also the log from before a restart, and the mount tables of running containers."""
    pod = artifacts(leaked, "test_leaking") / "leaking"

    files = {str(path.relative_to(pod)) for path in pod.rglob("*.*")}
    # the ephemeral container may still be running
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


def test_mounts_wiring_and_events_show_the_state(leaked):
    """The mounts of volumes come first, and events name their container."""
    pod = artifacts(leaked, "test_leaking") / "leaking"

    mounts = (pod / "mounts" / "app.txt").read_text().splitlines()
    assert {line.split()[4] for line in mounts[: mounts.index("")]} == {"/shared", "/db"}
    assert "rw /shared" in (pod / "wiring.txt").read_text()
    events = [line.split("  ") for line in (pod / "events.txt").read_text().splitlines()]
    assert {"agent", "app"} <= {event[3] for event in events if event[2].startswith("Started")}


def test_a_pod_that_never_became_ready_has_attachments(leaked):
    """The test has no handle of it; its events have the reason."""
    pod = artifacts(leaked, "test_stuck") / "stuck"

    assert "/no/such/program" in (pod / "events.txt").read_text()
    assert "/no/such/program" in (pod / "pod.yaml").read_text()
    assert (pod / "logs" / "app.txt").is_file()


def test_no_secret_appears_anywhere(leaked):
    """Files, XML, the page, the terminal and the failure's text are searched."""
    written = {path: path.read_text() for path in leaked.rglob("*") if path.is_file()}

    found = {
        (path.name, secret)
        for path, text in written.items()
        for secret in SECRETS
        if secret in text
    }
    assert found == set()
    for name in ("printed.txt", "junit.xml", "page.html"):
        # the failure quotes the last line of the log
        assert "options --api-token (hidden)" in written[leaked / name]
    assert "helper saw (hidden)" in written[leaked / "printed.txt"]


def test_only_the_owner_can_read_files(leaked):
    """A log may contain an unknown secret."""
    paths = [leaked / "artifacts", *(leaked / "artifacts").rglob("*")]

    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_the_report_names_the_files_and_contains_most_of_them(leaked):
    """The terminal and JUnit XML get them from a worker of pytest-xdist."""
    printed = (leaked / "printed.txt").read_text().splitlines()
    cases = {case.get("name"): case for case in ET.parse(leaked / "junit.xml").iter("testcase")}

    assert f"All attachments are in {artifacts(leaked, 'test_leaking')}" in printed
    entries = cases["test_leaking"].iter("property")
    properties = {entry.get("name"): entry.get("value") for entry in entries}
    assert properties["podshare leaking/logs/setup.txt"] == "set up"
    assert len(ET.tostring(cases["test_stuck"])) < 64 * 1024
