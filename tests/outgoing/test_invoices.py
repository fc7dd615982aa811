"""Invoices: issued when the practice chose, numbered without gaps, sent to who pays, never changed, reminded of."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.outgoing.billing import invoices, payments
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import files_of, mails, running, text_of
from tests.outgoing.prepared import START, Shelf, after, by_hand
from tests.world import CLIENT, SPONSOR, World

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
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.work(after(hours=1))
    with world.opened() as practice:
        assert invoices.credit(practice, "F2026-0001", after(hours=2)()) == "F2026-0002"
    world.work(after(hours=3))
    assert [row[0] for row in books(world)] == ["F2026-0001", "F2026-0002"] and total(world) == 0
    assert "vervalt factuur F2026-0001" in text_of(mails(server)[1][1])
    again = world.program("credit", "F2026-0001", "--again")
    assert again.returncode == 64 and "al teruggenomen" in again.stderr
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
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted()
    world.change("^  btw: .*\n", "")
    world.work(after(hours=1))
    assert (books(world), mails(server)) == ([], [])
    shown = world.program("attention").stdout
    assert "btw-nummer" in shown
    world.change("^  kvk: ", "  btw: NL123456789B01\n  kvk: ")
    world.work(after(hours=2))
    assert [row[0] for row in books(world)] == ["F2026-0001"]


def test_an_unpaid_invoice_is_reminded_of_so_often_and_no_more(
    accepted: Callable[..., World], server: ScriptedSmtp
) -> None:
    world = accepted("invoicing: {payment_days: 14, remind: {first_after_days: 7, every_days: 14, at_most: 2}}\n")
    seen = []
    for days in (0, 14, 20, 22, 34, 36, 60, 100):
        world.work(after(days=days, hours=1))
        seen.append(len(mails(server)))
    assert seen == [1, 1, 1, 2, 2, 3, 3, 3]
    _, last = mails(server)[-1]
    assert "nog geen betaling" in text_of(last) and list(files_of(last)) == [f"{world.reference}-5-v1.pdf"]


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("paid", "F2099-0001"), "er is geen factuur F2099-0001"),
        (("paid", "F2026-0001", "--on", "2020-01-01"), "kies een dag vanaf toen"),
        (("credit", "F2099-0001"), "factuur F2099-0001 is er niet"),
    ],
)
def test_a_word_that_cannot_hold_is_refused_with_what_to_type(
    accepted: Callable[..., World], arguments: tuple[str, ...], says: str
) -> None:
    world = accepted()
    world.work(after(hours=1))
    refused = world.program(*arguments)
    assert (refused.returncode, says in refused.stderr) == (64, True), refused.stderr


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
