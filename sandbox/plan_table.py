"""The build plan as a table: ``./dev build --list``, and the table in sandbox/README.md."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from sandbox import engine, products
from sandbox.console import results
from sandbox.plan import PLAN, BuildStep
from sandbox.progress import format_duration
from sandbox.scheduler import forecast, steps_to_run
from sandbox.store import ProductStore
from sandbox.toolchain import DevOptions


def show(options: DevOptions) -> int:
    """Print the plan, what exists, and how long the rest takes."""
    store = products.open_store(engine.gather_facts().responding or "docker", options.kubernetes)
    exists = {step.name: store.has(step) for step in PLAN}
    seconds = products.expected_seconds(PLAN)
    results.print(_table(store, exists, seconds))
    to_run = steps_to_run(PLAN, ["node"], lambda step: exists[step.name])
    if to_run:
        duration = format_duration(forecast(to_run, seconds, {}))
        print(f"building the node image takes {len(to_run)} steps, about {duration}")
    else:
        print("the node image exists")
    return 0


def _table(store: ProductStore, exists: dict[str, bool], seconds: dict[str, float]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("step", "key", "lane", "exists", "takes", "product"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for step in PLAN:
        answer = "yes" if exists[step.name] else "no"
        key, duration = store.keys[step.name], format_duration(seconds[step.name])
        table.add_row(step.name, key, step.lane, answer, duration, step.product)
    return table


def as_markdown(plan: Sequence[BuildStep]) -> str:
    """Return the table of sandbox/README.md."""
    rows = ["| step | lane | seconds | needs | product |", "|---|---|---:|---|---|"]
    for step in plan:
        needs = ", ".join(step.needs) or "-"
        rows.append(f"| {step.name} | {step.lane} | {step.seconds} | {needs} | {step.product} |")
    return "\n".join(rows)
