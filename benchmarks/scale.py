"""How much is measured."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Scale:
    """The scale of a benchmark.

    Args:
        quick: measure a tenth, to see whether the benchmark works; the results mean little.
    """

    quick: bool = False

    def rounds(self, full: int) -> int:
        """Return this number of rounds, or a tenth of it, but at least two."""
        return max(2, full // 10) if self.quick else full

    def sizes(self, full: tuple[int, ...]) -> tuple[int, ...]:
        """Return all of these sizes, or the first half of them."""
        return full[: max(1, len(full) // 2)] if self.quick else full
