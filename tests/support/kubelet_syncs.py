"""Changes to a Pod that make the kubelet sync it at once."""

import contextlib
import time

from pytest_podshare import errors
from tests.support.background import again_and_again


def frequent_syncs(pod):
    """Change the Pod twice a second: the kubelet syncs it then, and otherwise every ten seconds."""

    def change_annotation():
        changes = {"metadata": {"annotations": {"sync": str(time.monotonic())}}}
        # another change follows
        with contextlib.suppress(errors.ClusterError):
            pod.api.patch(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", changes)

    return again_and_again(change_annotation, every=0.5)
