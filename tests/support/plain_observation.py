"""What a generated Pod does, as plain `kubectl exec` and `kubectl logs` show it."""

from __future__ import annotations

import dataclasses

from tests.support.generated_pods import KEY, READER, WRITER, probe_script, sub_path_of

_PATHS = {"writer": WRITER, "reader": READER}
_OTHER = {"writer": "reader", "reader": "writer"}


@dataclasses.dataclass
class Observation:
    """What the containers of a Pod have done.

    Args:
        is_ready: whether the Pod became ready.
        wrote: the containers that could write a file.
        saw: (writer, reader) for each reader that could read the writer's file.
        keys: container → the content of the key of a ConfigMap or Secret; None if it cannot be
            read.
        media: running container → the type of the file system.
        refused_as_read_only: the containers whose file was refused by a read-only file system.
        after_restart: container → whether the files that it could read before its restart are still
            there; those that could read none are missing.
        after_deletion: whether what running containers wrote is in the Pod that replaced it; None
            if none could write.
        propagated: (container, other) → whether the other saw what was mounted in the volume;
            those that could not mount anything are missing.
    """

    is_ready: bool = True
    wrote: set[str] = dataclasses.field(default_factory=set)
    saw: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    keys: dict[str, str | None] = dataclasses.field(default_factory=dict)
    media: dict[str, str] = dataclasses.field(default_factory=dict)
    refused_as_read_only: set[str] = dataclasses.field(default_factory=set)
    after_restart: dict[str, bool] = dataclasses.field(default_factory=dict)
    after_deletion: bool | None = None
    propagated: dict[tuple[str, str], bool] = dataclasses.field(default_factory=dict)

    def truth(self, promise, outcome):
        """Return whether an outcome of a promise is true; None if nothing here tells."""
        kind, _, rest = promise.partition("@")
        if "→" in kind:
            saw = tuple(kind.split("→")) in self.saw
            return {"visible": saw, "apart": not saw}[outcome]
        container = rest.partition("[")[2].rstrip("]")
        if kind == "read-only":
            is_refused = container in self.refused_as_read_only
            return {"read-only": is_refused, "writable": container in self.wrote}[outcome]
        if kind == "restart":
            return self.after_restart.get(container)
        if kind == "deleted":
            survives = self.after_deletion
            return None if survives is None else survives is (outcome == "survives")
        if kind == "same":
            contents = [self.keys[name] for name in self.media]
            return None not in contents and len(set(contents)) == 1
        if kind == "medium":
            return (next(iter(self.media.values())) == "tmpfs") is (outcome == "Memory")
        if kind == "propagated":
            return self.propagated.get(tuple(container.split("→")))
        raise ValueError(promise)


def observe(kubectl, objects, choice):
    """Create a Pod, look at it with kubectl alone, delete it, and return what was seen."""
    name = objects[-1]["metadata"]["name"]
    roles = {container: choice[f"{container}'s role"] for container in _PATHS}
    running = [container for container, role in roles.items() if role != "init"]
    kubectl.apply(objects)
    seen = Observation(is_ready=kubectl.is_ready(name))
    if seen.is_ready:
        for container in _PATHS.keys() - running:
            _read(seen, container, kubectl.logs(name, container))
        for container in [*running, *running[:1]]:
            whole = not sub_path_of(choice, container)
            probe = probe_script(container, _PATHS[container], whole=whole)
            script = f"({probe}) 2>&1; cat /proc/mounts"
            _read(seen, container, kubectl.sh(name, container, script))
        _propagate(kubectl, seen, name, running, choice)
        _restart(kubectl, seen, name, roles, choice["restartPolicy"])
        _replace(kubectl, seen, objects, [c for c in running if c in seen.wrote])
    kubectl.delete(f"pod/{name}", f"persistentvolumeclaim/{name}")
    return seen


def _read(seen, container, printed):
    seen.keys.setdefault(container, None)
    for line in printed.splitlines():
        words = line.split()
        if words[1:2] == [_PATHS[container]]:
            # a line of /proc/mounts
            seen.media[container] = words[2]
        elif words[:1] == ["wrote"]:
            seen.wrote.add(container)
        elif "Read-only file system" in line:
            seen.refused_as_read_only.add(container)
        elif words[:1] == ["read"] and len(words) == 3:
            if words[1] == KEY:
                seen.keys[container] = words[2]
            elif words[2] != container:
                seen.saw.add((words[2], container))


def _propagate(kubectl, seen, name, running, choice):
    if len(running) < 2:
        return
    for container in running:
        if choice[f"{container}'s mount"] != "Bidirectional":
            continue
        other = _OTHER[container]
        # in the folder that both may share
        own_folder, other_folder = (sub_path_of(choice, one) for one in (container, other))
        in_volume = f"{own_folder or other_folder}/mounted-by-{container}".lstrip("/")
        folder, below = (
            f"{_PATHS[one]}/{in_volume.removeprefix(f'{inside}/')}"
            for one, inside in ((container, own_folder), (other, other_folder))
        )
        script = f"mkdir {folder} && mount -t tmpfs tmpfs {folder} && touch {folder}/in && echo ok"
        if "ok" not in kubectl.sh(name, container, script, check=False):
            continue
        found = kubectl.sh(name, other, f"test -e {below}/in && echo found", check=False)
        seen.propagated[container, other] = "found" in found
        kubectl.sh(name, container, f"umount {folder} && rmdir {folder}")


def _restart(kubectl, seen, name, roles, policy):
    """Restart the containers, and see whether the files that they could read are still there."""
    listings = {}
    for container, role in roles.items():
        if role == "init" or (role == "container" and policy == "Never"):
            continue
        path = _PATHS[container]
        listing = f"cd {path} && cat before-* from-* */from-* 2>/dev/null"
        script = f"echo before-{container} > {path}/before-{container}; {listing}; kill 1"
        if before := _without_refusal(kubectl.sh(name, container, script, check=False)):
            listings[container] = listing, before
    for container in listings:
        field = "initContainerStatuses" if roles[container] == "sidecar" else "containerStatuses"
        kubectl.wait(name, f'{{.status.{field}[?(@.name=="{container}")].restartCount}}', "1")
    assert not listings or kubectl.is_ready(name)
    for container, (listing, before) in listings.items():
        after = _without_refusal(kubectl.sh(name, container, f"{listing}; true"))
        seen.after_restart[container] = set(before) <= set(after)


def _without_refusal(printed):
    """Return the lines of files, without those of the shell and of kubectl."""
    return [line for line in printed.splitlines() if ":" not in line and " " not in line]


def _replace(kubectl, seen, objects, writers):
    """Replace the Pod, and see whether what running containers wrote is still there."""
    name = objects[-1]["metadata"]["name"]
    for container in writers[:1]:
        file = f"{_PATHS[container]}/before-deletion"
        kubectl.sh(name, container, f"echo x > {file}")
        kubectl.delete(f"pod/{name}")
        kubectl.apply(objects)
        assert kubectl.is_ready(name)
        found = kubectl.sh(name, container, f"test -e {file} && echo found", check=False)
        seen.after_deletion = "found" in found
