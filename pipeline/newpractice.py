"""A new practice folder, copied from the one that comes with the program."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.edges.accepts import DROPS
from pipeline.errors import UsageError
from pipeline.press.shipped import shipped

__all__ = ["COPIED", "make", "shipped"]
COPIED = ("practice.yaml", "inbox_rules.yaml", "templates")


def make(folder: Path) -> Path:
    """Make a practice folder at `folder`, which must be new or empty; gives its full path."""
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; choose a new folder")
    for name in DROPS:
        (folder / "drop" / name).mkdir(mode=0o700, parents=True)
    (folder / "storage").mkdir(mode=0o700)
    for name in COPIED:
        source = shipped() / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    return folder
