"""What init containers leave under hard conditions: names, kinds, times, restarts, old content."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_delete,
    assert_survives_delete,
    assert_survives_sandbox_restart,
    errors,
)
from pytest_podshare.containers.fileops import changes
from tests.support.init_pods import STAY, container, init, pod
from tests.support.two_containers import with_name


def lines(evidence):
    """Return what was seen and noted, one line for each."""
    return [str(event) for event in evidence.events]


# volume: the script that fills it, and how the evidence begins to say what was seen
KINDS = {
    "names": (
        "for name in 'a b' '|' ' ' '-n' '$(id)' \"$(printf 'two\\nlines')\"; do"
        ' echo x > "./$name"; done',
        "app saw   /names/",
    ),
    "newlines": ("echo x > \"$(printf '\\n1\\n|')\"", "app saw   /newlines/"),
    "many": ("for n in $(seq 5000); do : > file-$n; done; echo x > last", "app saw   /many/last "),
    "links": ("ln -s /etc/hostname one; ln -s nowhere two", "app saw the link /links/one "),
    "empty": (": > nothing", "app saw   /empty/nothing  0 bytes"),
    "special": ("mkfifo pipe", "app saw the special file /special/pipe "),
    "folders": ("mkdir -p a/b", "app saw the folder /folders"),
    "memory": ("echo x > file", "app saw   /memory/file "),
    "old": ("cp -p /bin/busybox . && touch -d 2001-01-01 busybox", "app saw   /old/busybox "),
    "packed": ("tar -c -C /etc passwd | tar -x", "app saw   /packed/passwd "),
}


@pytest.fixture(scope="module")
def of_all_kinds(podshare_factory):
    """Deploy a Pod with an init container and a volume for each kind."""
    inits = [init(f"fill-{name}", script, name) for name, (script, _) in KINDS.items()]
    sources = {name: {"emptyDir": {}} for name in KINDS}
    sources["memory"] = {"emptyDir": {"medium": "Memory"}}
    with podshare_factory.make() as podshare:
        manifest = pod(inits, [container("app", STAY, *KINDS)], **sources)
        # in a shared namespace, Pods that a test deploys itself have another name
        yield podshare.deploy(with_name("of-all-kinds", manifest))


@pytest.mark.podshare_needs("node-access")
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_an_init_container_leaves_is_seen(of_all_kinds, kind):
    """Files of any name, number and age, links, pipes and folders."""
    evidence = assert_file_visible(of_all_kinds, from_c=f"fill-{kind}", to_c="app", volume=kind)

    assert any(line.startswith(KINDS[kind][1]) for line in lines(evidence)), lines(evidence)


# elsewhere, the times of quick init containers are too close
@pytest.mark.podshare_needs("node-access")
def test_files_of_each_init_container_are_told_apart(podshare):
    """Of slow ones and quick ones; none gets the credit for what another left before it."""
    inits = [
        init("slow", "sleep 2; echo slow > slow", "v"),
        init("quick", "echo quick > quick", "v"),
        init("idle", "true", "v"),
    ]
    deployed = podshare.deploy(pod(inits, [container("app", STAY, "v")], v={"emptyDir": {}}))

    for name in ("slow", "quick"):
        evidence = assert_file_visible(deployed, from_c=name, to_c="app", path=f"/v/{name}")
        assert evidence.claim == f"app sees what {name} left in v"
    with pytest.raises(errors.PromiseBroken, match="it was there before") as caught:
        assert_file_visible(deployed, from_c="idle", to_c="app", path="/v/slow")
    assert caught.value.cause == "nothing left"


def test_what_an_app_writes_at_once_is_not_credited_to_an_init_container(podshare):
    """Not even what it writes in its first millisecond."""
    app = container("app", f"echo mine > /v/mine; {STAY}", "v")
    deployed = podshare.deploy(pod([init("idle", "true", "v")], [app], v={"emptyDir": {}}))

    with pytest.raises(errors.Unprovable) as caught:
        assert_file_visible(deployed, from_c="idle", to_c="app")
    named = assert_file_visible(deployed, from_c="idle", to_c="app", path="/v/mine")

    assert caught.value.cause == "several writers"
    assert named.claim == "app sees /v/mine in v; its times do not show that idle wrote it"


def test_an_init_container_that_failed_first_gets_the_credit_for_both_attempts(podshare):
    """The kubelet has run it twice."""
    script = "if [ -e first ]; then echo 2 > second; else echo 1 > first; exit 1; fi"
    manifest = pod([init("retry", script, "v")], [container("app", STAY, "v")], v={"emptyDir": {}})
    deployed = podshare.deploy(manifest)

    for name in ("first", "second"):
        evidence = assert_file_visible(deployed, from_c="retry", to_c="app", path=f"/v/{name}")
        assert evidence.claim == "app sees what retry left in v"
    assert " and from " in lines(evidence)[0]


@pytest.mark.podshare_needs("node-access")
def test_after_a_restart_of_the_sandbox_the_second_run_is_told_from_the_first(podshare):
    """What the first instance of the app wrote is not credited to an init container."""
    inits = [init("prepare", "echo $(date +%s%N) > prepared", "v")]
    app = container("app", f"[ -e /v/app ] || echo 1 > /v/app; {STAY}", "v")
    deployed = podshare.deploy(pod(inits, [app], v={"emptyDir": {}}))
    assert_survives_sandbox_restart(deployed, volume="v")

    evidence = assert_file_visible(deployed, from_c="prepare", to_c="app", path="/v/prepared")
    other = assert_file_visible(deployed, from_c="prepare", to_c="app", path="/v/app")

    assert evidence.claim == "app sees what prepare left in v"
    assert other.claim == "app sees /v/app in v; its times do not show that prepare wrote it"


def test_what_another_volume_has_inside_is_not_credited_to_this_one(podshare):
    """Though both are on the same file system, and changed at the same time."""
    inits = [init("fill", "echo x > /inner/file", "outer", "inner")]
    app = container("app", STAY, "outer")
    app["volumeMounts"].append({"name": "inner", "mountPath": "/outer/inner", "readOnly": True})
    app["volumeMounts"][0]["readOnly"] = True
    inits[0]["command"][-1] = "mkdir -p /outer/inner; echo x > /inner/file"
    deployed = podshare.deploy(pod(inits, [app], outer={"emptyDir": {}}, inner={"emptyDir": {}}))

    assert_file_visible(deployed, from_c="fill", to_c="app", volume="inner")
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_file_visible(deployed, from_c="fill", to_c="app", volume="outer")

    assert caught.value.cause == "shadowed"


def test_a_folder_of_the_node_has_other_writers(podshare):
    """Any process of the node; a named file is seen all the same."""
    source = {"hostPath": {"path": "/tmp/podshare-left-files", "type": "DirectoryOrCreate"}}
    script = "echo x > file; sleep 1"
    manifest = pod([init("fill", script, "v")], [container("app", f"{STAY}", "v")], v=source)
    deployed = podshare.deploy(manifest)

    with pytest.raises(errors.Unprovable) as caught:
        assert_file_visible(deployed, from_c="fill", to_c="app")
    named = assert_file_visible(deployed, from_c="fill", to_c="app", path="/v/file", content="x\n")

    assert caught.value.cause == "several writers"
    assert f"a process of node {deployed.node}" in str(caught.value)
    assert "its times do not show that fill wrote it" in named.claim
    deployed["app"].exec(["rm", "/v/file"])


def test_the_next_pod_on_a_claim_does_not_get_the_credit_for_old_content(podshare):
    """Its init container finds the database, and does nothing."""
    deployed = podshare.deploy("manifests/init/schema-migration.yaml")
    assert_file_visible(deployed, from_c="migrate", to_c="redis")
    assert_survives_delete(deployed)

    with pytest.raises((errors.PromiseBroken, errors.Unprovable)) as caught:
        assert_file_visible(deployed, from_c="migrate", to_c="redis", path="/database/dump.rdb")

    assert caught.value.cause == "nothing left"
    assert "nothing to migrate" in deployed["migrate"].logs()


def test_an_image_without_a_shell_sees_what_was_left_for_it(podshare):
    """An ephemeral container reads the times and the files."""
    app = container("app", "", "v", image="registry.k8s.io/pause:3.10")
    del app["command"]
    # the times of the API server are enough for what changed three seconds before
    manifest = pod([init("fill", "echo x > file; sleep 3", "v")], [app], v={"emptyDir": {}})
    deployed = podshare.deploy(manifest)

    evidence = assert_file_visible(deployed, from_c="fill", to_c="app")

    assert "app by ephemeral container" in evidence.method
    assert [step.path for step in evidence.steps] == ["/v/file"]


def test_an_entrypoint_that_takes_ownership_changes_what_was_left_for_it(podshare):
    """As that of redis does: the change time is then its own, so only a named file is proved."""
    redis = container("redis", "", "data", image="redis")
    del redis["command"]
    inits = [init("restore", "echo saved > notes.txt", "data")]
    deployed = podshare.deploy(pod(inits, [redis], data={"emptyDir": {}}))
    owner = deployed["redis"].exec(["stat", "-c", "%U", "/data/notes.txt"]).stdout
    assert owner == b"redis\n"

    with pytest.raises(errors.Unprovable) as caught:
        assert_file_visible(deployed, from_c="restore", to_c="redis")
    named = assert_file_visible(
        deployed, from_c="restore", to_c="redis", path="/data/notes.txt", content="saved\n"
    )

    assert caught.value.cause == "several writers"
    assert "redis may have changed the files" in str(caught.value) or not deployed.cluster.own
    assert "its times do not show that restore wrote it" in named.claim


def test_the_folder_of_a_sub_path_is_not_credited_to_a_container(podshare):
    """The kubelet creates it just before the first container that mounts it."""
    inits = [init("idle", "true", "v")]
    inits[0]["volumeMounts"][0]["subPath"] = "part"
    app = container("app", STAY, "v")
    app["volumeMounts"][0]["subPath"] = "part"
    deployed = podshare.deploy(pod(inits, [app], v={"emptyDir": {}}))

    with pytest.raises((errors.PromiseBroken, errors.Unprovable)) as caught:
        assert_file_visible(deployed, from_c="idle", to_c="app")

    seen = "older than idle: /v" if deployed.cluster.own else "or the kubelet: /v"
    assert seen in str(caught.value)


def test_a_folder_with_too_many_files_is_not_said_to_hold_nothing(podshare, monkeypatch):
    """The files of the init container may be among those that were not listed."""
    inits = [init("fill", "touch 1 2 3 4", "v"), init("idle", "true", "v")]
    deployed = podshare.deploy(pod(inits, [container("app", STAY, "v")], v={"emptyDir": {}}))
    monkeypatch.setattr(changes, "LIMIT", 3)

    with pytest.raises(errors.Unprovable, match="has more than 3 files"):
        assert_file_visible(deployed, from_c="idle", to_c="app")


def test_a_volume_is_marked_in_a_folder_rather_than_in_a_file(podshare):
    """The first container mounts a single file of it, in which nothing can be created."""
    first = container("first", STAY)
    first["volumeMounts"] = [{"name": "v", "mountPath": "/app.conf", "subPath": "app.conf"}]
    inits = [init("render", "echo x > app.conf", "v")]
    manifest = pod(inits, [first, container("second", STAY, "v")], v={"emptyDir": {}})

    evidence = assert_lost_on_delete(podshare.deploy(manifest), volume="v")

    assert {step.container for step in evidence.steps} == {"second"}
