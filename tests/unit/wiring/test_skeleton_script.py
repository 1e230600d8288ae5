"""Tests of the scripts of a skeleton's init containers, in a local shell."""

import subprocess
from pathlib import Path

import pytest

from pytest_podshare.wiring.skeleton_script import (
    SkeletonReport,
    init_script,
    parse_report,
    sidecar_script,
)
from tests.support.manifest_texts import template_of

UID = "0b5c6f2e"


def wiring_in(folder, *, second="it's v", app="DIR/app, subPath: out", sidecar=""):
    """Return a wiring whose mount paths are in a local folder, except perhaps the app's."""
    text = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  initContainers:
    - name: first
      {sidecar}
      volumeMounts: [{{name: v, mountPath: DIR/v}}]
    - name: second
      volumeMounts: [{{name: v, mountPath: "DIR/{second}"}}]
  containers:
    - name: app
      volumeMounts: [{{name: v, mountPath: {app}}}]
  volumes:
    - name: v
      emptyDir: {{}}
"""
    return template_of(text.replace("DIR", str(folder))).wiring


def run(script):
    """Run a script, and return what it reports."""
    done = subprocess.run(
        ["sh", "-c", script],
        env={"PODSHARE_POD_UID": UID, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return parse_report(done.stdout)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with one volume that is mounted twice."""
    (tmp_path / "v").mkdir()
    (tmp_path / "it's v").symlink_to("v")
    return tmp_path


def test_an_init_container_leaves_random_content_in_each_folder_that_it_shares(folder):
    """In the mount itself, and in the folder of another container's subPath."""
    wiring = wiring_in(folder)

    report = run(init_script(wiring, wiring.container("first")))

    name = f"podshare-first-{UID}"
    assert {path.removeprefix(str(folder)) for path in report.wrote} == {
        f"/v/{name}",
        f"/v/out/{name}",
    }
    for path, content in report.wrote.items():
        assert Path(path).read_text() == f"{content}\n"
    assert len(set(report.wrote.values())) == 2
    assert (folder / "v" / "out").stat().st_mode & 0o777 == 0o777


def test_an_init_container_reports_what_the_ones_before_it_left(folder):
    """By its own paths."""
    wiring = wiring_in(folder)
    first = run(init_script(wiring, wiring.container("first")))

    second = run(init_script(wiring, wiring.container("second")))

    content = first.wrote[f"{folder}/v/podshare-first-{UID}"]
    assert content in second.saw[f"{folder}/it's v/podshare-first-{UID}"]


def test_an_init_container_does_not_report_what_is_not_there(folder):
    """It reports its own file, which shows that it would report others."""
    wiring = wiring_in(folder)

    report = run(init_script(wiring, wiring.container("second")))

    path = f"{folder}/it's v/podshare-second-{UID}"
    assert report.saw == {path: (report.wrote[path],)}


def test_an_init_container_reports_why_it_cannot_write(folder):
    """And ends with code 0, so that the Pod starts."""
    (folder / "v").rmdir()
    (folder / "v").write_text("not a folder")
    wiring = wiring_in(folder)

    report = run(init_script(wiring, wiring.container("first")))

    assert report.wrote == {}
    assert "onexistent" in report.refused[f"{folder}/v/podshare-first-{UID}"]


def test_a_restarted_sidecar_keeps_what_init_containers_have_seen(folder):
    """And reports the same content again."""
    wiring = wiring_in(folder, sidecar="restartPolicy: Always")
    script = sidecar_script(wiring, wiring.container("first"))

    once, again = run(script), run(script)

    assert once.wrote == again.wrote != {}


def test_a_sidecar_without_later_init_containers_leaves_nothing(folder):
    """What running containers see is checked while they run."""
    wiring = wiring_in(folder)

    assert sidecar_script(wiring, wiring.container("app")) == ""


def test_an_init_container_waits_for_a_sidecar(folder):
    """It may start before the sidecar has created its file, or before it has written to it."""
    wiring = wiring_in(folder, sidecar="restartPolicy: Always")
    script = init_script(wiring, wiring.container("second"))
    file = folder / "v" / f"podshare-first-{UID}"
    content = "11111111-2222-3333-4444-555555555555"
    writer = subprocess.Popen(
        ["sh", "-c", f"sleep 0.3; : > {file}; sleep 0.3; echo {content} > {file}"]
    )

    report = run(script)

    writer.wait()
    assert report.saw[f"{folder}/it's v/{file.name}"] == (content,)


def test_several_init_containers_can_add_to_the_single_file_of_a_reader(folder):
    """Each one's content is in it."""
    wiring = wiring_in(folder, second="v", app="/etc/app.conf, subPath: app.conf")
    path = f"{folder}/v/app.conf"

    reports = [run(init_script(wiring, wiring.container(name))) for name in ("first", "second")]

    assert Path(path).read_text().split() == [report.wrote[path] for report in reports]


def test_lines_of_others_are_not_part_of_a_report():
    """A log may contain anything."""
    assert parse_report("podshare wrote x /v\nsh: podshare saw\n") == SkeletonReport("", {}, {}, {})
