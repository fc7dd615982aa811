"""Where the practice folder lies that comes with the program: what a new practice is copied from.

Its templates also stand in for those that a practice does not have: one that was made by an older version lacks what
came later.
"""

from __future__ import annotations

import os.path
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
LENT = frozenset({".html", ".txt", ".css", ".ttf"})
"""What the program's own templates stand in for; a logo or a Word file of somebody else's practice never does."""


def shipped() -> Path:
    """Give where the program's own practice folder lies: inside the package, or the checkout's root."""
    inside = PACKAGE / "shipped"
    return inside if inside.is_dir() else PACKAGE.parent


def lent(own: Path) -> list[str]:
    """Give the templates that the folder `own` does not have, by name; the fonts are no templates."""
    ours = shipped() / "templates"
    names = (path.relative_to(ours) for path in ours.rglob("*") if path.suffix in LENT)
    return sorted(str(name) for name in names if name.parts[0] != "fonts" and not os.path.lexists(own / name))
