"""What the init containers of real charts leave, in the runs of the applications themselves."""

import os
import re
import subprocess
import sys

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_restart,
    assert_writable,
    errors,
)

DUMP = "/database/dump.rdb"


@pytest.fixture
def deploy(podshare):
    """Return a function that deploys a manifest of manifests/init by its name."""
    return lambda name: podshare.deploy(f"manifests/init/{name}.yaml")


def lines(evidence):
    """Return what was seen and noted, one line for each."""
    return [str(event) for event in evidence.events]


def seen_paths(evidence):
    """Return the paths of the files that were read."""
    return [step.path for step in evidence.steps if step.action == "saw"]


def test_an_app_sees_the_plugins_that_an_init_container_installed(deploy):
    """It can only read them, and has them after its restart as well."""
    pod = deploy("plugin-download")
    assert_log_contains(pod, container="app", text="plugins: audit greet core")

    evidence = assert_file_visible(pod, from_c="install", to_c="app")

    assert evidence.claim == "app sees what install left in plugins"
    assert evidence.method.startswith("by the change times of the files and ")
    assert seen_paths(evidence) == ["/plugins/bundled/core.sh"]
    others = ".installed, audit.sh, bundled, greet.sh"
    # elsewhere, a folder may be the kubelet's
    assert lines(evidence)[-1] in (
        f"app sees 4 more: {others}",
        f"app sees 3 more: {others.replace('bundled, ', '')}",
    )
    assert_survives_restart(pod, container="app", volume="plugins")


def test_a_named_plugin_is_seen_with_its_content(deploy):
    """Its path is the one that the init container has used."""
    pod = deploy("plugin-download")
    content = 'loaded="$loaded audit"\n'

    evidence = assert_file_visible(
        pod, from_c="install", to_c="app", path="/target/audit.sh", content=content
    )

    assert seen_paths(evidence) == ["/plugins/audit.sh"]
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_file_visible(
            pod, from_c="install", to_c="app", path="/target/audit.sh", content=content.upper()
        )
    assert caught.value.cause == "different content"


def test_nginx_serves_the_configuration_that_an_init_container_rendered(deploy, fetch):
    """From the template of a ConfigMap."""
    pod = deploy("config-rendering")
    assert fetch(pod, 8080) == (200, b"served by config-rendering\n")

    evidence = assert_file_visible(pod, from_c="render", to_c="nginx")

    assert evidence.claim == "nginx sees what render left in config"
    assert seen_paths(evidence) == ["/etc/nginx/conf.d/default.conf"]


def test_redis_starts_with_the_file_that_an_init_container_rendered(deploy):
    """The file alone is mounted, by its subPath."""
    pod = deploy("config-sub-path")
    answer = pod["redis"].exec(["redis-cli", "config", "get", "maxclients"])
    assert answer.stdout.split() == [b"maxclients", b"42"]

    evidence = assert_file_visible(pod, from_c="render", to_c="redis")

    assert seen_paths(evidence) == ["/usr/local/etc/redis/redis.conf"]
    assert [step.size for step in evidence.steps] == [len("maxclients 42\n")]


def test_a_file_that_is_mounted_alone_is_proved_by_what_an_init_container_left(deploy):
    """Nothing can be created in a file. The next Pod has the same content again, so it is open."""
    pod = deploy("config-sub-path")

    evidence = assert_survives_restart(pod, container="redis", volume="config")

    assert evidence.claim == "what init containers left for redis in config survives its restart"
    assert set(seen_paths(evidence)) == {"/usr/local/etc/redis/redis.conf"}
    with pytest.raises(errors.Unprovable, match="render has written the same content"):
        assert_lost_on_delete(pod, volume="config")


# elsewhere, the times do not tell a folder that changed from one that the kubelet created
@pytest.mark.podshare_needs("node-access")
def test_an_app_may_write_once_an_init_container_has_fixed_the_permissions(deploy):
    """What the init container left is the owner and mode of a folder."""
    pod = deploy("permission-fixing")

    evidence = assert_file_visible(pod, from_c="fix", to_c="app")

    assert lines(evidence)[-1] == "app saw the folder /var/lib/app with mode 0755"
    assert_writable(pod, container="app", volume="data")


def test_redis_serves_what_an_init_container_migrated(deploy):
    """The next Pod finds the database on the claim, and migrates nothing."""
    pod = deploy("schema-migration")
    assert pod["redis"].exec(["redis-cli", "get", "schema"]).stdout == b"2\n"

    evidence = assert_file_visible(pod, from_c="migrate", to_c="redis", path=DUMP)

    assert evidence.claim == "redis sees what migrate left in database"
    assert seen_paths(evidence) == ["/var/lib/redis/dump.rdb"]


def test_nginx_serves_the_tree_that_an_init_container_checked_out(deploy, fetch):
    """The old times of the files do not matter, nor does the link to the current revision."""
    pod = deploy("tree-copy")
    assert fetch(pod, 80, "/current/")[0] == 200
    page = pod["nginx"].volume("site").stat("3f2a1c/index.html")
    assert page.mtime < pod["nginx"].volume("site").stat("current").mtime - 60

    evidence = assert_file_visible(pod, from_c="clone", to_c="nginx")
    named = assert_file_visible(
        pod, from_c="clone", to_c="nginx", path="/checkout/3f2a1c/index.html"
    )

    assert seen_paths(evidence) == ["/usr/share/nginx/html/3f2a1c/50x.html"]
    assert seen_paths(named) == ["/usr/share/nginx/html/3f2a1c/index.html"]


def test_a_certificate_of_a_sidecar_is_seen_by_the_app(deploy):
    """Both run, so the proof is live; the init container between them has ended."""
    pod = deploy("certificates")
    assert_log_contains(pod, container="migrate", pattern="subject=CN *= *certificates")

    live = assert_file_visible(pod, from_c="agent", to_c="app")
    named = assert_file_visible(pod, from_c="agent", to_c="app", path="/certs/tls.crt")

    assert [step.action for step in live.steps] == ["wrote", "saw"]
    assert seen_paths(named) == ["/etc/tls/tls.crt"]


def test_a_sidecar_that_can_only_read_sees_what_a_worker_left(deploy):
    """The worker has ended, and is not started again."""
    pod = deploy("worker")

    evidence = assert_file_visible(pod, from_c="worker", to_c="publisher")

    assert evidence.claim == "publisher sees what worker left in results"
    assert seen_paths(evidence) == ["/publish/report.txt"]


# the run inside uses the kind cluster
@pytest.mark.podshare_needs("node-access")
def test_default_promises_are_proved_or_skipped_with_the_reason(podshare_cluster):
    """An application's run that does not show its wiring is no fault of the wiring."""
    expected = {
        "wait-for.yaml::wait→app@tmp": "SKIPPED",
        "certificates.yaml::agent→migrate@certs": "SKIPPED",
        "certificates.yaml::agent→app@certs": "PASSED",
        "worker.yaml::worker→publisher@results": "PASSED",
        "worker.yaml::deleted@results": "SKIPPED",
    }
    options = ["-v", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            *(f"manifests/init/{item}" for item in expected),
        ],
        env={**os.environ, "PODSHARE_CLUSTER_NAME": podshare_cluster.name, "COLUMNS": "300"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"^manifests/init/(\S+) (PASSED|SKIPPED)", done.stdout, re.M)
    assert dict(found) == expected
    for reason in (
        "'app' sees nothing that 'wait' wrote to volume 'tmp'.",
        "Cannot prove that migrate saw what agent wrote.",
    ):
        skeleton = "This run of the applications does not prove it; --podshare-skeleton does."
        assert f"{reason} {skeleton}" in done.stdout
    # the only container that can write to the volume
    assert "worker has exited; --podshare-skeleton keeps them running" in done.stdout
