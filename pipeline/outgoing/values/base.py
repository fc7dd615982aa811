"""What a template is given: every value as finished text in the document's language.

Pure. Dates and money go through Babel; nothing here decides who receives a document, `plan` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from pipeline.bill import BillLine
from pipeline.config.client import ClientFile, QuoteLine, Sponsor, quote_lines
from pipeline.config.practice import PracticeFile
from pipeline.model import Kind, Party, Purpose, document_code, document_file
from pipeline.money import Totals, VatRow, add_up
from pipeline.outgoing import plan
from pipeline.policy.drift import reference
from pipeline.policy.policy import Policy, questions
from pipeline.words import say

Values = dict[str, Any]
LOCALES = {"nl": "nl_NL", "en": "en_GB"}
GREETINGS = {"nl": "Beste", "en": "Dear"}
GREETED = ("beste ", "geachte ", "lieve ", "dag ", "dear ", "hello ")


@dataclass(frozen=True)
class Revision:
    """One revision of a request, with all that its documents are made from."""

    reference: str
    number: int
    quote_number: str
    on: date
    client: ClientFile
    replaced_on: date | None = None

    def language(self, file: PracticeFile) -> str:
        """Give the language of its documents."""
        return self.client.language or file.language


def document_values(revision: Revision, kind: Kind, file: PracticeFile, policy: Policy) -> Values:
    """Give the values of one document; the goal is there only when all who receive it may see it."""
    language, client = revision.language(file), revision.client
    addressed = plan.signer(client, kind)
    goal_shown = client.sponsor is None or file.quote.goal_to_sponsor
    values = common(revision, file, policy)
    values["statement"]["version"] = reference(policy, file)  # the exact one, for whoever compares
    values |= {
        "document": {
            "code": document_code(revision.reference, kind),
            "version": str(revision.number),
            "date": day(revision.on, language),
            "replaces": _replaces(revision, language),
        },
        "greeting": greeting(client, addressed, language),
        "goal": client.goal if kind is Kind.QUOTE and goal_shown else None,
        "signer": addressed.value,
    }
    return values | _quote(revision, file) | _questions(client, policy, language)


def mail_values(
    revision: Revision,
    party: Party,
    kinds: list[Kind],
    file: PracticeFile,
    policy: Policy,
    purpose: Purpose = Purpose.DOCUMENTS,
) -> Values:
    """Give the values of one mail: neither goal nor amounts, for a mail is an open postcard; a note names nobody."""
    language = mail_language(revision, party, file)
    attachments = [
        {
            "file": attached_file(revision.reference, kind, revision.number, purpose),
            "title": _title(revision, party, kind, language),
        }
        for kind in kinds
    ]
    values = common(revision, file, policy) | {
        "language": language,
        "document": {
            "code": document_code(revision.reference, kinds[0]),
            "version": str(revision.number),
            "date": day(revision.on, language),
            "replaces": _replaces(revision, language),
        },
        "greeting": greeting(revision.client, party, language),
        "attachments": attachments,
        "signer": party.value,
    }
    if party is Party.COACH:
        values["greeting"] = f"{GREETINGS[language]} {file.practice.coach},"
        del values["client"], values["sponsor"]
    return values


def mail_language(revision: Revision, party: Party, file: PracticeFile) -> str:
    """Give the language of a mail: the dossier's, but the practice's own for the coach."""
    return file.language if party is Party.COACH else revision.language(file)


def attached_file(reference: str, kind: Kind, version: int, purpose: Purpose) -> str:
    """Give the name of a document's file, or of its countersigned copy."""
    name = document_file(reference, kind, version)
    countersigned = purpose in {Purpose.COUNTERSIGNED, Purpose.NOTE}
    return name.removesuffix(".pdf") + "-countersigned.pdf" if countersigned else name


def _title(revision: Revision, party: Party, kind: Kind, language: str) -> str:
    """Name a document in a mail, and say when it is not for this reader to sign."""
    title = say(language, f"document_{kind}", number=revision.quote_number)
    own = party is Party.COACH or plan.signer(revision.client, kind) is party
    return title if own else f"{title} ({say(language, 'for_information')})"


def valid_until(revision: Revision, file: PracticeFile) -> date:
    """Give the last day on which the quote can be accepted."""
    return revision.on + timedelta(days=file.quote.valid_days)


def greeting(client: ClientFile, party: Party, language: str) -> str:
    """Give the whole greeting line: the form of address as typed when it greets already, else a word before it."""
    person = client.sponsor if party is Party.SPONSOR and client.sponsor else client.client
    named = person.salutation or (person.contact if isinstance(person, Sponsor) else person.name)
    greets = named.casefold().startswith(GREETED)
    return f"{named.rstrip(',')}," if greets else f"{GREETINGS[language]} {named.rstrip(',')},"


def day(moment: date, language: str) -> str:
    """Write a date in full."""
    return str(format_date(moment, "d MMMM y", locale=LOCALES[language]))


def money(amount: Decimal, language: str) -> str:
    """Write an amount in euro."""
    return str(format_currency(amount, "EUR", locale=LOCALES[language]))


def percent(rate: Decimal | None, language: str) -> str:
    """Write a VAT rate, or that there is none."""
    return say(language, "exempt") if rate is None else str(format_percent(rate / 100, locale=LOCALES[language]))


def common(revision: Revision, file: PracticeFile, policy: Policy) -> Values:
    """Give what every document and every mail of a dossier can show."""
    language, client = revision.language(file), revision.client
    sponsor = None
    if client.sponsor is not None:
        sponsor = _texts(client.sponsor.model_dump()) | {"greeting": greeting(client, Party.SPONSOR, language)}
    return {
        "language": language,
        "reference": revision.reference,
        "practice": _texts(file.practice.model_dump()),
        "client": _texts(client.client.model_dump()) | {"greeting": greeting(client, Party.CLIENT, language)},
        "sponsor": sponsor,
        "quote": {"number": revision.quote_number, "valid_until": day(valid_until(revision, file), language)},
        "sign_by": day(valid_until(revision, file), language),
        "statement": {
            "title": policy.title.in_language(language),
            "version": file.statement.version,
            "url": file.statement.url or "",
        },
    }


def _quote(revision: Revision, file: PracticeFile) -> Values:
    language, client = revision.language(file), revision.client
    lines = quote_lines(client, file.catalogue)
    totals = add_up((line.quantity, line.unit_price, line.vat) for line in lines)
    programme = file.programmes.get(client.programme or "")
    return {
        "programme": programme and {"name": programme.name, "description": programme.description or ""},
        "lines": [line_values(line, amount, language) for line, amount in zip(lines, totals.amounts, strict=True)],
        **_totals(totals, language),
        "payment_days": str(file.quote.payment_days),
        "terms": file.quote.terms,
    }


def line_values(line: QuoteLine | BillLine, amount: Decimal, language: str) -> dict[str, str]:
    """Give one line of a quote or an invoice."""
    return {
        "description": line.description,
        "quantity": str(format_decimal(line.quantity, locale=LOCALES[language])),
        "unit": line.unit or "",
        "unit_price": money(line.unit_price, language),
        "vat": percent(line.vat, language),
        "amount": money(amount, language),
    }


def vat_values(row: VatRow, language: str) -> dict[str, str]:
    """Give the VAT of one rate."""
    return {"rate": percent(row.rate, language), "base": money(row.base, language), "amount": money(row.vat, language)}


def _totals(totals: Totals, language: str) -> Values:
    rows = [vat_values(row, language) for row in totals.vat]
    total = {"excluding": totals.excluding, "vat": totals.tax, "including": totals.including}
    return {"vat": rows, "total": {name: money(amount, language) for name, amount in total.items()}}


def _questions(client: ClientFile, policy: Policy, language: str) -> Values:
    asked = questions(policy, sponsored=client.sponsor is not None)
    return {
        "questions": [
            {
                "name": question.purpose,
                "text": question.text.in_language(language),
                "note": question.note.in_language(language) if question.note else "",
            }
            for question in asked
        ]
    }


def _replaces(revision: Revision, language: str) -> str | None:
    if revision.number == 1 or revision.replaced_on is None:
        return None
    return say(language, "replaces", version=revision.number - 1, date=day(revision.replaced_on, language))


def _texts(values: dict[str, object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}
