"""Changes to a manifest that a test must notice."""


def container_of(spec, name):
    """Return the container of that name in a Pod's spec, init containers included."""
    both = [*spec.get("initContainers", ()), *spec["containers"]]
    return next(each for each in both if each["name"] == name)


def elsewhere(container):
    """Return a change that mounts another, empty volume at the container's first mount."""

    def change(spec):
        container_of(spec, container)["volumeMounts"][0]["name"] = "elsewhere"
        spec["volumes"].append({"name": "elsewhere", "emptyDir": {}})

    return change
