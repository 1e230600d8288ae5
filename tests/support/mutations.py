"""Changes to a manifest that a test must notice."""


def container_of(spec, name):
    """Return the container of that name in a Pod's spec, init containers included."""
    containers = [*spec.get("initContainers", ()), *spec["containers"]]
    return next(container for container in containers if container["name"] == name)


def mount_elsewhere(container):
    """Return a change that mounts another, empty volume at the container's first mount."""

    def change(spec):
        container_of(spec, container)["volumeMounts"][0]["name"] = "elsewhere"
        spec["volumes"].append({"name": "elsewhere", "emptyDir": {}})

    return change
