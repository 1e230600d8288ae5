"""Containers without a shell or tools, accessed through an ephemeral container."""

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
from tests.support.two_containers import with_name

# c1 is busybox; c2 is one static binary, as user 65535, with a read-only root file system
NO_SHELL = yaml.safe_load(Path("manifests/no-shell.yaml").read_text())
EPHEMERAL = r"c2 by ephemeral container podshare-[0-9a-f]{12} at /proc/1/root as user 65535"


pytestmark = pytest.mark.usefixtures("at_leisure")


@pytest.fixture
def deploy(podshare):
    """Return a function that deploys the Pod with a change."""

    def deploy(change=lambda _spec, _c1, _c2: None):
        manifest = copy.deepcopy(NO_SHELL)
        change(manifest["spec"], *manifest["spec"]["containers"])
        return podshare.deploy(manifest)

    return deploy


@pytest.fixture(scope="module")
def pod(podshare_factory):
    """Deploy the unchanged Pod for several tests."""
    with podshare_factory.make() as podshare:
        yield podshare.deploy(with_name("of-several-tests", NO_SHELL))


@pytest.fixture(scope="module")
def hostile(podshare_factory):
    """Deploy a Pod whose writer has created symlinks out of the volume."""
    manifest = copy.deepcopy(with_name("hostile", NO_SHELL))
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
    """Make a container with a shell run a script, and be ready afterwards."""
    container["command"] = ["sh", "-c", f"{text}; touch /tmp/done; sleep 10000"]
    container["readinessProbe"] = {
        "exec": {"command": ["test", "-e", "/tmp/done"]},
        "periodSeconds": 1,
    }


def ephemeral_containers(pod):
    """Return the names of a Pod's ephemeral containers."""
    spec = pod.live.check_still_there()["spec"]
    return [container["name"] for container in spec.get("ephemeralContainers") or ()]


def test_a_container_without_a_shell_sees_what_the_other_writes(pod):
    """The evidence names the ephemeral container."""
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    wrote, saw = evidence.steps
    assert (wrote.container, saw.container) == ("c1", "c2")
    assert (Path(wrote.path).parent, Path(saw.path).parent) == (Path("/out"), Path("/in"))
    assert re.search(EPHEMERAL, evidence.method)
    assert evidence.claim == "c2 sees what c1 wrote to shared"


def test_the_other_container_sees_what_it_writes(pod):
    """The file is written by the container's own user, not by root."""
    evidence = assert_file_visible(pod, from_c="c2", to_c="c1")
    pod["c2"].volume("shared").write("mine", "by 65535")

    assert re.search(EPHEMERAL, evidence.method)
    assert pod["c1"].volume("shared").stat("mine").uid == 65535
    assert pod["c1"].volume("shared").read("mine") == b"by 65535"


def test_all_checks_use_one_ephemeral_container(deploy):
    """It is used as long as its container's instance runs; a restarted one gets another."""
    pod = deploy()
    for _ in range(3):
        assert_file_visible(pod, from_c="c1", to_c="c2")
    pod["c2"].close()
    assert_writable(pod, container="c2", volume="shared")

    assert len(ephemeral_containers(pod)) == 1

    evidence = assert_survives_restart(pod, container="c2")

    assert len(ephemeral_containers(pod)) == 2
    assert re.search(EPHEMERAL, evidence.method)
    assert evidence.claim == "what c2 wrote to shared survives its restart"


def test_beside_a_shell_no_ephemeral_container_is_created(deploy):
    """The container's own shell is used."""
    pod = deploy(lambda _, c1, c2: c2.update(image=c1["image"], command=c1["command"]))

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert ephemeral_containers(pod) == []
    assert evidence.method == "sh in each container over one exec session"


def another_volume(spec, _c1, c2):
    """Let the reader mount a volume of its own."""
    mount(c2, name="other")
    spec["volumes"].append({"name": "other", "emptyDir": {}})


def shadowed(spec, c1, c2):
    """Mount another volume over a shared folder."""
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
def test_a_spec_that_refutes_the_claim_is_enough(deploy, change, cause):
    """The container need not be accessed."""
    pod = deploy(change)

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2")

    assert caught.value.cause == cause


def test_a_file_that_the_container_cannot_see_is_missing(deploy):
    """The cause comes from the container's own mount table, and tools are not mentioned."""
    pod = deploy(shadowed)

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/deeper/f", timeout=1)

    text = str(caught.value)
    assert caught.value.cause == "shadowed"
    assert "c2:/in/deeper/f  missing" in text
    assert "tool" not in text


def test_a_file_that_its_user_may_not_read_is_refused(deploy):
    """The ephemeral container has the same user, so it cannot read the file either."""
    pod = deploy(lambda _, c1, _c2: script(c1, "echo x > /out/key; chmod 600 /out/key"))

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key", timeout=1)

    text = str(caught.value)
    assert caught.value.cause == "permission denied"
    assert "c2 runs as user 65535 with group 65535" in text
    assert "/in/key belongs to 0:0 with mode 0600" in text
    assert re.search(EPHEMERAL, text)
    # the control: the same file with another mode
    pod["c1"].exec(["chmod", "644", "/out/key"])
    assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key")


def test_only_the_sub_path_of_the_volume_is_visible(deploy):
    """The ephemeral container uses the container's root, with all its mounts."""
    pod = deploy(lambda _, c1, c2: (script(c1, "mkdir -m 777 /out/sub"), mount(c2, subPath="sub")))

    assert_file_visible(pod, from_c="c1", to_c="c2")
    pod["c1"].volume("shared").write("beside", "x")
    pod["c1"].volume("shared").write("sub/in-it", "y")

    assert pod["c2"].volume("shared").listdir("sub") == ["in-it"]


def test_a_read_only_mount_is_read_only(deploy):
    """The mutated twin has a writable mount."""
    pod = deploy(lambda _, _c1, c2: mount(c2, readOnly=True))

    assert re.search(EPHEMERAL, assert_read_only(pod, container="c2", volume="shared").method)
    with pytest.raises(AssertionError):
        assert_writable(pod, container="c2", volume="shared")


def test_a_writable_mount_is_not_read_only(pod):
    """The mutated twin."""
    assert_writable(pod, container="c2", volume="shared")
    with pytest.raises(AssertionError, match="is not read-only"):
        assert_read_only(pod, container="c2", volume="shared")


def test_owners_and_modes_are_those_in_the_container(deploy):
    """They are read below the root of the container's process."""
    pod = deploy(lambda spec, *_: spec.update(securityContext={"fsGroup": 2000}))

    assert_permissions(pod, container="c2", path="/in", gid=2000, mode=0o2777)
    with pytest.raises(AssertionError, match="gid 2000"):
        assert_permissions(pod, container="c2", path="/in", gid=2001)


def test_separate_volumes_are_not_shared(deploy):
    """The search runs in the container's mounts, with the usual control."""
    pod = deploy(another_volume)

    evidence = assert_not_shared(pod, from_c="c1", to_c="c2")

    assert "c2 found /etc/hosts by the same search" in str(evidence)


def test_a_shared_volume_is_shared(pod):
    """The mutated twin: the search finds the file."""
    with pytest.raises(AssertionError, match="'c2' sees what 'c1' wrote"):
        assert_not_shared(pod, from_c="c1", to_c="c2")


def test_content_is_lost_when_the_pod_is_deleted(deploy):
    """The replacement has its own containers, and so its own ephemeral container."""
    pod = deploy(lambda spec, c1, _c2: spec["containers"].remove(c1))

    evidence = assert_lost_on_delete(pod)

    assert re.search(EPHEMERAL, evidence.method)


def test_a_symlink_is_followed_as_in_the_container_itself(hostile):
    """Even an absolute one, which the kernel would follow into the ephemeral container."""
    assert hostile["c2"].volume("shared").read("absolute") == b"shared\n"


@pytest.mark.parametrize("name", ["passwd", "up", "proc", "etc/passwd"])
def test_a_hostile_symlink_does_not_lead_to_files_of_the_ephemeral_container(hostile, name):
    """That one has an /etc/passwd; the container's image does not."""
    with pytest.raises(PodshareError) as caught:
        hostile["c2"].volume("shared").read(name)

    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("shared", ["shareProcessNamespace", "hostPID"])
def test_the_containers_process_is_found_among_shared_processes(deploy, shared):
    """Process 1 is the sandbox's or the node's; the container's is identified by its cgroup."""
    pod = deploy(lambda spec, *_: spec.update({shared: True}))

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert re.search(r"c2 by .* at /proc/(?!1/)\d+/root", evidence.method)
    evidence = assert_survives_restart(pod, container="c2", strategy="node")
    assert "c2" in evidence.claim
    assert_file_visible(pod, from_c="c1", to_c="c2")


def test_beside_root_it_is_root_with_the_same_capabilities(deploy):
    """The user is the image's, and its capabilities allow it to read another user's file."""

    def change(_spec, c1, c2):
        del c2["securityContext"]
        script(c1, "echo x > /out/key; chown 1000 /out/key; chmod 600 /out/key")

    pod = deploy(change)

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key")

    assert "as user 0 with group" in evidence.method


def test_beside_root_without_capabilities_another_users_file_is_refused(deploy):
    """The mutated twin: with the default capabilities it could read the file."""

    def change(_spec, c1, c2):
        c2["securityContext"] = {"runAsUser": 0, "capabilities": {"drop": ["ALL"]}}
        script(c1, "echo x > /out/key; chown 1000 /out/key; chmod 600 /out/key")

    pod = deploy(change)

    with pytest.raises(AssertionError, match="Permission denied"):
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/key", timeout=1)


def test_everything_conforms_to_pod_security_restricted(deploy, podshare):
    """It works in a namespace that enforces that level; the control is a Pod that is rejected."""
    if not podshare.cluster.own:
        pytest.skip("the test itself needs permission to patch namespaces")
    path = f"/api/v1/namespaces/{podshare.namespace}"
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    podshare.cluster.api.patch(path, {"metadata": {"labels": label}})
    pod = deploy(lambda _, c1, c2: c1.update(securityContext=c2["securityContext"]))

    assert_file_visible(pod, from_c="c1", to_c="c2")

    with pytest.raises(DeployRejected, match="PodSecurity"):
        deploy(lambda spec, *_: spec["containers"][0].update(name="c3"))


def test_the_ephemeral_container_can_send_sigterm(pod):
    """It has the same user as the container's process, which handles the signal."""
    restart = pod["c2"].restart(strategy="term")

    assert restart.strategy == "term"
    assert_file_visible(pod, from_c="c1", to_c="c2")


@pytest.mark.podshare_needs("user-namespaces")
def test_it_works_in_a_user_namespace(deploy):
    """Both containers have the same user IDs inside the namespace, and others outside."""

    def change(spec, *_):
        spec["hostUsers"] = False

    pod = deploy(change)

    assert_file_visible(pod, from_c="c1", to_c="c2")
