"""The drop folders for what a coaching brings: what each takes, files in a dossier's folder, the notes beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.dossiers import ended_dossiers, initials, open_dossiers, place_of
from pipeline.edges import ledger
from pipeline.edges.accepts import DROPS
from pipeline.edges.folder import TAKEN, DropFolder, Dropped, Unfit, watch
from pipeline.errors import ConfigError
from pipeline.model import HoldKind
from pipeline.notes import note_for, refuse
from pipeline.placing import Ended, OpenDossier, Placed, Unplaced
from pipeline.practice import Practice, opened
from pipeline.retention import closing, holds, strays
from pipeline.words import say
from tests.edges.dropping import LONG_AGO, TEXT, dropped, settled
from tests.edges.test_folder import CONFLICTS, EDITORS, HOLDER
from tests.world import World

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE = "K7Q4-MX2P"
PDF = b"%PDF-1.7 profile"
INSIDE = f"{ONE} Jansen"


@pytest.fixture
def reports(tmp_path: Path) -> DropFolder:
    (tmp_path / "reports" / INSIDE).mkdir(parents=True)
    return DropFolder(tmp_path / "reports", DROPS["reports"])


def words(found: list[Dropped | Unfit]) -> dict[str, str]:
    """Give what was refused, by where it lies, with the word that says why."""
    return {one.where: one.word for one in found if isinstance(one, Unfit)}


def lying(folder: DropFolder) -> dict[str, bytes]:
    """Give every file below the drop folder."""
    return {str(path.relative_to(folder.root)): path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}


def put(root: Path, where: str, data: bytes = PDF, *, at: float = LONG_AGO) -> Path:
    """Put a finished file there by moving it in, also into a folder."""
    file, made = root / where, root / ".made"
    file.parent.mkdir(exist_ok=True, parents=True)
    made.write_bytes(data)
    os.utime(made, (at, at))
    return made.rename(file)


TAKES = {
    "clients": [".yaml", ".yml"],
    "appointments": [".yaml", ".yml"],
    "profiles": [".pdf", ".yaml", ".yml"],
    "reports": [".docx", ".md", ".pdf", ".yaml", ".yml"],
}
REFUSES = {
    "clients": {".pdf": "drop/profiles", ".docx": "clientbestanden eindigen op"},
    "appointments": {".docx": "drop/reports", ".md": "aantekeningen van gesprekken", ".ics": ".yaml"},
    "profiles": {".docx": "sla het op als PDF", ".odt": "sla het op als PDF", ".jpg": "maak er een PDF van",
                 ".zip": "pak het uit", ".md": "profiel als PDF", "": "profiel als PDF"},
    "reports": {".jpg": "maak er een PDF van", ".HEIC": "maak er een PDF van", ".zip": "pak het uit",
                ".doc": "als .docx of als PDF", ".pages": "als .docx of als PDF", ".txt": ".docx, .pdf, .md of .yaml"},
}  # fmt: skip


@pytest.mark.parametrize("within", TAKES)
def test_each_folder_takes_its_own_kinds_of_file_and_says_what_to_do_with_another(tmp_path: Path, within: str) -> None:
    folder = DropFolder(tmp_path / within, DROPS[within])
    for ending in [*TAKES[within], *REFUSES[within]]:
        put(folder.root, f"a{ending}")
    found = folder.look()
    assert sorted(dropped(found)) == [f"a{ending}" for ending in TAKES[within]]
    said = {one.name: say("nl", one.word, reason=one.reason) for one in found if isinstance(one, Unfit)}
    assert said.keys() == {f"a{ending}" for ending in REFUSES[within]}
    assert [ending for ending, words in REFUSES[within].items() if words not in said[f"a{ending}"]] == []


def test_files_in_a_folder_are_given_with_its_name_in_the_order_in_which_they_were_saved(reports: DropFolder) -> None:
    put(reports.root, f"{INSIDE}/verslag.docx", b"2", at=200)
    put(reports.root, "K7Q4-MX2P.pdf", b"1", at=100)
    put(reports.root, f"{INSIDE}/verslag.pdf", b"3", at=300)
    assert reports.look() == [
        Dropped("K7Q4-MX2P.pdf", b"1"),
        Dropped("verslag.docx", b"2", INSIDE),
        Dropped("verslag.pdf", b"3", INSIDE),
    ]
    assert [one.where for one in reports.found()] == reports.lying()


def test_client_files_have_no_folders(tmp_path: Path) -> None:
    folder = DropFolder(tmp_path / "clients")
    put(folder.root, f"{ONE}/a.yaml", TEXT)
    assert words(folder.look()) == {ONE: "refused_not_a_file"}


def test_a_folder_within_a_folder_is_not_looked_into_and_said(reports: DropFolder) -> None:
    put(reports.root, f"{INSIDE}/deeper/verslag.pdf")
    put(reports.root, "verslag.pages/Index.zip")
    assert words(reports.look()) == {f"{INSIDE}/deeper": "refused_folder", "verslag.pages": "refused_written_report"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_opened_is_said_and_keeps_nobody_waiting(reports: DropFolder) -> None:
    put(reports.root, "K7Q4-MX2P.pdf")
    (reports.root / INSIDE).chmod(0)
    found = reports.look()
    (reports.root / INSIDE).chmod(0o700)
    assert list(dropped(found)) == ["K7Q4-MX2P.pdf"] and list(words(found)) == [INSIDE]


def test_what_is_no_ordinary_file_is_refused_in_a_folder_too(reports: DropFolder) -> None:
    inside, secret = reports.root / INSIDE, put(reports.root.parent, "elsewhere/secret.pdf")
    (inside / "link.pdf").symlink_to(secret)
    (inside / "hard.pdf").hardlink_to(secret)
    os.mkfifo(inside / "pipe.pdf")
    (reports.root / "A1B0-C3D4").symlink_to(secret.parent)
    put(reports.root, f"{INSIDE}/{CONFLICTS[0].replace('yaml', 'pdf')}")
    assert words(reports.look()) == {
        f"{INSIDE}/link.pdf": "refused_link", f"{INSIDE}/hard.pdf": "refused_shared",
        f"{INSIDE}/pipe.pdf": "refused_not_a_document", "A1B0-C3D4": "refused_link",
        f"{INSIDE}/{CONFLICTS[0].replace('yaml', 'pdf')}": "refused_conflict",
    }  # fmt: skip


def test_what_editors_clouds_and_browsers_leave_for_themselves_is_not_looked_at_in_a_folder(
    reports: DropFolder,
) -> None:
    for name in [*EDITORS, "verslag.pdf.part", "verslag.docx.crdownload"]:
        put(reports.root, f"{INSIDE}/{name}")
    put(reports.root, "verslag.pdf.download/verslag.pdf")
    assert reports.look() == [] and not reports.waiting


def test_a_document_that_is_still_being_written_waits_and_is_read_whole(reports: DropFolder) -> None:
    file = put(reports.root, f"{INSIDE}/verslag.pdf", b"%PDF")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdin and writer.stdout
        for _ in range(3):
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            writer.stdout.readline()
            os.utime(file, (LONG_AGO, LONG_AGO))
            assert reports.look() == [] and reports.waiting
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert dropped(settled(reports)) == {"verslag.pdf": b"%PDFxxx"}


@pytest.mark.parametrize("mark", ["~$verslag.docx", "~$rslag.docx", ".~lock.verslag.docx#"])
def test_a_document_that_is_open_in_a_word_processor_is_left_until_it_is_closed(reports: DropFolder, mark: str) -> None:
    put(reports.root, f"{INSIDE}/verslag.docx")
    lock = put(reports.root, f"{INSIDE}/{mark}", b"somebody")
    assert words(reports.look()) == {f"{INSIDE}/verslag.docx": "refused_open"}
    lock.unlink()
    assert list(dropped(reports.look())) == ["verslag.docx"]


def test_what_is_empty_or_too_large_to_be_a_document_is_refused_without_reading_it(reports: DropFolder) -> None:
    put(reports.root, "empty.pdf", b"")
    for name, size in (("large.pdf", 1 << 34), ("long.md", (1 << 20) + 1), ("most.docx", 30 << 20)):
        os.truncate(put(reports.root, name, b""), size)
        os.utime(reports.root / name, (LONG_AGO, LONG_AGO))
    found = {one.name: one for one in reports.look()}
    assert found["empty.pdf"] == Unfit("empty.pdf", "refused_empty", "30")
    assert found["large.pdf"] == Unfit("large.pdf", "refused_large", "30")
    assert found["long.md"] == Unfit("long.md", "refused_large", "1")
    most = found["most.docx"]
    assert isinstance(most, Dropped) and len(most.data) == 30 << 20


def test_a_file_that_was_accepted_leaves_its_folder_and_the_folder_stays(reports: DropFolder) -> None:
    put(reports.root, f"{INSIDE}/verslag.pdf")
    reports.note(f"{INSIDE}/verslag.pdf", "verslag.pdf waits.\n")
    put(reports.root, f"{INSIDE}/other.pdf", b"other")
    reports.take_away(Dropped("verslag.pdf", PDF, INSIDE))
    assert lying(reports) == {f"{INSIDE}/other.pdf": b"other"}
    reports.take_away(Dropped("other.pdf", b"other", INSIDE))
    assert lying(reports) == {} and (reports.root / INSIDE).is_dir()


def test_of_two_files_of_one_name_only_the_one_that_was_accepted_leaves(reports: DropFolder) -> None:
    for where in ("verslag.pdf", f"{INSIDE}/verslag.pdf"):
        put(reports.root, where)
    reports.take_away(Dropped("verslag.pdf", PDF))
    assert lying(reports) == {f"{INSIDE}/verslag.pdf": PDF}


def test_what_was_saved_in_the_moment_of_the_taking_comes_back_to_its_folder(reports: DropFolder) -> None:
    put(reports.root, f"{INSIDE}/verslag.pdf", b"newer")
    reports.take_away(Dropped("verslag.pdf", PDF, INSIDE))
    assert lying(reports) == {f"{INSIDE}/verslag.pdf": b"newer"}


def test_what_a_crash_left_half_taken_returns_to_its_folder_and_writes_over_nothing(reports: DropFolder) -> None:
    put(reports.root, f"{INSIDE}/{TAKEN}/verslag.pdf", b"1")
    put(reports.root, f"{INSIDE}/verslag.pdf", b"2")
    assert dropped(reports.look(settle=False)) == {"verslag.pdf": b"2"}
    reports.look()
    assert lying(reports) == {f"{INSIDE}/verslag.pdf": b"2", f"{INSIDE}/verslag (2).pdf": b"1"}


def test_a_folder_that_went_or_became_a_link_is_left_alone(reports: DropFolder) -> None:
    elsewhere = put(reports.root.parent, "elsewhere/verslag.pdf")
    (reports.root / INSIDE).rmdir()
    acts: list[Callable[[], object]] = [
        lambda: reports.take_away(Dropped("verslag.pdf", PDF, INSIDE)),
        lambda: reports.note(f"{INSIDE}/verslag.pdf", "verslag.pdf waits.\n"),
        lambda: reports.erase(f"{INSIDE}/verslag.pdf"),
    ]
    for act in acts:
        act()
    (reports.root / INSIDE).symlink_to(elsewhere.parent)
    for act in acts:
        act()
    assert [path.name for path in elsewhere.parent.iterdir()] == ["verslag.pdf"] and elsewhere.read_bytes() == PDF


def test_a_note_stands_beside_its_file_in_the_folder_and_goes_with_it(reports: DropFolder) -> None:
    file = put(reports.root, f"{INSIDE}/verslag.pdf")
    assert reports.note(f"{INSIDE}/verslag.pdf", "verslag.pdf waits.\n")
    assert not reports.note(f"{INSIDE}/verslag.pdf", "verslag.pdf waits.\n")
    assert reports.has_note(f"{INSIDE}/verslag.pdf") and not reports.has_note("verslag.pdf")
    assert (reports.root / INSIDE / "verslag.pdf.LEESMIJ.txt").is_file()
    assert list(dropped(reports.look())) == ["verslag.pdf"]
    file.unlink()
    reports.drop_old_notes()
    assert lying(reports) == {}


# The folders of a practice


def dossier(practice: Practice, reference: str, name: str | None, at: datetime) -> None:
    """Have a dossier opened."""
    facts = f'{{"client": {{"name": "{name}"}}}}' if name else '{"client": {}}'
    practice.database.run(
        "INSERT INTO dossiers VALUES (?, ?, ?, ?)", reference, "key" if name else "", reference, at.isoformat()
    )
    practice.database.run(
        "INSERT INTO requests VALUES (?, 1, '', ?, 'composed', NULL, ?)", reference, facts, at.isoformat()
    )


def filled(practice: Practice) -> None:
    """Have open dossiers, and one of each kind that documents cannot go to."""
    for number, (reference, name) in enumerate([
        (ONE, "Sanne Jansen"), ("A1B0-C3D4", "Tim de Wit"), ("CCCC-2222", "Carla Closed"), ("EEEE-3333", None),
        ("RRRR-4444", "Rob Restricted"),
    ]):  # fmt: skip
        dossier(practice, reference, name, NOW - timedelta(days=30 - number))
    closing.close(practice, "CCCC-2222", NOW)
    holds.place(practice, "RRRR-4444", HoldKind.RESTRICTED, "asked", NOW)
    holds.place(practice, ONE, HoldKind.HOLD, "a dispute", NOW)


def test_open_are_the_dossiers_that_are_not_closed_erased_or_restricted_the_newest_first(world: World) -> None:
    with world.opened() as practice:
        filled(practice)
        assert open_dossiers(practice, NOW) == [
            OpenDossier("A1B0-C3D4", "T. d. W.", datetime(2026, 10, 25, tzinfo=UTC).date()),
            OpenDossier(ONE, "S. J.", datetime(2026, 10, 24, tzinfo=UTC).date()),
        ]
        assert ended_dossiers(practice, NOW) == {
            "CCCC-2222": Ended.CLOSED, "EEEE-3333": Ended.ERASED, "RRRR-4444": Ended.RESTRICTED,
        }  # fmt: skip
        closing.reopen(practice, "CCCC-2222", NOW)
        holds.lift(practice, "RRRR-4444", NOW)
        assert len(open_dossiers(practice, NOW)) == 4


def test_a_dossier_of_which_nothing_is_left_but_its_end_in_the_ledger_is_said_to_be_erased(world: World) -> None:
    with world.opened() as practice:
        assert place_of(practice, Dropped(f"{ONE}.pdf", PDF), None, NOW) == Unplaced(
            ("placing_unknown", {"value": ONE})
        )
        with practice.database.transaction():
            ledger.record(practice.database, NOW, "dossier.ended", dossier=ONE, grade="observed_absent")
        for found in (Dropped(f"{ONE}.pdf", PDF), Dropped("a.pdf", PDF, ONE)):
            assert place_of(practice, found, None, NOW) == Unplaced(("placing_erased", {"value": ONE}))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Sanne Jansen", "S. J."),
        ("Tim 't Hart", "T. t. H."),
        ("  Ö.  van der Élan-Wit ", "Ö. v. d. É."),
        ("", ""),
        ("-", ""),
    ],
)
def test_initials_are_the_first_letters_of_a_name(name: str, said: str) -> None:
    assert initials(name) == said


NOTE = """verslag.docx is nog niet verwerkt.

bij dit bestand staat geen kenmerk, dus is niet te zeggen bij welk dossier het hoort

"""
LIST = """Open dossiers, het nieuwste eerst:
  A1B0-C3D4  T. d. W.  sinds 2026-10-25
  K7Q4-MX2P  S. J.  sinds 2026-10-24
"""


def test_a_file_that_cannot_be_placed_gets_a_note_that_lists_the_open_dossiers(world: World) -> None:
    with world.opened() as practice:
        filled(practice)
        drop = practice.drops["reports"]
        put(drop.root, "Jansen/verslag.docx")
        (found,) = drop.look()
        assert isinstance(found, Dropped)
        unplaced = place_of(practice, found, None, NOW)
        assert isinstance(unplaced, Unplaced)
        assert note_for(practice, drop, found, unplaced, NOW)
        assert not note_for(practice, drop, found, unplaced, NOW)
        text = (drop.root / "Jansen" / "verslag.docx.LEESMIJ.txt").read_text("utf-8")
        assert text.startswith(NOTE) and LIST in text and "K7Q4-MX2P verslag.docx" in text
        assert "Sanne" not in text and "Carla" not in text and "CCCC-2222" not in text
        assert text.rstrip().endswith("gewist.")
        (drop.root / "Jansen").rename(drop.root / "K7Q4-MX2P Jansen")
        (placed,) = (one for one in drop.look() if isinstance(one, Dropped))
        assert place_of(practice, placed, None, NOW) == Placed(ONE)


def test_a_long_list_is_cut_and_says_how_many_more_there_are(world: World) -> None:
    with world.opened() as practice:
        drop, found = practice.drops["profiles"], Dropped("profile.pdf", PDF)
        put(drop.root, "profile.pdf")
        unplaced = place_of(practice, found, None, NOW)
        assert isinstance(unplaced, Unplaced) and note_for(practice, drop, found, unplaced, NOW)
        assert "Er is nu geen open dossier" in (drop.root / "profile.pdf.LEESMIJ.txt").read_text("utf-8")
        for number in range(33):
            dossier(practice, f"AAAA-{number:04}", "Sanne Jansen", NOW + timedelta(minutes=number))
        assert note_for(practice, drop, found, unplaced, NOW)
        text = (drop.root / "profile.pdf.LEESMIJ.txt").read_text("utf-8")
        assert [line.split()[0] for line in text.splitlines() if "AAAA" in line] == [
            f"AAAA-{number:04}" for number in range(32, 2, -1)
        ]
        assert "en nog 3; wat er loopt, toont: pipeline status" in text


def test_a_file_of_the_wrong_kind_gets_a_note_that_says_what_to_do(world: World) -> None:
    with world.opened() as practice:
        drop = practice.drops["profiles"]
        put(drop.root, f"{INSIDE}/profiel.docx")
        (found,) = drop.look()
        assert refuse(practice, drop, found) and not refuse(practice, drop, found)
        text = (drop.root / INSIDE / "profiel.docx.LEESMIJ.txt").read_text("utf-8")
        assert text.startswith("profiel.docx is nog niet verwerkt.\n\ndit is een tekstbestand") and "PDF" in text


def test_a_practice_of_an_older_version_gets_the_folders_it_lacks_and_one_that_is_missing_clients_does_not_open(
    world: World,
) -> None:
    for name in ("appointments", "profiles", "reports"):
        assert (world.folder / "drop" / name).is_dir()
        (world.folder / "drop" / name).rmdir()
    with world.opened() as practice:
        assert {name: drop.root for name, drop in practice.drops.items()} == {
            name: world.folder / "drop" / name for name in ("clients", "appointments", "profiles", "reports")
        }
        assert all(drop.root.stat().st_mode & 0o077 == 0 for drop in practice.drops.values())
        assert practice.drop is practice.drops["clients"]
    (world.folder / "drop" / "reports").rmdir()
    (world.folder / "drop" / "reports").write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="reports must be a folder"), opened(world.folder):
        pass
    (world.folder / "drop" / "clients").rmdir()
    with pytest.raises(ConfigError, match="clients is missing"), opened(world.folder):
        pass


def test_refused_files_in_all_drop_folders_are_on_their_term_and_go_with_their_notes(world: World) -> None:
    places = [
        ("clients", "a.yaml"), ("reports", "a.yaml"), ("reports", f"{INSIDE}/a.yaml"), ("profiles", f"{INSIDE}/a.yaml"),
        ("appointments", "a.yaml"),
    ]  # fmt: skip
    with world.opened() as practice:
        for within, where in places:
            put(practice.drops[within].root, where, TEXT)
            practice.drops[within].note(where, "a.yaml waits.\n")
        (practice.drops["profiles"].root / "A1B0-C3D4 Wit").mkdir()
        parts = [one.part.removeprefix("file ") for one in strays.held(practice)]
        known = [strays.known_as(practice, where, within) for within, where in places]
        empty = strays.known_as(practice, "A1B0-C3D4 Wit", "profiles")
        assert sorted(parts) == sorted([*known, empty]) and len(set(parts)) == 6
        for (within, where), key in zip(places, known, strict=True):
            strays.remove(practice, key)
            assert not (practice.drops[within].root / where).exists()
            assert key not in {one.part.removeprefix("file ") for one in strays.held(practice)}
        strays.remove(practice, empty)
        left = {str(path.relative_to(world.folder / "drop")) for path in (world.folder / "drop").rglob("*")}
        assert left == {*DROPS, f"reports/{INSIDE}", f"profiles/{INSIDE}"}


def test_a_refused_client_file_is_known_by_the_key_that_an_older_version_gave_it(world: World) -> None:
    with world.opened() as practice:
        practice.key = bytes(32)
        assert strays.known_as(practice, "jansen.yaml") == "ZX0JJXJPA52WPCBE"


def test_what_is_dropped_into_any_folder_wakes_the_worker(tmp_path: Path) -> None:
    called, roots = threading.Event(), [tmp_path / name for name in DROPS]
    for root in roots:
        (root / INSIDE).mkdir(parents=True)
    end = watch(roots, called.set)
    try:
        for root in roots:
            for where in ("a.pdf", f"{INSIDE}/a.pdf"):
                called.clear()
                (root / where).write_bytes(PDF)
                assert called.wait(10)
    finally:
        end()
