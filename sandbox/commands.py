"""The commands of ``./dev``; each returns its exit code."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import benchmark_list
from sandbox import (
    browser,
    clusters,
    command_needs,
    dockerd,
    engine,
    node_image,
    paths,
    products,
    tools,
)
from sandbox.console import say
from sandbox.errors import SandboxError
from sandbox.progress import format_duration
from sandbox.toolchain import DevOptions, find_engine, local_environment, prepare


def up(options: DevOptions) -> int:
    """Bring up the kept cluster."""
    start = time.monotonic()
    toolchain = prepare(options)
    kind = toolchain.kind
    kubeconfig = clusters.bring_up(kind.path, toolchain.engine, toolchain.node_image)
    say(f"ready after {format_duration(time.monotonic() - start)}")
    kubectl = "kubectl" if toolchain.kubectl.on_path else toolchain.kubectl.path
    kubernetes = f"Kubernetes {options.kubernetes} on {toolchain.engine}"
    print(
        "\n".join(
            [
                f"cluster     {clusters.kept_name()}: {kubernetes}",
                f"node image  {toolchain.node_image}",
                f"kind        {kind.path} ({kind.version}, {kind.origin})",
                f"kubeconfig  {kubeconfig}",
                "",
                f"  {kubectl} --kubeconfig {kubeconfig} get pods -A",
                "  ./dev run pytest tests/examples     run a command with this cluster",
                "  ./dev down                          delete the cluster",
            ]
        ),
    )
    return 0


def down(_: DevOptions) -> int:
    """Delete the clusters of ``./dev`` and stop the engine that it started."""
    facts = engine.gather_facts()
    deleted = _delete_clusters(facts.responding) if facts.responding else []
    for cluster in deleted:
        say(f"deleted cluster {cluster}")
    if facts.started_by_dev:
        _stop_engine()
    elif not deleted:
        reason = "" if facts.responding else ", and no container engine is running"
        say(f"nothing to do: ./dev has no cluster{reason}")
    return 0


def _delete_clusters(engine_name: str) -> list[str]:
    store = products.open_store(engine_name, products.DEFAULT_KUBERNETES)
    kind = tools.kind_on_path() or tools.built_kind(store)
    if not kind.path.is_file():
        return []
    if engine_name == "podman":
        os.environ["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
    existing = clusters.existing(kind.path)
    names = [name for name in clusters.all_names() if name in existing]
    for name in names:
        clusters.delete(kind.path, name)
    return names


def _stop_engine() -> None:
    containers = subprocess.run(
        ["docker", "ps", "--quiet"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    ).stdout.split()
    if containers:
        say(f"Docker keeps running: {len(containers)} other container(s) use it")
        return
    dockerd.stop()
    say("stopped the Docker that ./dev had started")


def demo(options: DevOptions, *, keep: bool) -> int:
    """Check the example manifest without a cluster, then run its test on a new one."""
    podshare = Path(sys.executable).with_name("podshare")
    subprocess.run(
        [podshare, "check", "--graph", "manifests/sharevol.yaml"],
        stdin=subprocess.DEVNULL,
        cwd=paths.CHECKOUT,
        check=False,
    )
    environment = prepare(options).environment(f"{clusters.kept_name()}-demo")
    environment["PODSHARE_KEEP_CLUSTER"] = "always" if keep else "never"
    test_file = "tests/examples/test_sharevol.py"
    pytest = [sys.executable, "-m", "pytest", test_file, "-v", "-p", "no:cacheprovider"]
    return _execute([*pytest, "--podshare-story"], environment)


def test(options: DevOptions, arguments: Sequence[str]) -> int:
    """Run tox; build and install only what the selected environments need."""
    if command_needs.tox_needs_cluster(arguments):
        environment = _test_environment(options)
    else:
        environment = local_environment(options)
    if command_needs.tox_needs_browser(arguments):
        browser.ensure(may_install=options.may_install)
    # tox.ini has the order: faults mostly wait, so they run beside the unit tests
    tox = arguments or ["run-parallel", "--parallel", "2", "--parallel-no-spinner"]
    return _execute([sys.executable, "-m", "tox", *tox], environment)


def _test_environment(options: DevOptions) -> dict[str, str]:
    """Return the environment variables for tests on a cluster, building what they need."""
    toolchain = prepare(options)
    store = products.open_store(toolchain.engine, options.kubernetes)
    python_image = node_image.python_image(store, toolchain.node_image)
    # Built together, because one compiles while the other waits for package registries.
    targets = [
        *([] if tools.find_helm(store) else ["helm"]),
        *(["python"] if python_image else []),
    ]
    products.ensure(targets, store, may_install=options.may_install)
    complete = dataclasses.replace(
        toolchain, helm=tools.find_helm(store), python_image=python_image
    )
    return complete.environment(f"{clusters.kept_name()}-test")


def run(options: DevOptions, command: Sequence[str], *, cluster: bool | None = None) -> int:
    """Run a command, with the kept cluster if it needs one.

    Args:
        options: the shared options.
        command: the program and its arguments.
        cluster: whether to bring up the cluster; None to decide by the command.
    """
    if not command:
        raise SandboxError("no command given", "for example: ./dev run pytest tests/examples")
    if command_needs.needs_cluster(command) if cluster is None else cluster:
        environment = _cluster_environment(options)
    else:
        environment = local_environment(options)
    if shutil.which(command[0], path=environment["PATH"]) is None:
        raise SandboxError(f"command not found: {command[0]}", "check its spelling, or install it")
    return _execute(command, environment)


def _cluster_environment(options: DevOptions) -> dict[str, str]:
    """Bring up the kept cluster and return the environment variables for its use."""
    toolchain = prepare(options)
    kubeconfig = clusters.bring_up(toolchain.kind.path, toolchain.engine, toolchain.node_image)
    return {**toolchain.environment(clusters.kept_name()), "KUBECONFIG": str(kubeconfig)}


def bench(options: DevOptions, names: Sequence[str], *, json: Path | None, quick: bool) -> int:
    """Run benchmarks, with the kept cluster if one of them needs it."""
    try:
        chosen = benchmark_list.select(names)
    except LookupError as error:
        raise SandboxError(
            f"unknown benchmark {error}", f"choose from: {', '.join(benchmark_list.NAMES)}"
        ) from None
    environment = dict(os.environ)
    if any(benchmark.needs_cluster for benchmark in chosen):
        environment = _cluster_environment(options)
    flags = [*(["--json", str(json.absolute())] if json else []), *(["--quick"] if quick else [])]
    return _execute([sys.executable, "-m", "benchmarks", *names, *flags], environment)


def build(options: DevOptions, steps: Sequence[str], *, again: bool) -> int:
    """Build the node image or some of its steps, and print the products."""
    for name in steps:
        products.find_step(name)
    store = products.open_store(find_engine(options), options.kubernetes)
    targets = list(steps) or ["node"]
    products.ensure(targets, store, may_install=options.may_install, rebuild=again)
    for step in (products.find_step(name) for name in targets):
        product = store.image(step) if step.image else str(store.folder(step))
        print(f"{step.name}  {product}")
    return 0


def _execute(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command that has the terminal to itself, and return its exit code."""
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    process = subprocess.Popen([program, *command[1:]], env=environment, cwd=paths.CHECKOUT)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # The terminal has sent it to the command too, which cleans up and reports what it kept.
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return code if code >= 0 else 128 - code
