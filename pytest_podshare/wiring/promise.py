"""What a wiring can promise: the records of `promises`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare.manifests.position import Position

OFF = "off"


@dataclasses.dataclass(frozen=True)
class Promise:
    """One thing that the wiring of a Pod promises.

    Args:
        id: the same in every run: `c1→c2@xchange`, `restart@xchange[c1]`, `deleted@xchange`.
        outcome: what is promised: `visible`, `lost`, …
        assertion: the name of the assertion that proves it.
        arguments: the arguments of the assertion, apart from the Pod.
        position: the position of the mount or volume in the manifest; None if it is unknown.
        is_default: whether it follows from the wiring alone, and the manifest does not ask for it.
        to_template: the name of the Pod template of the reader, if it is another one.
    """

    id: str
    outcome: str
    assertion: str
    arguments: Mapping[str, Any]
    position: Position | None = dataclasses.field(default=None, compare=False)
    is_default: bool = dataclasses.field(default=False, compare=False)
    to_template: str = ""

    @property
    def container_names(self) -> tuple[str, ...]:
        """Return the names of the containers that it is about."""
        names = ("from_c", "to_c", "container")
        return tuple(str(self.arguments[name]) for name in names if name in self.arguments)

    @property
    def replaces_pod(self) -> bool:
        """Return whether proving it replaces the Pod."""
        return self.id.startswith("deleted@")

    @property
    def disruption(self) -> tuple[object, ...]:
        """Return what proving it does to the Pod; () for nothing.

        Promises with the same disruption can be proved by one: `("restart", "c1", …)`.
        """
        how = (self.arguments.get("strategy"), self.arguments.get("timeout"))
        if self.replaces_pod:
            return ("replacement", *how)
        is_restart = self.id.startswith("restart@")
        return ("restart", self.arguments["container"], *how) if is_restart else ()


@dataclasses.dataclass(frozen=True)
class PromiseOption:
    """One thing that a wiring can promise, and whether it does by default.

    Args:
        id: the id of the promise.
        default: the outcome that is promised by default; `off` for no promise.
        assertions: outcome → the name of the assertion that proves it.
        arguments: the arguments of each assertion, apart from the Pod.
        outcome_arguments: outcome → further arguments of its assertion.
        position: the position of the promise.
        to_template: the name of the Pod template of the reader, if it is another one.
    """

    id: str
    default: str
    assertions: Mapping[str, str]
    arguments: Mapping[str, Any]
    outcome_arguments: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    position: Position | None = None
    to_template: str = ""

    @property
    def default_promise(self) -> Promise | None:
        """Return what is promised by default; None for nothing."""
        if self.default == OFF:
            return None
        return dataclasses.replace(self.promise(self.default), is_default=True)

    def promise(self, outcome: str, arguments: Mapping[str, Any] | None = None) -> Promise:
        """Return the promise of an outcome, with further arguments of its assertion."""
        specific = self.outcome_arguments.get(outcome, {})
        arguments = {**self.arguments, **specific, **(arguments or {})}
        promise = Promise(self.id, outcome, self.assertions[outcome], arguments, self.position)
        return dataclasses.replace(promise, to_template=self.to_template)
