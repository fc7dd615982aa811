"""`invoices`, `paid`, `credit`: what was billed, the coach's word that it was paid, and an invoice taken back."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import date

from pipeline.errors import UsageError
from pipeline.outgoing.billing import invoices, payments
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import utc_now

COLUMNS = ("number", "issued", "due", "paid", "dossier", "buyer", "excluding", "vat", "including", "credits", "file")


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    listed = commands.add_parser("invoices", parents=[shared], help="what was billed, and what of it is paid")
    listed.add_argument("--csv", action="store_true", help="for a spreadsheet")
    listed.set_defaults(command=_invoices)
    paid = commands.add_parser("paid", parents=[shared], help="say that an invoice was paid")
    paid.add_argument("invoice", metavar="REF|NUMBER")
    paid.add_argument("--on", metavar="DATE", help="another day than today, such as 2027-06-30")
    paid.add_argument("--undo", action="store_true", help="it was not paid after all")
    paid.set_defaults(command=_paid)
    credit = commands.add_parser("credit", parents=[shared], help="take an invoice back with a credit note")
    credit.add_argument("number", metavar="NUMBER")
    credit.add_argument("--again", action="store_true", help="and bill the same once more, as things stand now")
    credit.set_defaults(command=_credit)


def _invoices(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        lines = [_line(practice, number) for number in _numbers(practice)]
        if chosen.csv:
            table = csv.writer(sys.stdout)
            table.writerow(COLUMNS)
            table.writerows(lines)
        elif not lines:
            print(say(practice.file.language, "no_invoices"))
        for line in lines if not chosen.csv else ():
            told = dict(zip(COLUMNS, line, strict=True))
            state = f"credits {told['credits']}" if told["credits"] else f"paid {told['paid']}" if told["paid"] else ""
            due = state or f"due {told['due']}"
            print(f"{told['number']:14} {told['issued']}  {told['including']:>12}  {told['dossier']:9}  {due}".rstrip())
    return 0


def _numbers(practice: Practice) -> list[str]:
    return [row["number"] for row in practice.database.rows("SELECT number FROM invoices ORDER BY issued_on, number")]


def _line(practice: Practice, number: str) -> tuple[str, ...]:
    row = practice.database.row("SELECT * FROM invoices WHERE number = ?", number)
    assert row is not None
    invoice = invoices.read(row)
    totals = invoice.totals
    sign = -1 if invoice.credits else 1
    return (
        number, row["issued_on"], row["due_on"] or "", row["paid_on"] or "", row["dossier"], invoice.buyer.name,
        str(sign * totals.excluding), str(sign * totals.tax), str(sign * totals.including), row["credits"] or "",
        row["file"] or row["books"] or "",
    )  # fmt: skip


def _paid(chosen: Namespace) -> int:
    now = utc_now()
    with opened(chosen.practice) as practice:
        language = practice.file.language
        if chosen.undo:
            print(say(language, "unpaid", number=payments.unpaid(practice, chosen.invoice, now)))
            return 0
        day = _day(chosen.on, language) or practice.today(now)
        print(say(language, "paid", number=payments.paid(practice, chosen.invoice, now, day), day=day.isoformat()))
    return 0


def _credit(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        number = chosen.number.strip().upper()
        by = invoices.credit(practice, number, utc_now(), again=chosen.again)
        print(say(practice.file.language, "credited", number=number, by=by))
    return 0


def _day(typed: str | None, language: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise UsageError(say(language, "not_a_day", value=str(typed)[:20])) from None
