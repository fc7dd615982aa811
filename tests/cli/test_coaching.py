"""`appointment`, `invite`, `profile`, `report`, `approve`: typed instead of dropped, and otherwise the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import mails, text_of
from tests.outgoing.prepared import Shelf, after
from tests.outgoing.reporting import GOOD, coaching, offered, received, shared
from tests.world import CLIENT, SPONSOR, World


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Give practices whose mail is composed and waits, made once."""
    return Shelf(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a coaching that runs, with a sponsor."""
    return coaching(shelf, tmp_path, server, consents=("coaching", "profile_take"))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Give a report as it lies among the coach's own files."""
    file = tmp_path / "Eindverslag Sanne (def).md"
    file.write_text(GOOD, "utf-8")
    return file


def lying(world: World, drop: str) -> list[str]:
    """Give what lies in a drop folder."""
    return sorted(file.name for file in (world.folder / "drop" / drop).iterdir() if not file.name.startswith("."))


def test_a_report_is_dropped_under_its_reference_and_goes_to_the_client(
    typed: Typing, world: World, server: ScriptedSmtp, report: Path
) -> None:
    said = typed("report", world.reference.lower(), str(report))
    assert (said.code, lying(world, "reports")) == (0, [f"{world.reference}.md"])
    assert f"drop/reports/{world.reference}.md" in said.out and report.exists()
    world.work(after(hours=1))
    assert len(offered(server)) == 1


def test_what_lies_there_already_is_not_overwritten(typed: Typing, world: World, report: Path) -> None:
    for _ in range(3):
        assert typed("report", world.reference, str(report)).code == 0
    name = world.reference
    assert lying(world, "reports") == [f"{name} (2).md", f"{name} (3).md", f"{name}.md"]


@pytest.mark.parametrize(
    ("command", "name"), [("report", "verslag.odt"), ("report", "verslag"), ("profile", "profiel.docx")]
)
def test_a_file_that_does_not_belong_there_is_refused_at_once(
    typed: Typing, world: World, tmp_path: Path, command: str, name: str
) -> None:
    (tmp_path / name).write_bytes(b"text")
    said = typed(command, world.reference, str(tmp_path / name))
    assert (said.code, lying(world, f"{command}s")) == (64, [])
    assert name in said.said


@pytest.mark.parametrize(
    "arguments", [("report", "{reference}", "nowhere.md"), ("report", "ZZZZ-ZZZZ", "{report}")], ids=["file", "dossier"]
)
def test_what_is_not_there_is_said(typed: Typing, world: World, report: Path, arguments: tuple[str, ...]) -> None:
    said = typed(*(one.format(reference=world.reference, report=report) for one in arguments))
    assert said.code == 64 and said.said and lying(world, "reports") == []


def test_an_appointment_that_is_typed_is_confirmed_and_can_be_called_off(
    typed: Typing, world: World, server: ScriptedSmtp
) -> None:
    when = ("--when", "2026-12-03 14:00", "--minutes", "90", "--where", "Lindelaan 12: boven")
    assert typed("appointment", world.reference, *when).code == 0
    world.work(after(hours=1))
    assert typed("appointment", world.reference, "--when", "2026-12-03 14:00", "--cancel").code == 0
    world.work(after(hours=2))
    first, second = (text_of(mail) for _, mail in mails(server))
    assert "van 14:00 tot 15:30 uur\nLindelaan 12: boven" in first and "gaat niet door" in second


@pytest.mark.parametrize(("more", "says"), [((), ""), (("--code", "4711: klik op start"), "\n4711: klik op start")])
def test_an_invitation_that_is_typed_goes_to_the_client_with_the_code_if_there_is_one(
    typed: Typing, world: World, server: ScriptedSmtp, more: tuple[str, ...], says: str
) -> None:
    assert typed("invite", world.reference, "--link", "https://questionnaire.example/abc", *more).code == 0
    assert lying(world, "profiles") == [f"{world.reference}.yaml"]
    world.work(after(hours=1))
    ((recipient, mail),) = mails(server)
    assert recipient == CLIENT and f"https://questionnaire.example/abc{says}\n" in text_of(mail)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("yes", "versie 1 mag door"),
        ("changes", "leg een volgende versie in drop/reports"),
    ],
)
def test_what_the_client_told_the_coach_counts_as_if_she_had_written_it(
    typed: Typing, world: World, server: ScriptedSmtp, report: Path, answer: str, says: str
) -> None:
    typed("report", world.reference, str(report))
    world.work(after(hours=1))
    said = typed("approve", world.reference, "report", answer)
    assert said.code == 0 and says in said.out
    world.work(after(hours=2))
    assert shared(server) == (offered(server) if answer == "yes" else [])
    assert world.rows("SELECT DISTINCT way FROM approvals") == [("coach",)]


def test_a_no_after_it_has_left_says_that_it_has(
    typed: Typing, world: World, server: ScriptedSmtp, report: Path
) -> None:
    typed("report", world.reference, str(report))
    world.work(after(hours=1))
    typed("approve", world.reference, "report", "yes")
    world.work(after(hours=2))
    assert len(received(server, SPONSOR)) == 1
    assert (
        "versie 1 gaat niet naar de opdrachtgever\nde mail aan wie betaalt is al weg"
        in typed("approve", world.reference, "report", "no").out
    )


@pytest.mark.parametrize("document", ["report", "profile"])
def test_what_she_has_not_received_cannot_be_approved(typed: Typing, world: World, document: str) -> None:
    said = typed("approve", world.reference, document, "yes")
    assert said.code == 64 and world.reference in said.said
    assert world.rows("SELECT 1 FROM approvals") == []


def test_where_nobody_else_pays_there_is_nothing_to_approve(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, report: Path,
) -> None:  # fmt: skip
    world = coaching(shelf, tmp_path / "alone", server, sponsored=False)
    typed = Typing(world, capsys, monkeypatch)
    typed("report", world.reference, str(report))
    world.work(after(hours=1))
    assert [len(names) for names in received(server, CLIENT)] == [1]
    assert typed("approve", world.reference, "report", "yes").code == 64
