"""A sound Pod, its broken twin, and checks whose verdicts on both are known."""

import contextlib
import dataclasses

from pytest_podshare import assert_file_visible, assert_not_shared, assert_read_only
from pytest_podshare.deadline import Timeouts
from pytest_podshare.pods.deployer import Podshare

STAY = "while :; do sleep 1; done"
# on the node; only the broken Pod uses it
FOLDER = "/tmp/podshare-faults"

CHECKS = {
    "visible": lambda pod: assert_file_visible(
        pod, from_c="c1", to_c="c2", volume="v", timeout=0.3
    ),
    "apart": lambda pod: assert_not_shared(pod, from_c="c1", to_c="c2", volume="own", window=0.05),
    "read-only": lambda pod: assert_read_only(pod, container="c1", volume="ro"),
}


def manifest(name, *, sound, node=None, first=STAY, v=None):
    """Return a Pod on which every check holds, or one on which none does.

    The broken Pod mounts a tmpfs over volume v, which its spec does not show.

    Args:
        name: its name.
        sound: whether the checks hold.
        node: its node; None for any.
        first: the script of c1.
        v: the source of volume v; None for an emptyDir.
    """
    hide = "" if sound else "mount -t tmpfs tmpfs /v; "
    empty = {"emptyDir": {}}
    own = empty if sound else {"hostPath": {"path": FOLDER, "type": "DirectoryOrCreate"}}
    readiness = {"exec": {"command": ["test", "-e", "/tmp/begun"]}, "periodSeconds": 1}
    c1, c2 = (
        {
            "name": container,
            "image": "busybox",
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script],
            "securityContext": {"privileged": not sound},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        }
        for container, script in (("c1", first), ("c2", f"{hide}touch /tmp/begun; {STAY}"))
    )
    c1["volumeMounts"] += [
        {"name": "own", "mountPath": "/own"},
        {"name": "ro", "mountPath": "/ro", "readOnly": sound},
    ]
    c2["volumeMounts"].append({"name": "other", "mountPath": "/other"})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "containers": [c1, {**c2, "readinessProbe": readiness}],
            "volumes": [
                {"name": "v", **(v or empty)},
                {"name": "own", **own},
                {"name": "other", **own},
                {"name": "ro", **empty},
            ],
            "terminationGracePeriodSeconds": 1,
            **({"nodeName": node} if node else {}),
        },
    }


@dataclasses.dataclass(frozen=True)
class Pair:
    """A sound Pod and its broken twin.

    Args:
        sound: the Pod on which every check holds.
        broken: the Pod on which none does.
        podshare: the `Podshare` that deployed them.
    """

    sound: object
    broken: object
    podshare: Podshare

    def with_verdicts(self):
        """Return both, each with whether the checks hold on it."""
        return ((self.sound, True), (self.broken, False))

    def close(self):
        """Close the sessions, so that the next check opens new ones."""
        self.sound.close()
        self.broken.close()


@contextlib.contextmanager
def deployed(cluster, namespace, *, name="pod", node=None, timeouts=None, **options):
    """Deploy both, use their sessions once, and then set their timeouts."""
    with Podshare(cluster, namespace, run_id="faults01") as podshare:
        pods = podshare.deploy_all(
            [
                manifest(f"{name}-sound", sound=True, node=node, **options),
                manifest(f"{name}-broken", sound=False, node=node, **options),
            ]
        )
        pair = Pair(*pods, podshare)
        for pod, _ in pair.with_verdicts():
            for container in ("c1", "c2"):
                pod[container].exec(["true"])
            pod.live = dataclasses.replace(pod.live, timeouts=timeouts or Timeouts())
        yield pair
