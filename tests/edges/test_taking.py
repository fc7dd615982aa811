"""How a file leaves the drop folder, and the notes beside those that stay: nothing saved meanwhile is lost (P1)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.edges.folder import DropFolder, Dropped
from tests.edges.dropping import TEXT, dropped, moved_in, settled
from tests.world import World, client_file

REFUSED = "klant: {naam: S}\n"


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    (tmp_path / "drop").mkdir()
    return DropFolder(tmp_path / "drop")


def left(folder: DropFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.root.iterdir()}


def test_a_file_that_was_accepted_leaves(folder: DropFolder) -> None:
    moved_in(folder.root, "a.yaml")
    moved_in(folder.root, "b.yaml")
    folder.take_away(Dropped("a.yaml", TEXT))
    assert left(folder) == {"b.yaml": TEXT}


def test_a_file_that_was_saved_anew_in_that_moment_comes_back(folder: DropFolder) -> None:
    moved_in(folder.root, "a.yaml", b"newer")
    folder.take_away(Dropped("a.yaml", TEXT))
    assert left(folder) == {"a.yaml": b"newer"}


def test_a_file_that_is_gone_already_is_no_matter(folder: DropFolder) -> None:
    folder.take_away(Dropped("a.yaml", TEXT))
    assert left(folder) == {}


def test_what_a_crash_left_half_taken_returns(folder: DropFolder) -> None:
    moved_in(folder.root, ".pipeline-taken/a.yaml", b"1")
    assert dropped(folder.look(settle=False)) == {}
    assert dropped(folder.look()) == {"a.yaml": b"1"}


def test_what_returns_never_writes_over_what_stands_there(folder: DropFolder) -> None:
    for number, name in enumerate(["a.yaml", "a (2).yaml", ".pipeline-taken/a.yaml"]):
        moved_in(folder.root, name, b"%d" % number)
    assert dropped(folder.look()) == {"a.yaml": b"0", "a (2).yaml": b"1", "a (3).yaml": b"2"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["save", "take", "stale", "look"]), st.integers(0, 3)), max_size=12))
def test_no_version_is_ever_lost_but_the_one_that_was_taken(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    root = tmp_path_factory.mktemp("d") / "drop"
    root.mkdir()
    folder = DropFolder(root)
    current: dict[str, bytes] = {}
    for step, number in steps:
        name, version = f"{number}.yaml", b"%d" % len(current)
        if step == "save":
            moved_in(root, name, version + os.urandom(4))
            current[name] = (root / name).read_bytes()
        elif step == "take" and name in current:
            folder.take_away(Dropped(name, current.pop(name)))
        elif step == "stale":
            folder.take_away(Dropped(name, b"an older version"))
        assert dropped(settled(folder)) == current


def test_an_edit_in_the_very_moment_of_the_taking_becomes_a_revision(sending: World) -> None:
    sending.small_templates()
    file = sending.drop(client_file())
    with sending.opened() as practice:
        first = practice.drop.look()[0]
        assert isinstance(first, Dropped)
        sending.drop(client_file(more="goal: rust\n"))
        practice.drop.take_away(first)
        assert file.read_text("utf-8") == client_file(more="goal: rust\n")
    sending.drop(client_file(), "before.yaml")
    sending.work()
    assert sending.rows("SELECT revision FROM requests ORDER BY revision") == [(1,), (2,)]
    assert not list(sending.drop_folder.iterdir())


@pytest.mark.parametrize(
    ("language", "beside", "title", "said"),
    [
        ("nl", ".LEESMIJ.txt", "jansen.yaml is nog niet verwerkt.", "'e-mail' ontbreekt; vul het in"),
        ("en", ".README.txt", "jansen.yaml has not been processed yet.", "'email' is missing; fill it in"),
    ],
)
def test_a_note_appears_changes_and_disappears_in_the_practices_language(
    world: World, language: str, beside: str, title: str, said: str
) -> None:
    world.change("^language: nl", f"language: {language}")
    world.small_templates()
    note = world.drop_folder / f"jansen.yaml{beside}"
    world.drop(REFUSED)
    world.work()
    assert note.read_text("utf-8").startswith(title) and f"jansen.yaml:1:1: {said}" in note.read_text("utf-8")
    world.drop(client_file("S", "geen"))
    world.work()
    assert said not in note.read_text("utf-8") and "jansen.yaml:1:21:" in note.read_text("utf-8")
    world.drop(client_file())
    world.work()
    assert not list(world.drop_folder.iterdir())


def test_a_note_goes_when_its_file_goes(world: World) -> None:
    file = world.drop(REFUSED)
    world.work()
    assert world.note()
    file.unlink()
    world.work()
    assert not list(world.drop_folder.iterdir())


def test_the_same_note_is_written_and_told_once(world: World) -> None:
    world.drop(REFUSED)
    assert [told for told in world.work() if "refused" in told]
    written = (world.drop_folder / "jansen.yaml.LEESMIJ.txt").stat().st_mtime_ns
    assert world.work() == []
    assert (world.drop_folder / "jansen.yaml.LEESMIJ.txt").stat().st_mtime_ns == written


def test_a_note_changes_its_language_with_the_practice(world: World) -> None:
    world.drop(REFUSED)
    world.work()
    world.change("^language: nl", "language: en")
    world.work()
    assert sorted(path.name for path in world.drop_folder.iterdir()) == ["jansen.yaml", "jansen.yaml.README.txt"]


@pytest.mark.parametrize("name", [f"{'x' * 250}.yaml"[-250:], f"{'x' * 250}.txt"[-250:], f"{'x' * 235}.yaml"])
def test_a_very_long_name_does_not_keep_the_others_waiting(sending: World, name: str) -> None:
    sending.drop(client_file("Long", "long@home.example"), "a").rename(sending.drop_folder / name)
    sending.drop(client_file(), "zz.yaml")
    sending.work()
    assert "accepted" in sending.states() and not (sending.drop_folder / "zz.yaml").exists()


@pytest.mark.parametrize("end", [".yaml", ".txt"])
def test_a_name_from_an_old_disk_gets_its_note_and_its_line_in_the_status(world: World, end: str) -> None:
    world.drop(REFUSED, "a").rename(os.fsdecode(os.fsencode(world.drop_folder) + b"/M\xfcller" + end.encode()))
    world.work()
    assert len(list(world.drop_folder.iterdir())) == 2
    # What a desktop's locale does with a name that is no text; the C locale lets it through.
    surroundings = world.environment({"PYTHONIOENCODING": "utf-8:strict"})
    ended = subprocess.run(world.command("status"), env=surroundings, capture_output=True, check=False)
    assert ended.returncode == 1 and b"ller" in ended.stdout


def test_a_note_is_never_written_through_a_link(world: World) -> None:
    precious = world.folder.parent / "precious.txt"
    precious.write_text("mine", "utf-8")
    (world.drop_folder / "jansen.yaml.LEESMIJ.txt").symlink_to(precious)
    world.drop(REFUSED)
    world.work()
    assert precious.read_text("utf-8") == "mine"


def test_a_readme_of_the_coach_herself_is_not_thrown_away(world: World) -> None:
    own = world.drop_folder / "Afspraken.LEESMIJ.txt"
    own.write_text("mijn eigen aantekeningen", "utf-8")
    world.work()
    assert own.exists()
