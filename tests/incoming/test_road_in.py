"""The road in, from the mail server to the dossier: what people send back, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import attention
from pipeline.errors import UsageError
from tests.incoming.road import STRANGER, YES, Road, letter, reply
from tests.world import CLIENT, SPONSOR, client_file


def test_both_papers_signed_in_a_pdf_reader_are_two_proposals_that_one_key_each_books(road: Road) -> None:
    road.post(road.answer(CLIENT, "Getekend terug.", road.signed(CLIENT, 1), road.signed(CLIENT, 2)))
    road.work()
    assert road.verdicts() == [("quote", 1, "signed", "proposed"), ("consent", 1, "signed", "proposed")]
    assert road.waits() == ["return", "return"] and road.consents() == {"keep_in_touch": 0}
    for one in road.waiting():
        road.decide(attention.accept, one.number)
    assert road.owed() == {"quote": "fulfilled", "consent": "fulfilled"}
    assert road.consents() == {"coaching": 1, "profile_take": 1, "report_receive": 1, "keep_in_touch": 0}
    assert road.mails() == ["filed"] and road.waits() == [] and road.whole()


def test_the_files_lie_in_the_dossier_as_they_came_under_names_of_our_own(road: Road) -> None:
    _, data = road.signed(CLIENT, 1)
    road.post(road.answer(CLIENT, "Zie bijlage.", ("../../Sanne's offerte\x00.pdf", data)))
    road.work()
    folder = road.world.folder / "storage" / "dossiers" / road.reference
    kept = [path for path in folder.iterdir() if "-return-" in path.name and path.suffix == ".pdf"]
    assert [path.read_bytes() for path in kept] == [data]
    assert kept[0].name == f"{road.reference}-return-1-1.pdf"


def test_a_paper_that_was_not_touched_is_not_signed(road: Road) -> None:
    road.post(road.answer(CLIENT, "Hierbij.", road.paper(CLIENT, 1)))
    road.work()
    assert road.verdicts() == [("quote", 1, "not_signed", "proposed")]


def test_a_plain_answer_is_filed_and_stops_the_reminders(road: Road) -> None:
    road.post(road.answer(CLIENT, "Ik kijk er dit weekend naar. Groet, Sanne"))
    road.work()
    assert road.mails() == ["filed"] and road.waits() == []
    assert road.world.rows("SELECT DISTINCT quiet FROM obligations") == [("reply",)]


def test_an_answer_from_another_address_finds_its_dossier_and_says_so(road: Road) -> None:
    road.post(road.answer(CLIENT, "Van mijn werk.", road.signed(CLIENT, 1), sender=STRANGER))
    road.work()
    assert road.verdicts() == [("quote", 1, "signed", "proposed")]
    assert STRANGER in " ".join(road.waiting()[0].reasons)


def test_a_new_mail_without_any_reference_is_found_by_the_code_on_its_pages(road: Road) -> None:
    mail = letter(STRANGER, "papieren", "zie bijlage")
    mail.add_attachment(road.signed(CLIENT, 2)[1], maintype="application", subtype="octet-stream", filename="a.bin")
    road.post(mail)
    road.work()
    assert road.verdicts() == [("consent", 1, "signed", "proposed")]


def test_what_has_nothing_of_ours_is_left_alone_and_nothing_of_it_waits(road: Road) -> None:
    road.post(letter("shop@elsewhere.example", "Uw factuur", "In de bijlage."))
    invoice = letter("shop@elsewhere.example", "Uw factuur", "In de bijlage.")
    invoice.add_attachment(b"%PDF-1.4\n" + b"%" * 20_000, maintype="application", subtype="pdf", filename="f.pdf")
    road.post(invoice)
    road.work()
    assert set(road.mails()) <= {"left"} and road.waits() == []


def test_the_same_mail_twice_and_the_same_papers_again_are_filed_once(road: Road) -> None:
    mail = road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 1))
    road.post(mail)
    road.work()
    road.decide(attention.accept, road.waiting()[0].number)
    road.post(road.answer(CLIENT, "Nog een keer, voor de zekerheid.", road.signed(CLIENT, 1)))
    road.work()
    assert [state for *_, state in road.verdicts()] == ["booked", "again"] and road.waits() == []


def test_a_withdrawal_acts_at_once_and_asks_the_coach_who_can_undo_it(road: Road) -> None:
    road.post(road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 2)))
    road.work()
    road.decide(attention.accept, road.waiting()[0].number)
    before = road.consents()
    road.post(letter(CLIENT, "Toestemming", "Beste Marjan, hierbij trek ik mijn toestemming in. Sanne"))
    road.work()
    assert set(road.consents().values()) == {0} and road.waits() == ["withdrawal"]
    road.decide(attention.reject, road.waiting()[0].number)
    assert road.consents() == before


def test_a_withdrawal_that_overtakes_the_confirming_key_wins(road: Road) -> None:
    road.post(road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 2)))
    road.work()
    road.post(letter(CLIENT, "Toch niet", "Ik trek mijn toestemming in."))
    road.work()
    road.decide(attention.accept, next(one.number for one in road.waiting() if one.what == "return"))
    assert set(road.consents().values()) == {0}


def test_a_second_form_that_refuses_takes_a_consent_back_before_anybody_confirms_it(road: Road) -> None:
    road.post(road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 2)))
    road.work()
    road.decide(attention.accept, road.waiting()[0].number)
    road.post(road.answer(CLIENT, "Toch liever niet.", road.signed(CLIENT, 2, YES | {"profile_take": False})))
    road.work()
    assert road.consents()["profile_take"] == 0 and road.consents()["coaching"] == 1
    assert road.waits() == ["return"]


def test_a_declined_quote_is_declined_and_the_coach_can_say_that_it_is_not(road: Road) -> None:
    road.post(road.answer(CLIENT, "Helaas ga ik niet akkoord met de offerte."))
    road.work()
    assert road.owed()["quote"] == "declined" and road.waits() == ["decline"]
    road.decide(attention.reject, road.waiting()[0].number)
    assert road.owed()["quote"] == "awaited"


def test_a_superseded_version_that_comes_back_signed_is_no_acceptance(road: Road) -> None:
    signed = road.signed(CLIENT, 1)
    road.world.drop(client_file(more="goal: something else\n"))
    road.work()
    road.post(road.answer(CLIENT, "Getekend.", signed))
    road.work()
    (one,) = [one for one in road.waiting() if one.what == "return"]
    assert road.verdicts() == [("quote", 1, "look", "proposed")]
    with pytest.raises(UsageError, match="version 2 took its place"):
        road.decide(attention.accept, one.number)
    assert road.world.rows("SELECT state FROM obligations WHERE version = 2") == [("awaited",)] * 2


def test_an_absence_message_never_counts_as_an_answer_even_with_our_own_form_in_it(road: Road) -> None:
    mail = road.answer(CLIENT, "Ik ben er niet.", road.signed(CLIENT, 1))
    mail["Auto-Submitted"] = "auto-replied"
    road.post(mail)
    road.work()
    assert road.verdicts() == [] and road.owed()["quote"] == "awaited" and road.waits() == ["papers"]
    assert road.world.rows("SELECT DISTINCT quiet FROM obligations") == [("absence",)]


def test_what_an_office_scanner_mails_by_itself_is_shown_and_read_once_the_coach_says_whose_it_is(road: Road) -> None:
    scan = letter("scanner@work.example", "Scan from floor 3", "Please do not reply.")
    scan["Auto-Submitted"] = "auto-generated"
    scan.add_attachment(road.signed(CLIENT, 1)[1], maintype="application", subtype="pdf", filename="doc0042.pdf")
    road.post(scan)
    road.work()
    assert road.verdicts() == [] and road.waits() == ["papers"]
    road.decide(attention.assign, road.waiting()[0].number, road.reference)
    road.work()
    assert road.verdicts() == [("quote", 1, "signed", "proposed")]


def test_a_mail_that_says_nothing_clear_is_assigned_by_the_coach_and_read_again(road: Road) -> None:
    scan = b"%PDF-1.4\n" + b"%" * 30_000
    mail = reply(road.received(CLIENT), STRANGER, "scan")
    mail.add_attachment(scan, maintype="application", subtype="pdf", filename="scan.pdf")
    road.post(mail)
    road.work()
    assert road.waits() == ["papers"] and road.mails() == ["waiting"]
    road.decide(attention.assign, road.waiting()[0].number, road.reference)
    road.work()
    assert road.world.rows("SELECT dossier FROM mails") == [(road.reference,)]


def test_a_rejected_paper_does_not_count_and_asking_again_sends_the_paper_once_more(road: Road) -> None:
    road.post(road.answer(CLIENT, "Hierbij.", road.paper(CLIENT, 1)))
    road.work()
    road.decide(attention.ask_again, road.waiting()[0].number)
    assert road.verdicts() == [("quote", 1, "not_signed", "rejected")]
    before = len(road.server.messages(CLIENT))
    road.work()
    road.work()
    assert len(road.server.messages(CLIENT)) == before + 1
    assert road.paper(CLIENT, 1)[0].endswith("-1-v1.pdf")


def test_sponsor_and_client_sign_apart_and_each_settles_only_what_is_theirs(sponsored: Road) -> None:
    sponsored.post(sponsored.answer(SPONSOR, "Akkoord.", sponsored.signed(SPONSOR, 1)))
    sponsored.work()
    sponsored.decide(attention.accept, sponsored.waiting()[0].number)
    assert sponsored.owed() == {"quote": "fulfilled", "consent": "awaited"}
    assert sponsored.consents() == {}


def test_when_all_is_in_each_gets_their_own_countersigned_copy_and_the_coach_a_note(sponsored: Road) -> None:
    sponsored.post(sponsored.answer(SPONSOR, "Akkoord.", sponsored.signed(SPONSOR, 1)))
    sponsored.post(sponsored.answer(CLIENT, "Getekend.", sponsored.signed(CLIENT, 2)))
    sponsored.work()
    for one in sponsored.waiting():
        sponsored.decide(attention.accept, one.number)
    sponsored.work()
    gone = sponsored.world.rows("SELECT party, purpose, kinds, state FROM messages WHERE purpose != 'documents'")
    assert sorted(gone) == [
        ("client", "countersigned", "consent", "accepted"),
        ("coach", "note", "quote,consent", "accepted"),
        ("sponsor", "countersigned", "quote", "accepted"),
    ]


def test_a_decision_is_made_once_and_says_so(road: Road, tmp_path: Path) -> None:
    road.post(road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 1)))
    road.work()
    (one,) = road.waiting()
    road.decide(attention.accept, one.number)
    with pytest.raises(UsageError, match="settled already"):
        road.decide(attention.reject, one.number)
    with pytest.raises(UsageError, match="nothing has the number 99"):
        road.decide(attention.accept, 99)
    entries = [str(entry) for (entry,) in road.world.rows("SELECT entry FROM ledger")]
    assert any('"by":"coach"' in entry and '"decision":"accepted"' in entry for entry in entries)
