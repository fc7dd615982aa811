"""The parts of a privacy statement: sections with sentences, tables and lists, each with the rule it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One sentence, or a few that belong together, and the rule that they come from."""

    text: str
    rule: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table, with what is said in small letters below it."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table and its rule."""

    cells: list[Cell]
    rule: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, in this order: `lead`, the table, the list, `after`."""

    id: str
    heading: str
    lead: list[Line] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    items: list[Line] = field(default_factory=list)
    after: list[Line] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Tell whether nothing stands under its heading."""
        return not (self.lead or self.rows or self.items or self.after)
