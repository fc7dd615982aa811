"""Notes beside dropped files: each begins with the file's name, by which it is known as ours."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.durable import erase_file

MOST_NAME = 255
NOTE = {"nl": ".LEESMIJ.txt", "en": ".README.txt"}


def is_note(name: str) -> bool:
    """Tell whether a file is named like a note."""
    return name.endswith(tuple(NOTE.values()))


def note_of(file: Path, suffix: str) -> Path:
    """Give where the note of a file stands; a name that fills a whole directory entry is cut."""
    return file.with_name(os.fsdecode(os.fsencode(file.name)[: MOST_NAME - len(suffix)]) + suffix)


def has_note(file: Path) -> bool:
    """Tell whether a note stands beside a file."""
    return any(note_of(file, suffix).exists() for suffix in NOTE.values())


def write(file: Path, text: str | None, language: str) -> bool:
    """Put a note beside a file, or take it away; tells whether there is a new one."""
    for other, suffix in NOTE.items():
        note, data = note_of(file, suffix), (text or "").encode("utf-8", "replace")
        if text is None or other != language:
            _drop(note, file.name)
        elif note.is_symlink() or not note.is_file() or note.read_bytes() != data:
            replacement = note.with_name(f".{NOTE['nl']}.new")
            replacement.write_bytes(data)
            replacement.replace(note)
            return True
    return False


def erase(file: Path) -> None:
    """Remove the notes beside a file, overwritten first; the caller syncs the folder."""
    for suffix in NOTE.values():
        note = note_of(file, suffix)
        if _is_ours(note, file.name):
            erase_file(note)


def drop_old(folder: Path) -> None:
    """Take away our notes whose file is gone."""
    there = os.listdir(folder)
    for suffix in NOTE.values():
        wanted = {note_of(folder / name, suffix).name for name in there}
        for note in there:
            if note.endswith(suffix) and note not in wanted:
                _drop(folder / note, note.removesuffix(suffix))


def shown(name: str) -> str:
    """Give a file's name as it can be written down; a name from an old disk may not be UTF-8."""
    return name.encode("utf-8", "replace").decode()


def _is_ours(note: Path, name: str) -> bool:
    """Tell whether a note is one of ours, also when it was being overwritten."""
    if note.is_symlink() or not note.is_file():
        return False
    data = note.read_bytes()
    return data.startswith(shown(name).encode() + b" ") or not data.strip(b"\0")


def _drop(note: Path, name: str) -> None:
    """Remove a note of ours; a file that somebody else gave such a name is left alone."""
    if note.is_file() and not note.is_symlink() and note.read_bytes().startswith(shown(name).encode() + b" "):
        note.unlink(missing_ok=True)
