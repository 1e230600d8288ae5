"""Changes of a manifest that a test must notice."""


def container_of(spec, name):
    """The container of that name in a Pod's spec, of any sort."""
    both = [*spec.get("initContainers", ()), *spec["containers"]]
    return next(each for each in both if each["name"] == name)


def elsewhere(container):
    """A change: at its first mount this container has an empty volume of its own."""

    def change(spec):
        container_of(spec, container)["volumeMounts"][0]["name"] = "elsewhere"
        spec["volumes"].append({"name": "elsewhere", "emptyDir": {}})

    return change
