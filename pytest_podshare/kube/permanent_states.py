"""The states that a starting Pod does not leave by itself, in one table.

Everything else may pass: a claim that does not exist yet, a taint, a busy node, a registry that
does not answer. A Pod in such a state is awaited until the deadline.
"""

from __future__ import annotations

import dataclasses
import re

# the one that reports a state
POD, CONTAINER, SCHEDULER, MOUNT = "Pod", "container", "scheduler", "mount"

# the node is busy: the kubelet's next attempt finds what the previous one has created, or what its
# watches of ConfigMaps, Secrets and Services, which get one second, have received in the meantime
_BUSY = (
    "context deadline exceeded|DeadlineExceeded|failed to reserve container name"
    "|timed out waiting for the condition|services have not yet been read at least once"
)
# the registry, or the network on the way to it, does not answer now
_NO_REGISTRY = (
    "connection refused|connection reset|i/o timeout|TLS handshake timeout|Client.Timeout"
    "|no route to host|network is unreachable|server misbehaving|[Tt]oo ?[Mm]any ?[Rr]equests"
    r"|unexpected EOF|\b50[0234] |context deadline exceeded"
)
# seconds until the kubelet has tried again: it waits for ten seconds, and up to half as long more
_KUBELET_RETRY = 15.0
# seconds until a cluster autoscaler, which looks every ten, has reported that it adds a node
_AUTOSCALER = 15.0
_MISSING_OBJECT = r'(?:configmap|secret) "[^"]*" not found'
_MISSING_KEY = r"references non-existent (?:config|secret) key"


@dataclasses.dataclass(frozen=True)
class PermanentState:
    """A state that does not end unless somebody changes the Pod or what it refers to.

    Args:
        subject: what is in the state: `POD`, `CONTAINER`, or one that reports it, `SCHEDULER` or
            `MOUNT`.
        reason: the phase of a Pod, the reason of a waiting container or of an Event.
        why: why it does not end by itself.
        source: the file and the function of Kubernetes that show it.
        words: a regular expression that the message contains.
        unless: a regular expression for messages of states that may pass.
        lasts: seconds for which the state must have lasted.
        restarts: how often the container must have been started again.
    """

    subject: str
    reason: str
    why: str
    source: str
    words: str = ""
    unless: str = ""
    lasts: float = 0.0
    restarts: int = 0

    def matches(self, subject: str, reason: str, message: str) -> bool:
        """Return whether a reported state is this one."""
        is_same = (subject, reason) == (self.subject, self.reason)
        is_passing = bool(self.unless) and re.search(self.unless, message) is not None
        return is_same and not is_passing and re.search(self.words, message) is not None


# the first row that matches counts
PERMANENT_STATES = (
    PermanentState(
        POD,
        "Failed",
        "no container of it is started again",
        "pkg/kubelet/status/status_manager.go: updateStatusInternal",
    ),
    PermanentState(
        SCHEDULER,
        "Unschedulable",
        "no node has the labels, and Kubernetes adds none to a node that is ready",
        "pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go: Filter",
        words="^node\\(s\\) didn't match Pod's node affinity/selector",
        lasts=_AUTOSCALER,
    ),
    PermanentState(
        SCHEDULER,
        "Unschedulable",
        "no node has as much, even without any other Pod",
        "pkg/scheduler/framework/plugins/noderesources/fit.go: fitsRequest",
        words=r"^Insufficient (?:cpu|memory|ephemeral-storage), preemption: "
        r"0/(\d+) nodes are available: \1 Preemption is not helpful",
        lasts=_AUTOSCALER,
    ),
    PermanentState(
        CONTAINER,
        "InvalidImageName",
        "the name cannot be parsed",
        "pkg/kubelet/images/image_manager.go: EnsureImageExists",
    ),
    PermanentState(
        CONTAINER,
        "ErrImageNeverPull",
        "the node lacks the image, and imagePullPolicy Never forbids to pull it",
        "pkg/kubelet/images/image_manager.go: EnsureImageExists",
    ),
    PermanentState(
        CONTAINER,
        "ImagePullBackOff",
        "the registry has answered that it has no such image, or not for this account",
        "pkg/kubelet/images/image_manager.go: pullImage",
        unless=_NO_REGISTRY,
    ),
    PermanentState(
        CONTAINER,
        "ImageInspectError",
        "the image on the node is damaged",
        "pkg/kubelet/images/image_manager.go: imagePullPrecheck",
        unless=_BUSY,
    ),
    PermanentState(
        CONTAINER,
        "CreateContainerConfigError",
        "a variable's ConfigMap, Secret or key is missing at the kubelet's second attempt as well",
        "pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables",
        words=f"{_MISSING_OBJECT}|couldn't find key",
        unless=_BUSY,
        lasts=_KUBELET_RETRY,
    ),
    PermanentState(
        CONTAINER,
        "CreateContainerConfigError",
        "the Pod's spec contradicts the image or the content of a volume",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go: generateContainerConfig",
        unless=f"{_BUSY}|{_MISSING_OBJECT}|couldn't find key",
    ),
    PermanentState(
        CONTAINER,
        "CreateContainerError",
        "the container runtime rejects the container",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go: startContainer",
        unless=_BUSY,
    ),
    PermanentState(
        CONTAINER,
        "RunContainerError",
        "the second attempt has failed as well: no such program, or no place to mount in",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go: startContainer",
        unless=_BUSY,
        restarts=1,
    ),
    PermanentState(
        CONTAINER,
        "CrashLoopBackOff",
        "the container has been restarted three times, and has exited again",
        "pkg/kubelet/kuberuntime/kuberuntime_manager.go: doBackOff",
        # a sidecar may fail once or twice while it waits for another container
        restarts=3,
    ),
    PermanentState(
        MOUNT,
        "FailedMount",
        "the node has nothing of that type there at the kubelet's second attempt as well",
        "pkg/volume/hostpath/host_path.go: checkTypeInternal",
        words="hostPath type check failed: ",
    ),
    PermanentState(
        MOUNT,
        "FailedMount",
        "a volume's ConfigMap or Secret is missing at the kubelet's second attempt as well",
        "pkg/volume/configmap/configmap.go: SetUpAt",
        words=_MISSING_OBJECT,
        # the controller manager creates it in each new namespace
        unless=f'"kube-root-ca.crt" not found|{_BUSY}',
    ),
    PermanentState(
        MOUNT,
        "FailedMount",
        "a volume's ConfigMap or Secret lacks the key at the kubelet's second attempt as well",
        "pkg/volume/configmap/configmap.go: MakePayload",
        words=_MISSING_KEY,
        unless=_BUSY,
    ),
)


def find_permanent_state(subject: str, reason: str, message: str = "") -> PermanentState | None:
    """Return the row of the table that a reported state matches; None for one that may pass."""
    rows = (row for row in PERMANENT_STATES if row.matches(subject, reason, message))
    return next(rows, None)


def find_unschedulable(message: str) -> PermanentState | None:
    """Return why a Pod can never be scheduled; None if there is a node for which that may change.

    Args:
        message: the scheduler's message. It has a reason for each node, and then what it would
            help to preempt other Pods: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had
            untolerated taint(s). preemption: 0/2 nodes are available: …`.
    """
    filtered, _, preemption = message.partition("preemption: ")
    nodes = re.match(r"0/\d+ nodes are available: (\d.*?)(?:\.\s|\.?$)", filtered)
    if nodes is None:
        return None
    reasons = re.split(r"(?:^|, )\d+ ", nodes[1])[1:]
    states = [
        find_permanent_state(SCHEDULER, "Unschedulable", f"{reason}, preemption: {preemption}")
        for reason in reasons
    ]
    return states[0] if states and all(states) else None
