"""What the items of a manifest have in common: where they are, and failures that are a text."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_podshare import errors


class ManifestItem(pytest.Function):
    """An item of a manifest; `line` is where in its file it is, counted from 0."""

    def __init__(self, *, line: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._line = line

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where what it is about stands in the manifest."""
        return self.path, self._line, self.name

    def repr_failure(  # type: ignore[override] # as pytest.Function does
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """The text alone, of a failure that is meant to be read; a bug keeps its traceback."""
        if isinstance(excinfo.value, (errors.PodshareError, errors.PromiseBroken)):
            return excinfo.getrepr(style="value")
        return super().repr_failure(excinfo)
