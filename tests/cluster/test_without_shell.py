"""Containers without a shell or tools: looked into by whatever way is open, and no more claimed."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_delete,
    assert_not_shared,
    assert_permissions,
    assert_read_only,
    assert_survives_restart,
    assert_writable,
)
from pytest_podshare.errors import DeployRejected, PodshareError
from tests.support.two_containers import called

# c1 is busybox, c2 one static binary of user 65535 with a root file system that is read-only
NO_SHELL = yaml.safe_load(Path("manifests/no-shell.yaml").read_text())
BESIDE = r"c2 by ephemeral container podshare-[0-9a-f]{12} in its root /proc/1/root as user 65535"


pytestmark = pytest.mark.usefixtures("at_leisure")


@pytest.fixture
def deploy(podshare):
    """A function that deploys the Pod, with something changed."""

    def deploy(change=lambda _spec, _c1, _c2: None):
        manifest = copy.deepcopy(NO_SHELL)
        change(manifest["spec"], *manifest["spec"]["containers"])
        return podshare.deploy(manifest)

    return deploy


@pytest.fixture(scope="module")
def pod(podshare_factory):
    """The Pod as it is, for all who do not change it."""
    with podshare_factory.make() as podshare:
        yield podshare.deploy(called("of-several-tests", NO_SHELL))


@pytest.fixture(scope="module")
def hostile(podshare_factory):
    """A Pod whose writer has laid links that lead elsewhere."""
    manifest = copy.deepcopy(called("hostile", NO_SHELL))
    script(manifest["spec"]["containers"][0], LINKS)
    with podshare_factory.make() as podshare:
        yield podshare.deploy(manifest)


LINKS = (
    "echo shared > /out/data; mkdir /out/sub; ln -s /in/data /out/absolute;"
    "ln -s /etc/passwd /out/passwd; ln -s ../../../../../../etc/passwd /out/up;"
    "ln -s /proc/1/root/etc/passwd /out/proc; ln -s /etc /out/etc"
)


def mount(container, **fields):
    """Change a container's mount."""
    container["volumeMounts"][0].update(fields)


def script(container, text):
    """Have a container with a shell do something, and say when it is done."""
    container["command"] = ["sh", "-c", f"{text}; touch /tmp/done; sleep 10000"]
    container["readinessProbe"] = {
        "exec": {"command": ["test", "-e", "/tmp/done"]},
        "periodSeconds": 1,
    }


def ephemeral(pod):
    """The ephemeral containers that a Pod has by now."""
    spec = pod.check_still_there()["spec"]
    return [each["name"] for each in spec.get("ephemeralContainers") or ()]


def test_a_container_without_a_shell_sees_what_the_other_writes(pod):
    """And the evidence says by which way it was looked into."""
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    wrote, saw = evidence.steps
    assert (wrote.container, saw.container) == ("c1", "c2")
    assert (Path(wrote.path).parent, Path(saw.path).parent) == (Path("/out"), Path("/in"))
    assert re.search(BESIDE, evidence.method)
    assert evidence.claim == "c2 sees what c1 wrote to shared"


def test_what_it_could_write_the_other_sees(pod):
    """It is written with the container's own user, not by root."""
    evidence = assert_file_visible(pod, from_c="c2", to_c="c1")
    pod["c2"].volume("shared").write("mine", "by 65535")

    assert re.search(BESIDE, evidence.method)
    assert pod["c1"].volume("shared").stat("mine").uid == 65535
    assert pod["c1"].volume("shared").read("mine") == b"by 65535"


def test_one_ephemeral_container_does_for_all_questions(deploy):
    """It is kept for as long as its container's instance runs; the next one gets its own."""
    pod = deploy()
    for _ in range(3):
        assert_file_visible(pod, from_c="c1", to_c="c2")
    pod["c2"].close()
    assert_writable(pod, container="c2", volume="shared")

    assert len(ephemeral(pod)) == 1

    evidence = assert_survives_restart(pod, container="c2")

    assert len(ephemeral(pod)) == 2
    assert re.search(BESIDE, evidence.method)
    assert evidence.claim == "what c2 wrote to shared survives its restart"


def test_nobody_asks_for_one_where_there_is_a_shell(deploy):
    """The ordinary way stays what it was."""
    pod = deploy(lambda _, c1, c2: c2.update(image=c1["image"], command=c1["command"]))

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert ephemeral(pod) == []
    assert evidence.method == "sh in each container over one exec session"


def another_volume(spec, _c1, c2):
    """The reader mounts a volume of its own."""
    mount(c2, name="other")
    spec["volumes"].append({"name": "other", "emptyDir": {}})


def shadowed(spec, c1, c2):
    """Another volume lies over a folder that is shared."""
    script(c1, "mkdir /out/deeper; echo x > /out/deeper/f")
    spec["volumes"].append({"name": "other", "emptyDir": {}})
    c2["volumeMounts"].append({"name": "other", "mountPath": "/in/deeper"})


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (another_volume, "not mounted"),
        (lambda _, c1, c2: (mount(c1, subPath="a"), mount(c2, subPath="b")), "different subPath"),
    ],
    ids=["another volume", "another subPath"],
)
def test_what_the_spec_refutes_is_refuted(deploy, change, cause):
    """Without any way into the container."""
    pod = deploy(change)

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2")

    assert caught.value.cause == cause


def test_what_the_container_does_not_see_is_missing(deploy):
    """The true failure, by its own table of mounts, and no word of tools."""
    pod = deploy(shadowed)

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/deeper/f", timeout=1)

    text = str(caught.value)
    assert caught.value.cause == "shadowed"
    assert "c2:/in/deeper/f  missing" in text
    assert "tool" not in text


def test_a_file_of_another_user_that_it_may_not_read_is_refused(deploy):
    """By its owner and mode, which the ephemeral container of its user does not get around."""
    pod = deploy(lambda _, c1, _c2: script(c1, "echo x > /out/key; chmod 600 /out/key"))

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key", timeout=1)

    text = str(caught.value)
    assert caught.value.cause == "permission denied"
    assert "c2 runs as user 65535 with group 65535" in text
    assert "/in/key belongs to 0:0 with mode 0600" in text
    assert re.search(BESIDE, text)
    # the control: the same file with another mode
    pod["c1"].exec(["chmod", "644", "/out/key"])
    assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key")


def test_a_sub_path_is_what_the_container_sees_of_the_volume(deploy):
    """Its root is the container's own, with all mounts as they are."""
    pod = deploy(lambda _, c1, c2: (script(c1, "mkdir -m 777 /out/sub"), mount(c2, subPath="sub")))

    assert_file_visible(pod, from_c="c1", to_c="c2")
    pod["c1"].volume("shared").write("beside", "x")
    pod["c1"].volume("shared").write("sub/in-it", "y")

    assert pod["c2"].volume("shared").listdir("sub") == ["in-it"]


def test_a_read_only_mount_is_read_only(deploy):
    """For this container alone; the twin has it writable."""
    pod = deploy(lambda _, _c1, c2: mount(c2, readOnly=True))

    assert re.search(BESIDE, assert_read_only(pod, container="c2", volume="shared").method)
    with pytest.raises(AssertionError):
        assert_writable(pod, container="c2", volume="shared")


def test_a_mount_that_is_writable_is_not_called_read_only(pod):
    """The mutated twin."""
    assert_writable(pod, container="c2", volume="shared")
    with pytest.raises(AssertionError, match="is not read-only"):
        assert_read_only(pod, container="c2", volume="shared")


def test_owners_and_modes_are_those_that_the_container_sees(deploy):
    """Of what lies below the root of its own process."""
    pod = deploy(lambda spec, *_: spec.update(securityContext={"fsGroup": 2000}))

    assert_permissions(pod, container="c2", path="/in", gid=2000, mode=0o2777)
    with pytest.raises(AssertionError, match="gid 2000"):
        assert_permissions(pod, container="c2", path="/in", gid=2001)


def test_volumes_apart_are_apart(deploy):
    """Searched in the mounts of the container, with the same control."""
    pod = deploy(another_volume)

    evidence = assert_not_shared(pod, from_c="c1", to_c="c2")

    assert "c2 found /etc/hosts by the same search" in str(evidence)


def test_volumes_that_are_not_apart_are_not_called_so(pod):
    """The mutated twin: the search finds what is there."""
    with pytest.raises(AssertionError, match="'c2' sees what 'c1' wrote"):
        assert_not_shared(pod, from_c="c1", to_c="c2")


def test_what_is_lost_with_its_pod_is_lost(deploy):
    """The Pod that comes has containers of its own, and so an ephemeral one."""
    pod = deploy(lambda spec, c1, _c2: spec["containers"].remove(c1))

    evidence = assert_lost_on_delete(pod)

    assert re.search(BESIDE, evidence.method)


def test_a_link_is_followed_as_in_the_container_itself(hostile):
    """Also an absolute one, which the kernel would follow into the ephemeral container."""
    assert hostile["c2"].volume("shared").read("absolute") == b"shared\n"


@pytest.mark.parametrize("name", ["passwd", "up", "proc", "etc/passwd"])
def test_a_hostile_link_does_not_lead_to_files_of_the_ephemeral_container(hostile, name):
    """Which has an /etc/passwd; the image of the container has none."""
    with pytest.raises(PodshareError) as caught:
        hostile["c2"].volume("shared").read(name)

    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("shared", ["shareProcessNamespace", "hostPID"])
def test_processes_that_are_shared_are_told_apart(deploy, shared):
    """Process 1 is the sandbox's there, or the node's; the container's is known by its cgroup."""
    pod = deploy(lambda spec, *_: spec.update({shared: True}))

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert re.search(r"c2 by .* in its root /proc/(?!1/)\d+/root", evidence.method)
    evidence = assert_survives_restart(pod, container="c2", strategy="node")
    assert "c2" in evidence.claim
    assert_file_visible(pod, from_c="c1", to_c="c2")


def test_root_is_root_with_no_other_capabilities(deploy):
    """An image's own user, of whom the spec says nothing; and of another user's file it may all."""

    def change(_spec, c1, c2):
        del c2["securityContext"]
        script(c1, "echo x > /out/key; chown 1000 /out/key; chmod 600 /out/key")

    pod = deploy(change)

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key")

    assert "as user 0 with group" in evidence.method


def test_root_without_capabilities_reads_what_its_owner_does_not_keep_to_himself(deploy):
    """The mutated twin: with the capabilities that a container has by itself it would read it."""

    def change(_spec, c1, c2):
        c2["securityContext"] = {"runAsUser": 0, "capabilities": {"drop": ["ALL"]}}
        script(c1, "echo x > /out/key; chown 1000 /out/key; chmod 600 /out/key")

    pod = deploy(change)

    with pytest.raises(AssertionError, match="Permission denied"):
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key", timeout=1)


def test_all_of_it_is_what_pod_security_calls_restricted(deploy, podshare):
    """In a namespace that lets nothing else in, and says so of a Pod that is not."""
    if not podshare.cluster.own:
        pytest.skip("the test itself needs the right to patch namespaces")
    path = f"/api/v1/namespaces/{podshare.namespace}"
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    podshare.cluster.api.patch(path, {"metadata": {"labels": label}})
    pod = deploy(lambda _, c1, c2: c1.update(securityContext=c2["securityContext"]))

    assert_file_visible(pod, from_c="c1", to_c="c2")

    with pytest.raises(DeployRejected, match="PodSecurity"):
        deploy(lambda spec, *_: spec["containers"][0].update(name="c3"))


def test_a_process_that_handles_it_is_ended_by_its_own_user(pod):
    """By SIGTERM from the ephemeral container, which is of the same user."""
    restart = pod["c2"].restart(strategy="term")

    assert restart.strategy == "term"
    assert_file_visible(pod, from_c="c1", to_c="c2")


@pytest.mark.podshare_needs("user-namespaces")
def test_a_user_namespace_is_no_hindrance(deploy):
    """Where the node can: the users of both are the same there, by another number outside."""

    def change(spec, *_):
        spec["hostUsers"] = False

    pod = deploy(change)

    assert_file_visible(pod, from_c="c1", to_c="c2")
