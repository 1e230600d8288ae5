"""Ephemeral containers, which may access another container's files and nothing else."""

import pytest

from pytest_podshare.containers import ephemeral_container
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.shell_access import ShellAccess, _parse_users
from pytest_podshare.deadline import Deadline
from tests.support import offline_pods


def pod_object(*, container_context=None, pod_context=None, user=None):
    """Return a Pod with one container, with these security contexts and a user in its status."""
    status = {"name": "c", "containerID": "containerd://" + "ab" * 32}
    if user:
        status["user"] = {"linux": user}
    container, spec = {"name": "c"}, {}
    if container_context:
        container["securityContext"] = container_context
    if pod_context:
        spec["securityContext"] = pod_context
    spec["containers"] = [container]
    return {"spec": spec, "status": {"containerStatuses": [status]}}


def test_the_user_comes_from_the_status():
    """The primary group comes first, and only once."""
    user = {"uid": 65535, "gid": 7, "supplementalGroups": [7, 2000]}

    assert ephemeral_container._find_user(pod_object(user=user), "c") == User(65535, (7, 2000))


@pytest.mark.parametrize(
    ("container_context", "pod_context", "expected"),
    [
        ({"runAsUser": 1, "runAsGroup": 2}, None, User(1, (2,))),
        ({"runAsUser": 1}, {"runAsUser": 9, "runAsGroup": 2}, User(1, (2,))),
        ({"runAsUser": 1}, None, None),
        (None, None, None),
    ],
)
def test_the_user_comes_from_the_spec_if_it_is_not_in_the_status(
    container_context, pod_context, expected
):
    """The container's context has precedence over the Pod's; both IDs are required."""
    raw = pod_object(container_context=container_context, pod_context=pod_context)

    assert ephemeral_container._find_user(raw, "c") == expected


def security_context(user, **contexts):
    """Return the context of an ephemeral container beside one with these contexts."""
    return ephemeral_container._build_security_context(pod_object(**contexts), "c", user)


def test_beside_a_user_other_than_root_it_is_restricted():
    """That is enough, even if the container has more rights: its process is not root."""
    context = {"capabilities": {"add": ["NET_ADMIN"]}, "privileged": True}

    result = security_context(User(1000, (3,)), container_context=context)

    assert (result["runAsUser"], result["runAsGroup"]) == (1000, 3)
    assert result["runAsNonRoot"] is True
    assert result["allowPrivilegeEscalation"] is False
    assert result["capabilities"] == {"drop": ["ALL"]}
    assert result["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "privileged" not in result


def test_beside_root_it_has_exactly_the_capabilities_of_its_container():
    """With fewer, the kernel denies access to the files; more would prove too much."""
    context = {
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
        "allowPrivilegeEscalation": False,
    }

    result = security_context(User(0, (0,)), container_context=context)

    assert result["capabilities"] == context["capabilities"]
    assert result["allowPrivilegeEscalation"] is False
    assert "capabilities" not in security_context(User(0, (0,)))


def test_beside_a_privileged_container_it_is_not_privileged():
    """It rather has no access to that container's files."""
    context = {"privileged": True, "allowPrivilegeEscalation": True}

    assert "privileged" not in security_context(User(0, (0,)), container_context=context)


@pytest.mark.parametrize("level", ["container_context", "pod_context"])
def test_it_has_the_security_profiles_of_its_container(level):
    """The kernel's security modules deny access to a process with another profile."""
    profiles = {
        "seLinuxOptions": {"level": "s0:c1,c2"},
        "appArmorProfile": {"type": "Unconfined"},
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"},
    }

    result = security_context(User(1, (1,)), **{level: profiles})

    assert {key: result[key] for key in profiles} == profiles


STATUS = b"""Name:\tpause
Uid:\t10\t11\t12\t13
Gid:\t20\t21\t22\t23
FDSize:\t64
Groups:\t%s
NStgid:\t1
"""


@pytest.mark.parametrize(("printed", "groups"), [(b"5 6 ", (23, 5, 6)), (b" ", (23,))])
def test_a_process_has_the_user_by_which_the_kernel_grants_file_access(printed, groups):
    """That is the last of four IDs; a process may have no supplementary groups."""
    first, second = _parse_users(STATUS % printed + STATUS % b"")

    assert first == User(13, groups)
    assert second == User(13, (23,))


def test_an_access_names_the_root_and_the_user():
    """Its own shell has the container's paths; another has them below a process's root."""
    own, ephemeral = ShellAccess("c2"), ShellAccess("podshare-ab", "/proc/1", User(13, (23,)))

    assert (own.root, ephemeral.root) == ("", "/proc/1/root")
    assert str(own) == "sh over one exec session"
    assert str(ephemeral) == (
        "ephemeral container podshare-ab at /proc/1/root as user 13 with group 23"
    )
    script = ephemeral.resolve_script("/proc/self/mountinfo", follow=True)
    assert script.endswith(b"/proc/1/mountinfo")


def test_without_a_known_user_there_is_none():
    """Any other user might see other files."""
    pod = offline_pods.live_pod({"containers": [{"name": "c"}]})

    with pytest.raises(EphemeralContainerUnavailable, match=r"^the container's user ID is unknown"):
        ephemeral_container.ensure_running(pod, pod_object(), "c", Deadline(0))


BUSY = {"waiting": {"reason": "RunContainerError", "message": "unable to freeze"}}
NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
NEVER_RAN = {"terminated": {"reason": "StartError", "message": "no sleep", "exitCode": 128}}


class Kubelet:
    """An API server and a watch; each new ephemeral container gets the next state."""

    def __init__(self, *states):
        self.states = list(states)
        self.raw = pod_object(user={"uid": 1, "gid": 1}) | {"metadata": {"uid": "u", "name": "p"}}
        self.raw["status"]["ephemeralContainerStatuses"] = self.statuses = []

    def patch(self, _path, changes, *, strategic):
        """Add an ephemeral container."""
        assert strategic
        (entry,) = changes["spec"]["ephemeralContainers"]
        self.statuses.append({"name": entry["name"], "state": self.states.pop(0)})
        return self.raw

    def get(self, _path, **_):
        """Return the Pod."""
        return self.raw

    def wait_for(self, *_, **__):
        """Return the Pod without waiting, since it does not change."""
        return self.raw


def ensure_running(kubelet):
    """Ensure that an ephemeral container runs for c."""
    pod = offline_pods.live_pod(kubelet.raw["spec"], api=kubelet, watch=kubelet)
    return ephemeral_container.ensure_running(pod, kubelet.raw, "c", Deadline(0))


@pytest.mark.parametrize("first", [BUSY, NEVER_RAN])
def test_after_a_failed_start_another_one_is_created(first):
    """The kubelet starts an ephemeral container only once, and the machine may have been busy."""
    assert ensure_running(Kubelet(first, {"running": {}})) == "podshare-abababababab-2"


@pytest.mark.parametrize("last", [BUSY, NEVER_RAN])
def test_a_second_failed_start_is_an_error(last):
    """The mutated twin: no third one is created."""
    kubelet = Kubelet(BUSY, last, {"running": {}})

    with pytest.raises(EphemeralContainerUnavailable) as caught:
        ensure_running(kubelet)

    assert ("unable to freeze" if last is BUSY else "exited with code 128") in str(caught.value)
    assert not caught.value.is_transient
    assert len(kubelet.statuses) == 2


def test_one_that_can_never_start_is_not_created_again():
    """One that is only late is a transient error."""
    refused, late = Kubelet(NO_IMAGE), Kubelet({})

    with pytest.raises(EphemeralContainerUnavailable, match="no such image"):
        ensure_running(refused)
    with pytest.raises(
        EphemeralContainerUnavailable, match="it was not running within 0 s"
    ) as caught:
        ensure_running(late)

    assert (len(refused.statuses), len(late.statuses)) == (1, 1)
    assert caught.value.is_transient
