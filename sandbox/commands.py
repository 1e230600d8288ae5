"""What each ``./dev`` command does, as a short story over the other modules."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks import catalogue
from sandbox import browser, clusters, dockerd, engine, image, places, recipe, tools
from sandbox.build import forecast, missing
from sandbox.errors import SandboxError
from sandbox.plan import PLAN, Step
from sandbox.progress import clock
from sandbox.store import Store
from sandbox.talk import results, say


@dataclasses.dataclass(frozen=True)
class Choices:
    """What was asked for on the command line."""

    kubernetes: str
    may_install: bool


@dataclasses.dataclass(frozen=True)
class Ready:
    """Everything a cluster needs, found or made."""

    engine: str
    kind: tools.Tool
    kubectl: tools.Tool
    image: str
    # the tests alone need these
    helm: tools.Tool | None = None
    python: str = ""

    def environment(self, cluster: str) -> dict[str, str]:
        """The environment the commands run in."""
        # The environment's own programs, then the tools PATH does not lead to by itself.
        own_tools = [tool for tool in (self.kind, self.kubectl, self.helm) if tool is not None]
        folders = [
            str(Path(sys.executable).parent),
            *(str(tool.path.parent) for tool in own_tools if not tool.on_path),
        ]
        path = [*folders, *os.environ.get("PATH", "").split(os.pathsep)]
        own = {
            "PATH": os.pathsep.join(dict.fromkeys(folder for folder in path if folder)),
            "VIRTUAL_ENV": sys.prefix,
            "PODSHARE_KIND_BIN": str(self.kind.path),
            "PODSHARE_CLUSTER_NAME": cluster,
            # Also where it was pulled: else kind's own default decides the Kubernetes version.
            "PODSHARE_KIND_IMAGE": self.image,
            "PODSHARE_STAND_INS": image.stand_ins(self.engine, self.image),
        }
        if self.python:
            own["PODSHARE_PYTHON_IMAGE"] = self.python
        if self.engine == "podman":
            own["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
        return {**os.environ, **own}


def prepare(choices: Choices) -> Ready:
    """Engine, tools and node image; quick when they are there."""
    name = find_engine(choices)
    products = recipe.store(name, choices.kubernetes)
    install = choices.may_install
    # The image first: where it is built, kind is a part of it and built along the way.
    node = image.ensure(products, choices.kubernetes, may_install=install)
    kind = tools.ensure_kind(products, may_install=install)
    kubectl = tools.ensure_kubectl(name, node, choices.kubernetes)
    return Ready(name, kind, kubectl, node, tools.helm(products))


def find_engine(choices: Choices) -> str:
    """An engine that answers. Only one ./dev at a time starts one."""
    name = engine.running(may_install=choices.may_install)
    if not name:
        with recipe.at_work():
            name = engine.ensure(may_install=choices.may_install)
    if name == "podman":
        os.environ["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
    return name


def up(choices: Choices) -> int:
    """``./dev up``."""
    begun = time.monotonic()
    ready = prepare(choices)
    kubeconfig = clusters.up(ready.kind.path, ready.engine, ready.image)
    say(f"ready after {clock(time.monotonic() - begun)}")
    kubectl = "kubectl" if ready.kubectl.on_path else ready.kubectl.path
    print(
        "\n".join(
            [
                f"cluster     {clusters.name()}: Kubernetes {choices.kubernetes} on {ready.engine}",
                f"node image  {ready.image}",
                f"kind        {ready.kind.path} ({ready.kind.version}, {ready.kind.source})",
                f"kubeconfig  {kubeconfig}",
                "",
                f"  {kubectl} --kubeconfig {kubeconfig} get pods -A",
                "  ./dev run pytest tests/examples     any command with the cluster up",
                "  ./dev down                          removes the cluster",
            ]
        ),
    )
    return 0


def down(_: Choices) -> int:
    """``./dev down``."""
    facts = engine.look()
    name = "docker" if facts.docker_version else "podman" if facts.podman_version else ""
    removed = _delete_clusters(name) if name else []
    for cluster in removed:
        say(f"deleted cluster {cluster}")
    if facts.ours:
        _stop_engine()
    elif not removed:
        say("nothing to do: no cluster of ours is up" + ("" if name else " and no engine runs"))
    return 0


def _delete_clusters(engine_name: str) -> list[str]:
    products = recipe.store(engine_name, recipe.DEFAULT_KUBERNETES)
    kind = tools.kind_on_path() or tools.built_kind(products)
    if not kind.path.is_file():
        return []
    if engine_name == "podman":
        os.environ["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
    known = clusters.running(kind.path)
    ours = [cluster for cluster in clusters.names() if cluster in known]
    for cluster in ours:
        clusters.delete(kind.path, cluster)
    return ours


def _stop_engine() -> None:
    running = subprocess.run(
        ["docker", "ps", "--quiet"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    ).stdout.split()
    if running:
        say(f"left Docker running: {len(running)} other container(s) run on it")
        return
    dockerd.stop()
    say("stopped Docker, which ./dev had started")


def demo(choices: Choices, *, keep: bool) -> int:
    """``./dev demo``: what can be said at once, and then what takes a cluster."""
    podshare = Path(sys.executable).with_name("podshare")
    subprocess.run(
        [podshare, "check", "--graph", "manifests/sharevol.yaml"],
        stdin=subprocess.DEVNULL,
        cwd=places.CHECKOUT,
        check=False,
    )
    environment = prepare(choices).environment(f"{clusters.name()}-demo")
    environment["PODSHARE_KEEP_CLUSTER"] = "always" if keep else "never"
    test = "tests/examples/test_sharevol.py"
    pytest = [sys.executable, "-m", "pytest", test, "-v", "-p", "no:cacheprovider"]
    return _call([*pytest, "--podshare-story"], environment)


def test(choices: Choices, arguments: Sequence[str]) -> int:
    """``./dev test``."""
    ready = prepare(choices)
    products = recipe.store(ready.engine, choices.kubernetes)
    python = image.of_python(products, ready.image)
    # together, for they overlap: the one compiles, the other waits for package registries
    wanted = [*([] if tools.helm(products) else ["helm"]), *(["python"] if python else [])]
    recipe.make(wanted, products, may_install=choices.may_install)
    if browser.is_wanted(arguments):
        browser.ensure(may_install=choices.may_install)
    complete = dataclasses.replace(ready, helm=tools.helm(products), python=python)
    environment = complete.environment(f"{clusters.name()}-test")
    return _call([sys.executable, "-m", "tox", *arguments], environment)


def run(choices: Choices, command: Sequence[str]) -> int:
    """``./dev run``."""
    if not command:
        raise SandboxError("run what?", "./dev run pytest tests/examples")
    ready = prepare(choices)
    kubeconfig = clusters.up(ready.kind.path, ready.engine, ready.image)
    environment = ready.environment(clusters.name())
    environment["KUBECONFIG"] = str(kubeconfig)
    if shutil.which(command[0], path=environment["PATH"]) is None:
        raise SandboxError(
            f"there is no command {command[0]!r} on PATH", "check its spelling, or install it"
        )
    return _call(command, environment)


def bench(choices: Choices, names: Sequence[str], *, json: Path | None, quick: bool) -> int:
    """``./dev bench``; what needs no cluster is measured without one."""
    try:
        chosen = catalogue.chosen(names)
    except LookupError as error:
        raise SandboxError(
            f"there is no benchmark {error}", f"choose from: {', '.join(catalogue.NAMES)}"
        ) from None
    environment = dict(os.environ)
    if any(each.needs_cluster for each in chosen):
        ready = prepare(choices)
        clusters.up(ready.kind.path, ready.engine, ready.image)
        environment = ready.environment(clusters.name())
    options = [*(["--json", str(json.absolute())] if json else []), *(["--quick"] if quick else [])]
    return _call([sys.executable, "-m", "benchmarks", *names, *options], environment)


def _call(command: Sequence[str], environment: dict[str, str]) -> int:
    """The exit code of a command that has the terminal to itself."""
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    process = subprocess.Popen([program, *command[1:]], env=environment, cwd=places.CHECKOUT)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # The terminal has sent it to the command too, which cleans up and says what it kept.
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return code if code >= 0 else 128 - code


def build(choices: Choices, steps: Sequence[str], *, again: bool) -> int:
    """``./dev build``."""
    for name in steps:
        recipe.find(name)
    engine_name = find_engine(choices)
    products = recipe.store(engine_name, choices.kubernetes)
    targets = list(steps) or ["node"]
    recipe.make(targets, products, may_install=choices.may_install, again=again)
    for step in (recipe.find(name) for name in targets):
        made = products.image(step) if step.image else str(products.folder(step))
        print(f"{step.name}  {made}")
    return 0


def list_plan(choices: Choices, *, markdown: bool) -> int:
    """``./dev build --list``."""
    if markdown:
        print(plan_as_markdown(PLAN))
        return 0
    facts = engine.look()
    name = "podman" if facts.podman_version and not facts.docker_version else "docker"
    products = recipe.store(name, choices.kubernetes)
    present = {step.name: products.has(step) for step in PLAN}
    seconds = recipe.expected(PLAN)
    results.print(_plan_table(products, present, seconds))
    to_run = missing(PLAN, ["node"], lambda step: present[step.name])
    if to_run:
        left = clock(forecast(to_run, seconds, {}))
        print(f"the node image takes {len(to_run)} steps, about {left}")
    else:
        print("the node image is there")
    return 0


def _plan_table(products: Store, present: dict[str, bool], seconds: dict[str, float]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("step", "key", "lane", "there", "takes", "makes"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for step in PLAN:
        there = "yes" if present[step.name] else "no"
        key = products.keys[step.name]
        table.add_row(step.name, key, step.lane, there, clock(seconds[step.name]), step.makes)
    return table


def plan_as_markdown(plan: Sequence[Step]) -> str:
    """The table of sandbox/README.md."""
    rows = ["| step | lane | seconds | needs | makes |", "|---|---|---:|---|---|"]
    for step in plan:
        needs = ", ".join(step.needs) or "-"
        rows.append(f"| {step.name} | {step.lane} | {step.seconds} | {needs} | {step.makes} |")
    return "\n".join(rows)
