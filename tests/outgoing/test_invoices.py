"""Invoices: issued when the practice chose, numbered without gaps, sent to who pays, never changed, reminded of."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.outgoing.billing import invoices, payments
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import files_of, mails, running, text_of
from tests.outgoing.prepared import START, Shelf, after, by_hand, lines, opened
from tests.world import CLIENT, SPONSOR, World, client_file

AT_ONCE = "invoicing: {prefix: F, payment_days: 14}\n"
ON = START.date()


@pytest.fixture
def accepted(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> Callable[..., World]:
    """Give a practice whose quote was accepted on the first day, and how it bills."""

    def made(rules: str = AT_ONCE, *, sponsored: bool = True) -> World:
        world = running(shelf, tmp_path, server, sponsored=sponsored)
        world.change("^books: .*", f"books: {{year_ends: 12}}\n{rules}")
        by_hand(
            world, "UPDATE obligations SET state = 'fulfilled', settled_at = ? WHERE kind = 'quote'", START.isoformat()
        )
        return world

    return made


def books(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, part, credits, issued_on, due_on FROM invoices ORDER BY number")


def total(world: World) -> Decimal:
    """Give what was billed in all, credit notes taken off."""
    with world.opened() as practice:
        rows = practice.database.rows("SELECT * FROM invoices")
        read = [invoices.read(row) for row in rows]
    return sum((one.totals.including * (-1 if one.credits else 1) for one in read), Decimal(0))


def quoted(world: World) -> Decimal:
    """Give what the quote comes to: three talks of 120 euro and VAT."""
    return Decimal("435.60")


def test_an_accepted_quote_is_billed_to_the_sponsor_with_the_invoice_attached(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.work(after(hours=1))
    ((recipient, mail),) = mails(server)
    assert recipient == SPONSOR
    assert books(world) == [("F2026-0001", "v1 1/1", None, str(ON), str(ON + timedelta(days=14)))]
    (name,) = files_of(mail)
    assert name == f"{world.reference}-5-v1.pdf"
    assert "F2026-0001" in text_of(mail) and "16 november 2026" in text_of(mail)
    assert (world.folder / "storage" / "dossiers" / world.reference / f"{world.reference}-5-v1.xml").is_file()
    world.work(after(hours=2))
    assert (len(mails(server)), total(world)) == (1, quoted(world))


def test_who_pays_herself_is_billed_herself(accepted: Callable[..., World], server: ScriptedSmtp) -> None:
    world = accepted(sponsored=False)
    world.work(after(hours=1))
    assert [recipient for recipient, _ in mails(server)] == [CLIENT]


def test_nothing_is_billed_that_was_not_accepted_nor_by_a_practice_that_does_not_bill_so(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted("")
    by_hand(world, "UPDATE obligations SET state = 'awaited', settled_at = NULL")
    world.work(after(hours=1))
    assert (mails(server), books(world)) == ([], [])


def test_the_law_s_fields_are_kept_apart_from_the_rest(accepted: Callable[..., World]) -> None:
    world = accepted()
    world.work(after(hours=1))
    ((statutory, rest),) = world.rows("SELECT statutory, rest FROM invoices")
    assert "Peter" not in str(statutory) and json.loads(str(rest)) == {"contact": "Peter de Vries"}
    ubl = (world.folder / "storage" / "dossiers" / world.reference / f"{world.reference}-5-v1.xml").read_text("utf-8")
    assert "Work" in ubl and "Peter" not in ubl and "Jansen" not in ubl


def test_instalments_come_on_their_days_and_closing_bills_what_is_left(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted(
        "invoicing:\n  when: instalments\n  instalments:\n    - {percent: 40}\n    - {percent: 30, after_days: 30}\n"
        "    - {percent: 30, when: at_closing}\n"
    )
    counts = []
    for days in (0, 29, 31, 60):
        world.work(after(days=days, hours=1))
        counts.append(len(books(world)))
    assert counts == [1, 1, 2, 2]
    by_hand(
        world, "INSERT INTO events VALUES (?, 'closed', ?, ?)", world.reference, str(ON + timedelta(days=61)),
        START.isoformat(),
    )  # fmt: skip
    world.work(after(days=62))
    assert [row[0] for row in books(world)] == ["F2026-0001", "F2026-0002", "F2027-0001"]
    assert total(world) == quoted(world)


def test_an_invoice_is_taken_back_by_a_credit_note_and_billed_again_only_when_asked(
    accepted: Callable[..., World], server: ScriptedSmtp, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    world = accepted()
    world.work(after(hours=1))
    with world.opened() as practice:
        assert invoices.credit(practice, "F2026-0001", after(hours=2)()) == "F2026-0002"
    world.work(after(hours=3))
    assert [row[0] for row in books(world)] == ["F2026-0001", "F2026-0002"] and total(world) == 0
    assert "vervalt factuur F2026-0001" in text_of(mails(server)[1][1])
    again = Typing(world, capsys, monkeypatch)("credit", "F2026-0001", "--again")
    assert again.code == 64 and "al teruggenomen" in again.said
    by_hand(world, "UPDATE invoices SET part = 'once ' || part WHERE part LIKE 'v%'")
    world.work(after(hours=4))
    assert ([row[0] for row in books(world)][-1], total(world)) == ("F2026-0003", quoted(world))


def test_a_second_accepted_quote_is_not_billed_beside_the_first(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.work(after(hours=1))
    by_hand(world, "UPDATE invoices SET part = 'v0 1/1'")
    world.work(after(hours=2))
    world.work(after(hours=3))
    assert len(books(world)) == 1
    ((what, reasons),) = world.rows("SELECT what, reasons FROM attention")
    assert what == "invoice" and "F2026-0001" in str(reasons)


def test_vat_without_a_number_is_shown_to_the_coach_and_takes_no_number(
    accepted: Callable[..., World], server: ScriptedSmtp, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    world = accepted()
    world.change("^  btw: .*\n", "")
    world.work(after(hours=1))
    assert (books(world), mails(server)) == ([], [])
    assert "btw-nummer" in Typing(world, capsys, monkeypatch)("attention").out
    world.change("^  kvk: ", "  btw: NL123456789B01\n  kvk: ")
    world.work(after(hours=2))
    assert [row[0] for row in books(world)] == ["F2026-0001"]


def test_what_was_paid_is_not_reminded_of_and_the_word_can_be_taken_back(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.work(after(hours=1))
    with world.opened() as practice:
        assert payments.paid(practice, world.reference.lower(), after(days=20)(), date(2026, 11, 20)) == "F2026-0001"
    world.work(after(days=40))
    assert len(mails(server)) == 1
    with world.opened() as practice:
        payments.unpaid(practice, "F2026-0001", after(days=41)())
    world.work(after(days=41))
    assert len(mails(server)) == 2


WRONG = {
    ("paid", "F2099-0001"): "er is geen factuur F2099-0001",
    ("paid", "F2026-0001", "--on", "2020-01-01"): "kies een dag vanaf toen",
    ("credit", "F2099-0001"): "factuur F2099-0001 is er niet",
}  # fmt: skip


def test_a_word_that_cannot_hold_is_refused_with_what_to_type(
    accepted: Callable[..., World], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = accepted()
    world.work(after(hours=1))
    typed = Typing(world, capsys, monkeypatch)
    refused = {arguments: typed(*arguments) for arguments in WRONG}
    assert {one.code for one in refused.values()} == {64}
    assert [arguments for arguments, says in WRONG.items() if says not in refused[arguments].said] == []


def test_a_stop_between_printing_and_writing_leaves_no_gap_in_the_numbers(
    accepted: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = accepted()
    write = invoices._Taken.write  # noqa: SLF001 - the moment between the files and the rows

    def stops(_taken: object, _now: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(invoices._Taken, "write", stops)  # noqa: SLF001
    with pytest.raises(KeyboardInterrupt):
        world.work(after(hours=1))
    monkeypatch.setattr(invoices._Taken, "write", write)  # noqa: SLF001
    world.work(after(hours=2))
    assert [row[0] for row in books(world)] == ["F2026-0001"]


# What an invoice shows and came after the quote was accepted

LATER = "invoicing: {prefix: F, when: at_closing}\n"
OWED = "SELECT kind, version, state FROM obligations ORDER BY kind"


def with_details(details: str = "purchase_order: INK-77", more: str = "") -> str:
    """Give the client file of the dossier with more in it about who pays."""
    return client_file(sponsor=SPONSOR, more=more).replace("contact:", f"{details}, contact:")


def drops(world: World, text: str, days: float) -> list[str]:
    """Drop a client file and do what there is to do, so many days on; gives what was told."""
    world.drop(text)
    return world.work(after(days=days))


def shown_to_buyer(world: World) -> list[str | None]:
    """Give the purchase order on each invoice, in the order of their numbers."""
    with world.opened() as practice:
        rows = practice.database.rows("SELECT * FROM invoices ORDER BY number")
        return [invoices.read(row).buyer.purchase_order for row in rows]


def close(world: World) -> None:
    """Close the dossier, so that what is left of the quote is billed."""
    by_hand(
        world, "INSERT INTO events VALUES (?, 'closed', ?, ?)", world.reference, str(ON + timedelta(days=3)),
        START.isoformat(),
    )  # fmt: skip


def test_a_purchase_order_that_comes_after_acceptance_is_on_the_next_invoice_and_no_quote_goes_out_for_it(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted(LATER)
    before = world.rows("SELECT * FROM documents"), world.rows("SELECT * FROM messages"), world.rows(OWED)
    told = drops(world, with_details(), days=1)
    assert any("its next invoice shows what the file says now" in line for line in told)
    assert before == (world.rows("SELECT * FROM documents"), world.rows("SELECT * FROM messages"), world.rows(OWED))
    assert (mails(server), world.rows("SELECT revision FROM requests")) == ([], [(1,)])
    (kept,) = (world.folder / "storage" / "dossiers" / world.reference).glob("*-client-v1-*.yaml")
    assert kept.read_text("utf-8") == with_details() and not list(world.drop_folder.iterdir())
    close(world)
    world.work(after(days=4))
    assert (shown_to_buyer(world), len(mails(server))) == (["INK-77"], 1)


def test_once_it_was_taken_over_the_same_file_changes_nothing_and_one_without_it_takes_it_back(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted(LATER)
    for days, text in enumerate([with_details(), with_details(), client_file(sponsor=SPONSOR)], 1):
        drops(world, text, days)
    amended = world.rows("SELECT 1 FROM ledger WHERE entry LIKE '%request.amended%'")
    assert (len(amended), world.rows("SELECT revision FROM requests"), mails(server)) == (2, [(1,)], [])


def test_an_invoice_that_was_sent_stays_as_it_is_and_the_coach_is_told_how_to_bill_again(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.work(after(hours=1))
    sent = books(world), world.rows("SELECT statutory, rest, sha256 FROM invoices")
    drops(world, with_details(), days=1)
    assert (books(world), world.rows("SELECT statutory, rest, sha256 FROM invoices")) == sent
    (asked,) = [line for line in lines(world, after(days=1)) if line.what.startswith("attention")]
    assert asked.attention and "F2026-0001" in asked.text and "pipeline credit NUMMER --again" in asked.text
    with world.opened() as practice:
        invoices.credit(practice, "F2026-0001", after(days=2)(), again=True)
    world.work(after(days=2))
    assert shown_to_buyer(world) == [None, None, "INK-77"] and total(world) == quoted(world)


@pytest.mark.parametrize(
    ("text", "agreed"),
    [
        (with_details(), False),
        (with_details(more="goal: iets anders\n"), True),
    ],
    ids=["before acceptance", "with something else"],
)
def test_what_the_quote_says_is_still_a_new_version_of_it(
    accepted: Callable[..., World], server: ScriptedSmtp, text: str, agreed: bool
) -> None:
    world = accepted(LATER)
    if not agreed:
        by_hand(world, "UPDATE obligations SET state = 'awaited', settled_at = NULL WHERE kind = 'quote'")
    drops(world, text, days=1)
    assert world.rows("SELECT max(revision) FROM requests") == [(2,)]
    assert [recipient for recipient, _ in mails(server)] == [SPONSOR, CLIENT]


def test_after_closing_it_must_be_said_that_it_is_no_second_coaching(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted(LATER)
    close(world)
    reference = world.reference
    drops(world, with_details(), days=4)
    assert f"zet dan 'kenmerk: {reference}' in het bestand" in (world.note() or "")
    drops(world, with_details(more=f"dossier: {reference}\n"), days=5)
    assert world.note() is None and world.reference == reference
    assert [recipient for recipient, _ in mails(server)] == [SPONSOR], "the invoice of the closing, and no quote"


# What is not paid, in the overview


def unpaid(world: World, **passed: float) -> list[tuple[str, bool]]:
    """Give what the overview says of invoices, and whether the coach must act."""
    found = lines(world, after(**passed))
    return [(f"{line.what}: {line.text}", line.attention) for line in found if line.what.startswith("invoice")]


def test_an_unpaid_invoice_is_reminded_of_so_often_and_then_it_is_shown_as_the_coachs(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted("invoicing: {payment_days: 14, remind: {first_after_days: 7, every_days: 14, at_most: 2}}\n")
    seen = []
    with opened(world) as work:
        for days in (0, 14, 20, 22, 34, 36, 100):
            work(after(days=days, hours=1))
            seen.append((len(mails(server)), *unpaid(world, days=days, hours=2)))
    text = "invoice F2026-0001 to the sponsor: €\xa0435,60 is niet betaald, uiterlijk 2026-11-16; {} keer herinnerd"
    hers = ", en er gaat geen herinnering meer uit: neem zelf contact op; is er wel betaald, typ dan: pipeline paid"
    assert seen == [
        (1,), (1,), (1, (text.format(0), False)), (2, (text.format(1), False)), (2, (text.format(1), False)),
        (3, (text.format(2), False)), (3, (f"{text.format(2)}{hers} F2026-0001", True)),
    ]  # fmt: skip
    _, last = mails(server)[-1]
    assert "16 november 2026" in text_of(last) and "al betaald?" in text_of(last)
    assert list(files_of(last)) == [f"{world.reference}-5-v1.pdf"]
    with world.opened() as practice:
        payments.paid(practice, "F2026-0001", after(days=101)())
    assert unpaid(world, days=101) == []


def test_what_is_not_reminded_of_is_the_coachs_and_what_is_not_owed_is_not_shown(
    accepted: Callable[..., World],
) -> None:
    world = accepted("invoicing: {payment_days: 14, remind: {first_after_days: 7, at_most: 0}}\n")
    world.work(after(hours=1))
    assert [[hers for _, hers in unpaid(world, days=days)] for days in (14, 16, 20, 21)] == [
        [],
        [False],
        [False],
        [True],
    ]
    by_hand(world, "UPDATE messages SET bounced = 'no such user' WHERE purpose = 'invoice'")
    assert [hers for _, hers in unpaid(world, days=16)] == [True]
    by_hand(world, "UPDATE invoices SET statutory = replace(statutory, '120.00', '0.00')")
    assert unpaid(world, days=16) == [], "nothing is to be paid"
    by_hand(world, "UPDATE invoices SET statutory = replace(statutory, '0.00', '120.00'), credits = 'F0'")
    assert unpaid(world, days=16) == [], "it is a credit note"
