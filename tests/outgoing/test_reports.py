"""A report goes to the client first, with the question whether it may go on; silence is never an answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pikepdf
import pytest

from pipeline.approvals import Answer
from pipeline.retention import closing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails, text_of
from tests.outgoing.prepared import Shelf, after, by_hand, opened
from tests.outgoing.reporting import (
    BETTER,
    GOOD,
    answer,
    coaching,
    drop,
    offered,
    own_policy,
    received,
    said,
    shared,
    waiting,
)
from tests.reading import forms
from tests.world import CLIENT, SPONSOR, World, client_file

COLLECT = (
    "  - {id: mine.collect, clauses: [K-10], before: collect, covers: [report], require: ['consent:report_receive']}"
)
ASKS_FIRST = own_policy("kleur", (r"^gates:\n", f"gates:\n{COLLECT}\n"))
WITHOUT_END = own_policy("kleur", (r"^(    covers: .*) report,", r"\1"))


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return coaching(shelf, tmp_path, server)


def finished_pdf(text: str = "Dit is het verslag van de coaching van Sanne Jansen in het afgelopen jaar.") -> bytes:
    """Give a PDF as another program makes one, with a line of text."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(f"BT /F1 14 Tf 60 760 Td ({text}) Tj ET".encode())
    made = io.BytesIO()
    pdf.save(made)
    return made.getvalue()


def test_a_report_goes_to_the_client_first_with_the_form_to_answer_on_and_to_nobody_else(
    world: World, server: ScriptedSmtp
) -> None:
    file = drop(world)
    world.work(after(hours=1))
    reference = world.reference
    assert received(server, CLIENT) == [[f"{reference}-4-v1.pdf", f"{reference}-7-v1.pdf"]]
    assert (received(server, SPONSOR), file.exists()) == ([], False)
    ((_, mail),) = mails(server)
    assert "Mag het verslag zo naar Peter de Vries van Work?" in text_of(mail)
    assert "één woord: ja of nee" in text_of(mail) and "Zolang u niets laat weten" in text_of(mail)


def test_what_the_coach_wrote_stands_in_no_mail_and_in_no_subject(world: World, server: ScriptedSmtp) -> None:
    drop(world, f"# Rouw en rust\n\n{GOOD}")
    world.work(after(hours=1))
    ((_, mail),) = mails(server)
    readable = f"{mail['Subject']} {text_of(mail)} {mail.get_body(('html',))}".casefold()
    assert not [word for word in ("rouw", "haar rust", "hervonden") if word in readable]


def test_without_a_sponsor_a_report_is_the_clients_alone_and_asks_nothing(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, sponsored=False)
    drop(world)
    world.work(after(hours=1))
    assert received(server, CLIENT) == [[f"{world.reference}-4-v1.pdf"]]
    ((_, mail),) = mails(server)
    assert "gaat naar niemand anders" in text_of(mail)
    assert world.rows("SELECT 1 FROM obligations WHERE kind = 'approval'") == []
    assert not said(world, Answer.YES, after(hours=2)())


def test_what_the_policy_lets_nobody_pass_on_is_not_asked_about(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, policy="ken-jezelf", consents=("coaching", "dossier"))
    drop(world)
    world.work(after(hours=1))
    ((to, mail),) = mails(server)
    assert (to, list(files_of(mail))) == (CLIENT, [f"{world.reference}-4-v1.pdf"])
    assert "gaat naar niemand anders" in text_of(mail) and "Peter" not in text_of(mail)
    assert world.rows("SELECT 1 FROM obligations WHERE kind = 'approval'") == []


@pytest.mark.parametrize(
    ("content", "ending", "source"),
    [
        (GOOD.encode(), "md", "source.md"),
        (b"resultaat: Zij heeft haar rust hervonden.\n", "yaml", "source.yaml"),
        (finished_pdf(), "pdf", None),
    ],
    ids=["markdown", "yaml", "pdf"],
)
def test_what_she_wrote_is_kept_beside_the_report_and_a_finished_pdf_is_its_own_source(
    world: World, server: ScriptedSmtp, content: bytes, ending: str, source: str | None
) -> None:
    drop(world, content, ending)
    world.work(after(hours=1))
    assert len(offered(server)) == 1
    ((kept,),) = world.rows("SELECT source FROM documents WHERE kind = 'report'")
    folder = world.folder / "storage" / "dossiers" / world.reference
    assert kept == (source and f"{world.reference}-4-v1-{source}")
    assert kept is None or (folder / str(kept)).read_bytes() == content


@pytest.mark.parametrize(
    ("policy", "consents", "refused_with"),
    [
        ("ken-jezelf", ("coaching",), "J-3.6"),
        (WITHOUT_END, ("coaching",), "uw beleid zegt niet wanneer dit weg moet"),
    ],
    ids=["no dossier kept", "no end"],
)
def test_a_report_that_the_policy_does_not_let_be_there_stays_with_a_note(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, policy: str, consents: tuple[str, ...], refused_with: str
) -> None:
    world = coaching(shelf, tmp_path, server, policy=policy, consents=consents)
    file = drop(world)
    world.work(after(hours=1))
    assert (server.accepted, file.exists()) == ([], True)
    assert refused_with in (world.note(file.name, "reports") or "")


def test_where_the_policy_asks_consent_before_collecting_a_report_waits_for_it(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, policy=ASKS_FIRST)
    file = drop(world)
    world.work(after(hours=1))
    assert "K-10" in (note := world.note(file.name, "reports") or "") and "Ik wil een eindverslag ontvangen" in note
    consent(world, "report_receive")
    world.work(after(hours=2))
    assert (len(offered(server)), file.exists(), world.note(file.name, "reports")) == (1, False, None)


def test_the_same_file_twice_is_one_report_and_another_one_is_the_next_version(
    world: World, server: ScriptedSmtp
) -> None:
    for hours, text in enumerate((GOOD, GOOD, BETTER, GOOD), 1):
        drop(world, text)
        world.work(after(hours=hours))
    numbers = world.rows("SELECT kind, version FROM documents WHERE kind IN ('report', 'approval') ORDER BY rowid")
    assert [row[1] for row in numbers if row[0] == "report"][-1] == 3
    assert len(offered(server)) == 3
    last = mails(server)[-1][1]
    assert "versie 3" in text_of(last) and "u beslist opnieuw" in text_of(last)


def test_a_version_that_has_not_left_does_not_go_once_there_is_a_newer_one(world: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", "450 4.2.0 later")
    drop(world)
    world.work(after(hours=1))
    drop(world, BETTER)
    server.behave()
    world.work(after(hours=9))
    assert received(server, CLIENT) == [[f"{world.reference}-4-v2.pdf", f"{world.reference}-7-v2.pdf"]]


def test_who_gets_a_sponsor_later_is_asked_about_the_same_report_with_a_form_of_its_version(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, sponsored=False)
    drop(world)
    world.work(after(hours=1))
    world.drop(client_file(sponsor=SPONSOR))
    world.work(after(hours=2))
    server.forget()
    drop(world)
    world.work(after(hours=3))
    assert received(server, CLIENT) == [[f"{world.reference}-4-v2.pdf", f"{world.reference}-7-v2.pdf"]]


@pytest.mark.parametrize(
    ("client", "says"),
    [
        (client_file(email="sanne@work.example", sponsor=SPONSOR), "een adres bij Work"),
        (client_file(email="info@home.example", sponsor=SPONSOR), "adres dat meer mensen lezen"),
    ],
    ids=["employer", "shared mailbox"],
)
def test_a_report_to_an_address_that_others_read_waits_until_the_coach_has_looked(
    world: World, server: ScriptedSmtp, client: str, says: str
) -> None:
    world.drop(f"{client}kenmerk: {world.reference}\n")
    world.work(after(minutes=30))
    server.forget()
    drop(world)
    world.work(after(hours=1))
    ((what, reasons),) = waiting(world)
    assert (what, offered(server)) == ("addressee", []) and says in reasons
    answer(world, 2, accept=True)
    world.work(after(hours=2))
    assert len(received(server, client.split('"')[3])) == 1
    drop(world, BETTER)
    world.work(after(hours=3))
    assert len(received(server, client.split('"')[3])) == 2, "she looked at this address already"


def test_a_report_that_names_another_client_waits_and_never_goes_when_the_coach_says_no(
    world: World, server: ScriptedSmtp
) -> None:
    mine = world.reference
    world.drop(client_file("Lotte Willems", "lotte@elsewhere.example"), "willems.yaml")
    world.work(after(minutes=30))
    server.forget()
    world.drop("Lotte Willems heeft haar rust hervonden.\n", f"{mine}.md", "reports")
    world.work(after(hours=1))
    ((what, reasons),) = waiting(world)
    assert what == "addressee" and "Lotte Willems" in reasons
    answer(world, 2, accept=False)
    world.work(after(hours=2))
    assert server.accepted == []


def test_who_ticked_that_she_wants_no_report_is_not_sent_one_unasked(world: World, server: ScriptedSmtp) -> None:
    consent(world, "report_receive", given=False)
    drop(world)
    world.work(after(hours=1))
    ((what, reasons),) = waiting(world)
    assert (what, server.accepted) == ("addressee", []) and "geen eindverslag" in reasons


def test_where_no_personal_data_may_stand_in_mail_report_and_form_are_locked_and_nobody_is_named(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, policy="refleact", consents=("coaching", "share"))
    drop(world)
    world.work(after(hours=1))
    ((_, mail),) = mails(server)
    assert len(files_of(mail)) == 2 and all(map(is_locked, files_of(mail).values()))
    text = text_of(mail).replace("Beste Sanne Jansen,", "")  # the salutation is allowed
    assert not [name for name in ("Sanne", "Jansen", "Peter", "Vries", "Work", SPONSOR) if name in text]
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    (to, mail) = mails(server)[-1]
    assert to == SPONSOR and all(map(is_locked, files_of(mail).values()))
    text = text_of(mail).replace("Beste Peter de Vries,", "")
    assert not [name for name in ("Sanne", "Jansen", "Peter", "Vries", CLIENT) if name in text]


def is_locked(data: bytes) -> bool:
    try:
        pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        return True
    return False


@pytest.mark.parametrize("wished_by", ["practice", "client"])
def test_who_wishes_reports_behind_a_password_gets_the_report_and_the_form_locked(
    world: World, server: ScriptedSmtp, wished_by: str
) -> None:
    if wished_by == "practice":
        world.change("^policy: kleur", "policy: kleur\nencrypt: [report]")
    else:
        world.drop(client_file(sponsor=SPONSOR, more="encrypt: yes\n"))
        world.work(after(minutes=30))
        server.forget()
    drop(world)
    world.work(after(hours=1))
    ((_, mail),) = mails(server)
    assert [is_locked(data) for data in files_of(mail).values()] == [True, True]
    assert "wachtwoord" in text_of(mail)


def test_a_report_that_bounced_goes_again_when_it_is_dropped_again_and_the_coach_has_looked(
    world: World, server: ScriptedSmtp
) -> None:
    drop(world)
    world.work(after(hours=1))
    by_hand(world, "UPDATE messages SET bounced = '550 no such mailbox' WHERE purpose = 'report'")
    drop(world)
    world.work(after(hours=2))
    answer(world, 3, accept=True)
    world.work(after(hours=3))
    assert len(offered(server)) == 2
    assert "geldt niet meer" not in text_of(mails(server)[-1][1]), "she has had none before"


# Reminders


def reminding(world: World) -> World:
    world.change("^  at_most: 0", "  at_most: 2")
    by_hand(world, "UPDATE obligations SET state = 'fulfilled' WHERE kind <> 'approval'")
    return world


def through_the_year(world: World) -> None:
    with opened(world) as work:
        for day in (*range(1, 40, 3), 90, 200, 365):
            work(after(days=day))


def test_in_a_year_of_silence_she_is_reminded_twice_with_the_form_alone_and_the_sponsor_gets_nothing(
    world: World, server: ScriptedSmtp
) -> None:
    reminding(world)
    drop(world)
    world.work(after(hours=1))
    server.forget()
    through_the_year(world)
    assert received(server, CLIENT) == [[f"{world.reference}-7-v1.pdf"]] * 2
    assert shared(server) == []
    assert "gaat het verslag nergens heen" in text_of(mails(server)[0][1])
    days = [date.fromisoformat(str(at)[:10]) for (at,) in world.rows(
        "SELECT accepted_at FROM messages WHERE purpose = 'reminder' ORDER BY rowid")]  # fmt: skip
    assert days == [date(2026, 11, 9), date(2026, 11, 18)], "on the first look after seven days, and after seven more"


def _quiet(world: World, _server: ScriptedSmtp) -> None:
    by_hand(world, "UPDATE obligations SET quiet = 'auto_reply' WHERE kind = 'approval'")


def _bounce(world: World, _server: ScriptedSmtp) -> None:
    by_hand(world, "UPDATE messages SET bounced = '550 no such mailbox' WHERE purpose = 'report'")


def _close(world: World, _server: ScriptedSmtp) -> None:
    with world.opened() as practice:
        closing.close(practice, world.reference, after(hours=2)())


def _no_sponsor(world: World, server: ScriptedSmtp) -> None:
    world.drop(client_file())
    world.work(after(hours=2))
    server.forget()


ENDS: dict[str, Callable[[World, ScriptedSmtp], object]] = {
    "yes": lambda world, _: said(world, Answer.YES, after(hours=2)()),
    "no": lambda world, _: said(world, Answer.NO, after(hours=2)()),
    "changes": lambda world, _: said(world, Answer.CHANGES, after(hours=2)()),
    "absent": _quiet,
    "bounce": _bounce,
    "closed": _close,
    "no sponsor any more": _no_sponsor,
}


@pytest.mark.parametrize("end", ENDS)
def test_nobody_is_reminded_of_a_report_after(world: World, server: ScriptedSmtp, end: str) -> None:
    reminding(world)
    drop(world)
    world.work(after(hours=1))
    server.forget()
    ENDS[end](world, server)
    with opened(world) as work:
        for day in (8, 20):
            work(after(days=day))
    assert f"{world.reference}-7-v1.pdf" not in [name for names in received(server, CLIENT) for name in names]
    assert world.rows("SELECT 1 FROM messages WHERE purpose = 'reminder' AND kinds = 'approval'") == []


def test_a_reminder_of_an_older_version_does_not_go_and_asks_nothing_of_the_coach(
    world: World, server: ScriptedSmtp
) -> None:
    reminding(world)
    drop(world)
    world.work(after(hours=1))
    server.forget()
    server.at("rcpt", "450 4.2.0 later")
    world.work(after(days=8))
    drop(world, BETTER)
    server.behave()
    world.work(after(days=9))
    assert received(server, CLIENT) == [[f"{world.reference}-4-v2.pdf", f"{world.reference}-7-v2.pdf"]]
    assert world.rows("SELECT state FROM messages WHERE purpose = 'reminder'") == [("superseded",)]
    assert waiting(world) == []


def test_a_signed_pdf_that_she_answered_before_is_no_new_version_to_answer(world: World, server: ScriptedSmtp) -> None:
    signed, changed = forms.signed(finished_pdf(), "Marjan Vermeer"), finished_pdf("Sanne Jansen heeft rust en ruimte.")
    drop(world, signed, "pdf")
    world.work(after(hours=1))
    assert offered(server) == [signed], "to the letter as she signed it"
    said(world, Answer.YES, after(hours=1)())
    drop(world, changed, "pdf")
    world.work(after(hours=2))
    drop(world, signed, "pdf")
    world.work(after(hours=3))
    assert "dit is precies versie 1" in (world.note(f"{world.reference}.pdf", "reports") or "")
    assert shared(server) == []
