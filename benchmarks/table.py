"""Figures to a Markdown table: floor, product, their ratio, and what was aimed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

HEAD = ("measure", "floor", "product", "ratio", "goal", "spread")


@dataclass(frozen=True)
class Row:
    """One measure: `floor` and `product` are all that was measured, in `unit`; the table shows their medians.

    `goal` is the highest ratio wanted, or where there is no floor the highest figure.
    """

    measure: str
    floor: Sequence[float] = ()
    product: Sequence[float] = ()
    goal: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """The product's median over the floor's."""
        return median(self.product) / median(self.floor) if self.floor and self.product and median(self.floor) else None

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is met; None without one."""
        if self.goal is None or not self.product:
            return None
        return (self.ratio if self.ratio is not None else median(self.product)) <= self.goal

    def cells(self) -> list[str]:
        """Give the row as the texts of its cells."""
        goal = "" if self.goal is None else f"≤ {self.goal:g}{'' if self.floor else f' {self.unit}'}"
        verdict = {None: "", True: " met", False: " missed"}[self.met]
        return [
            self.measure, self._middle(self.floor), self._middle(self.product),
            "" if self.ratio is None else f"{self.ratio:.2f}", goal + verdict, self._spread(),
        ]  # fmt: skip

    def _middle(self, figures: Sequence[float]) -> str:
        return f"{_written(median(figures), self.unit)} {self.unit}" if figures else ""

    def _spread(self) -> str:
        return "; ".join(
            f"{name} {_written(min(figures), self.unit)}-{_written(max(figures), self.unit)}"
            f", p95 {_written(p95(figures), self.unit)}, n={len(figures)}"
            for name, figures in (("floor", self.floor), ("product", self.product))
            if len(figures) > 1
        )


def p95(figures: Sequence[float]) -> float:
    """Give the figure that nineteen in twenty do not exceed."""
    return quantiles(figures, n=20, method="inclusive")[-1] if len(figures) > 1 else figures[0]


def markdown(rows: Sequence[Row]) -> str:
    """Give the table."""
    lines = [HEAD, ["---", *["---:"] * 4, "---"], *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _written(figure: float, unit: str) -> str:
    return f"{figure:.3f}" if unit == "s" else f"{figure:.1f}"
