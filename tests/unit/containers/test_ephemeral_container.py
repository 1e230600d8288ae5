"""What an ephemeral container may do, so that it is let at another one's files and at no more."""

import pytest

from pytest_podshare.containers import ephemeral_container
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.shell_access import ShellAccess, users
from pytest_podshare.deadline import Deadline
from tests.support import offline_pods


def live(*, own=None, pods=None, user=None):
    """A Pod of one container, with its security contexts, and the user of its status."""
    status = {"name": "c", "containerID": "containerd://" + "ab" * 32}
    if user:
        status["user"] = {"linux": user}
    container = {"name": "c"} | ({"securityContext": own} if own else {})
    spec = {"containers": [container]} | ({"securityContext": pods} if pods else {})
    return {"spec": spec, "status": {"containerStatuses": [status]}}


def test_the_status_tells_the_user_that_the_image_has():
    """Its own group comes first, and only once."""
    user = {"uid": 65535, "gid": 7, "supplementalGroups": [7, 2000]}

    assert ephemeral_container.user_of(live(user=user), "c") == User(65535, (7, 2000))


@pytest.mark.parametrize(
    ("own", "pods", "expected"),
    [
        ({"runAsUser": 1, "runAsGroup": 2}, None, User(1, (2,))),
        ({"runAsUser": 1}, {"runAsUser": 9, "runAsGroup": 2}, User(1, (2,))),
        ({"runAsUser": 1}, None, None),
        (None, None, None),
    ],
)
def test_a_runtime_that_tells_no_user_leaves_the_spec(own, pods, expected):
    """The container's own comes before the Pod's; half of it is no user."""
    assert ephemeral_container.user_of(live(own=own, pods=pods), "c") == expected


def test_a_user_who_is_not_root_gets_what_pod_security_calls_restricted():
    """Whatever the container itself may do: its process has no more than that by its user."""
    own = {"capabilities": {"add": ["NET_ADMIN"]}, "privileged": True}

    context = ephemeral_container.security_context(live(own=own), "c", User(1000, (3,)))

    assert (context["runAsUser"], context["runAsGroup"]) == (1000, 3)
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "privileged" not in context


def test_root_has_the_capabilities_of_its_container_and_no_others():
    """With fewer the kernel does not let it at the files, and more would prove too much."""
    own = {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}, "allowPrivilegeEscalation": False}

    context = ephemeral_container.security_context(live(own=own), "c", User(0, (0,)))

    assert context["capabilities"] == own["capabilities"]
    assert context["allowPrivilegeEscalation"] is False
    assert "capabilities" not in ephemeral_container.security_context(live(), "c", User(0, (0,)))


def test_root_is_not_made_privileged():
    """A privileged container is rather closed to it."""
    own = {"privileged": True, "allowPrivilegeEscalation": True}

    assert "privileged" not in ephemeral_container.security_context(
        live(own=own), "c", User(0, (0,))
    )


@pytest.mark.parametrize("where", ["own", "pods"])
def test_what_confines_the_container_confines_the_other_too(where):
    """The kernel's security modules let nobody at the files who is confined in another way."""
    confined = {
        "seLinuxOptions": {"level": "s0:c1,c2"},
        "appArmorProfile": {"type": "Unconfined"},
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"},
    }

    context = ephemeral_container.security_context(live(**{where: confined}), "c", User(1, (1,)))

    assert {key: context[key] for key in confined} == confined


STATUS = b"""Name:\tpause
Uid:\t10\t11\t12\t13
Gid:\t20\t21\t22\t23
FDSize:\t64
Groups:\t%s
NStgid:\t1
"""


@pytest.mark.parametrize(("listed", "groups"), [(b"5 6 ", (23, 5, 6)), (b" ", (23,))])
def test_the_kernel_judges_by_the_numbers_for_files(listed, groups):
    """The last of four; and a process may have no other groups."""
    theirs, ours = users(STATUS % listed + STATUS % b"")

    assert theirs == User(13, groups)
    assert ours == User(13, (23,))


def test_an_access_tells_where_the_root_is_and_as_whom():
    """The one has the container's paths as they are, the other below another process."""
    own, beside = ShellAccess("c2"), ShellAccess("podshare-ab", "/proc/1", User(13, (23,)))

    assert (own.root, beside.root) == ("", "/proc/1/root")
    assert str(own) == "sh over one exec session"
    assert str(beside) == (
        "ephemeral container podshare-ab in its root /proc/1/root as user 13 with group 23"
    )
    assert beside.resolving("/proc/self/mountinfo", follow=True).endswith(b"/proc/1/mountinfo")


BUSY = {"waiting": {"reason": "RunContainerError", "message": "unable to freeze"}}
NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
NEVER_RAN = {"terminated": {"reason": "StartError", "message": "no sleep", "exitCode": 128}}


class Kubelet:
    """The API server and the watch of a Pod whose ephemeral containers come to such states."""

    def __init__(self, *states):
        self.states = list(states)
        self.live = live(user={"uid": 1, "gid": 1}) | {"metadata": {"uid": "u", "name": "p"}}
        self.live["status"]["ephemeralContainerStatuses"] = self.told = []

    def patch(self, _path, changes, *, strategic):
        """Take one."""
        assert strategic
        (entry,) = changes["spec"]["ephemeralContainers"]
        self.told.append({"name": entry["name"], "state": self.states.pop(0)})
        return self.live

    def get(self, _path, **_):
        """Give the Pod."""
        return self.live

    def wait_for(self, *_, **__):
        """Nothing changes any more."""
        return self.live


def ensure_running(kubelet):
    """What comes of an ephemeral container for c."""
    pod = offline_pods.live_pod(kubelet.live["spec"], api=kubelet, watch=kubelet)
    return ephemeral_container.ensure_running(pod, kubelet.live, "c", Deadline(0))


@pytest.mark.parametrize("first", [BUSY, NEVER_RAN])
def test_one_that_the_runtime_failed_to_start_is_followed_by_another(first):
    """The kubelet tries an ephemeral container once, and the machine may have been busy."""
    assert ensure_running(Kubelet(first, {"running": {}})) == "podshare-abababababab-2"


@pytest.mark.parametrize("last", [BUSY, NEVER_RAN])
def test_a_second_failure_is_told(last):
    """The mutated twin: nothing comes after that."""
    kubelet = Kubelet(BUSY, last, {"running": {}})

    with pytest.raises(EphemeralContainerUnavailable) as caught:
        ensure_running(kubelet)

    assert ("unable to freeze" if last is BUSY else "exit code 128") in str(caught.value)
    assert not caught.value.is_transient
    assert len(kubelet.told) == 2


def test_one_that_cannot_be_is_not_tried_again():
    """And what is only late may be there at the next time."""
    refused, late = Kubelet(NO_IMAGE), Kubelet({})

    with pytest.raises(EphemeralContainerUnavailable, match="no such image"):
        ensure_running(refused)
    with pytest.raises(EphemeralContainerUnavailable, match="it did not run within 0 s") as caught:
        ensure_running(late)

    assert (len(refused.told), len(late.told)) == (1, 1)
    assert caught.value.is_transient
