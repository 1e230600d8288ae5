"""Pods of init containers that fill volumes, and of containers that wait."""

STAY = "trap exit TERM; while :; do sleep 1 & wait; done"


def init(name, script, *volumes):
    """Return an init container that runs a script in the folder of its first volume."""
    return container(name, f"cd /{volumes[0]} && {script}", *volumes)


def container(name, script, *volumes, **fields):
    """Return a container that runs a script and mounts each volume at /NAME."""
    return {
        "name": name,
        "image": "busybox",
        # of a cluster that is not podshare's own
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        "volumeMounts": [{"name": volume, "mountPath": f"/{volume}"} for volume in volumes],
        **fields,
    }


def pod(inits, containers, *, restart_policy="Always", **sources):
    """Return a Pod with these containers and volumes."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "left-files"},
        "spec": {
            "restartPolicy": restart_policy,
            "terminationGracePeriodSeconds": 1,
            "initContainers": inits,
            "containers": containers,
            "volumes": [{"name": name, **source} for name, source in sources.items()],
        },
    }
