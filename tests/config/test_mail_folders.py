"""Which mail folders are looked in: every one unless practice.yaml names them, in Dutch or in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import newpractice
from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.errors import FileProblems


def with_line(folder: Path, line: str) -> PracticeFile:
    """Read the shipped practice.yaml with a line more about mail."""
    text = (newpractice.shipped() / "practice.yaml").read_text("utf-8")
    text, count = re.subn(r"(?m)^(  sent_copy: .*)$", rf"\1\n{line}", text)
    assert count == 1
    (folder / "practice.yaml").write_text(text, "utf-8")
    return read_practice_file(folder)


def test_every_folder_is_looked_in_unless_they_are_named(tmp_path: Path) -> None:
    assert with_line(tmp_path, "").mail.folders is None


@pytest.mark.parametrize("key", ["folders", "mappen"])
def test_the_folders_are_named_as_a_list(tmp_path: Path, key: str) -> None:
    assert with_line(tmp_path, f"  {key}: [INBOX, 'Cliënten/Lopend']").mail.folders == ["INBOX", "Cliënten/Lopend"]


@pytest.mark.parametrize("value", ["[]", "INBOX", "['']", "[[INBOX]]"])
def test_what_is_no_list_of_names_is_refused_in_its_place(tmp_path: Path, value: str) -> None:
    with pytest.raises(FileProblems, match=r"practice\.yaml:\d+:\d+: "):
        with_line(tmp_path, f"  folders: {value}")
