"""Appointments: dropped, confirmed, moved and called off; and nothing of what is said is taken in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import files_of, mails, running, text_of
from tests.outgoing.prepared import Shelf, after
from tests.world import CLIENT, COACH, World

WHEN = "donderdag 3 december 2026 om 14:00 uur"


def appointment(more: str = "waar: Lindelaan 12, Utrecht\n", when: str = WHEN) -> str:
    return f"wanneer: {when}\nduur: 1,5 uur\n{more}"


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return running(shelf, tmp_path, server)


def invitations(server: ScriptedSmtp) -> list[tuple[str, str, int, object]]:
    """Give each invitation that was accepted: method, name, how often changed, when."""
    found: list[tuple[str, str, int, object]] = []
    for _, mail in mails(server):
        (data,) = files_of(mail).values()
        calendar = Calendar.from_ical(data)
        (event,) = calendar.events
        found.append((str(calendar["METHOD"]), str(event["UID"]), int(str(event["SEQUENCE"])), event.start))
    return found


def test_a_dropped_appointment_is_confirmed_to_the_client_with_an_invitation_for_her_calendar(
    world: World, server: ScriptedSmtp
) -> None:
    file = world.drop(appointment(), f"{world.reference}.yaml", "appointments")
    world.work(after(hours=1))
    ((recipient, mail),) = mails(server)
    assert (recipient, file.exists()) == (CLIENT, False)
    assert "donderdag 3 december 2026\nvan 14:00 tot 15:30 uur\nLindelaan 12, Utrecht" in text_of(mail)
    parts = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html", "text/calendar", "application/ics"]
    ((method, _, sequence, starts_at),) = invitations(server)
    assert (method, sequence) == ("REQUEST", 0)
    assert starts_at == datetime(2026, 12, 3, 13, 0, tzinfo=UTC)


def test_subject_and_text_say_neither_what_it_is_about_nor_more_than_her_name(
    world: World, server: ScriptedSmtp
) -> None:
    world.drop(appointment(), f"{world.reference}.yaml", "appointments")
    world.work(after(hours=1))
    ((_, mail),) = mails(server)
    assert mail["Subject"] == f"Uw afspraak met Praktijk De Linde, kenmerk {world.reference}"
    (calendar,) = files_of(mail).values()
    said = text_of(mail).casefold() + calendar.decode().casefold()
    assert not [word for word in ("coach", "loopbaan", "werk", "peter") if word in said.replace(COACH, "")]


def test_a_change_and_a_calling_off_are_about_the_same_appointment(world: World, server: ScriptedSmtp) -> None:
    name = f"{world.reference}.yaml"
    world.drop(appointment(), name, "appointments")
    world.work(after(hours=1))
    world.drop(appointment("link: https://overleg.example/1\nafspraak: 1\n", "4-12-2026 10:00"), name, "appointments")
    world.work(after(hours=2))
    world.drop(appointment("afgezegd: ja\n", "4-12-2026 10:00"), name, "appointments")
    world.work(after(hours=3))
    sent = invitations(server)
    assert [(method, sequence) for method, _, sequence, _ in sent] == [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]
    assert len({uid for _, uid, _, _ in sent}) == 1
    texts = [text_of(mail) for _, mail in mails(server)]
    assert "gewijzigd" in texts[1] and "gaat niet door" in texts[2]


def test_a_second_appointment_is_another_one_and_the_same_file_twice_is_one(world: World, server: ScriptedSmtp) -> None:
    for number, text in enumerate((appointment(), appointment(when="10-12-2026 09:00"), appointment())):
        world.drop(text, f"{world.reference} ({number}).yaml", "appointments")
        world.work(after(hours=1 + number))
    assert len({uid for _, uid, _, _ in invitations(server)}) == len(invitations(server)) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (appointment("afspraak: 7\nwaar: hier\n"), "zo'n afspraak is er niet in dit dossier; wel: geen"),
        (appointment("afgezegd: ja\n"), "zo'n afspraak is er niet"),
        (appointment(when="2-11-2026 09:30"), "maandag 2 november 2026 is voorbij of al begonnen"),
        (appointment("verslag: zij vertelde over haar moeder\nwaar: hier\n"), "K-11a"),
        (appointment("waar: |\n  Zij vertelde\n  dat het beter gaat\n"), "K-11a"),
    ],
    ids=["no such", "none to call off", "past", "a report", "prose"],
)
def test_what_cannot_be_confirmed_stays_with_a_note_that_says_what_to_do(
    world: World, server: ScriptedSmtp, text: str, says: str
) -> None:
    file = world.drop(text, f"{world.reference}.yaml", "appointments")
    world.work(after(hours=1))
    assert (file.exists(), server.accepted) == (True, [])
    assert says in (world.note(file.name, "appointments") or "")


@pytest.mark.clause("K-11a")
@pytest.mark.parametrize("name", ["gesprek.docx", "notities.txt", "opname.m4a"])
def test_notes_of_a_session_are_refused_with_the_clause_whatever_they_are_written_in(
    world: World, server: ScriptedSmtp, name: str
) -> None:
    file = world.drop(
        b"PK\x03\x04 Zij vertelde over haar moeder en haar werk.", f"{world.reference} {name}", "appointments"
    )
    world.work(after(hours=1))
    assert (file.exists(), server.accepted) == (True, [])
    assert "K-11a" in (world.note(file.name, "appointments") or "")


def test_a_file_that_names_no_dossier_gets_a_note_with_those_that_are_open(world: World) -> None:
    world.drop(appointment(), "afspraak.yaml", "appointments")
    world.work(after(hours=1))
    note = world.note("afspraak.yaml", "appointments") or ""
    assert world.reference in note and "S. J." in note
    assert "Jansen" not in note


def test_where_no_personal_data_may_stand_in_mail_an_appointment_goes_all_the_same(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = running(shelf, tmp_path, server, policy="refleact")
    world.drop(appointment(), f"{world.reference}.yaml", "appointments")
    world.work(after(hours=1))
    assert [recipient for recipient, _ in mails(server)] == [CLIENT]
    world.drop(appointment("waar: bij Sanne Jansen thuis\n"), f"{world.reference}.yaml", "appointments")
    world.work(after(hours=2))
    assert len(server.accepted) == 1
    ((reason,),) = world.rows("SELECT reason FROM messages WHERE state = 'refused'")
    assert "client.name" in str(reason)
