"""The demo's coaching, once everything is signed: appointment, profile, a report with a round of changes, invoice.

Each act waits until the one before has had its effect; what people write, they write as people do.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from pikepdf import Array, Dictionary, Name, Pdf, Stream

from pipeline import attention
from pipeline.demo import people
from pipeline.model import OWN_HEADER, MessageState, Party, Purpose
from pipeline.outgoing.billing import payments
from pipeline.practice import Practice
from pipeline.sandbox import SandboxServer
from pipeline.worker import utc_now

Act = tuple[Callable[[], bool], Callable[[], None]]
Tell = Callable[[str, str], None]
CLIENT, SPONSOR = "sanne.jansen@voorbeeld.example", "p.devries@waterrijk.example"
REPORT = """# Eindverslag

Sanne wilde meer rust en overzicht in haar nieuwe rol. In zes gesprekken heeft zij gezien waar haar tijd blijft.

## Wat er nu anders is

{changed}
"""
FIRST, SECOND = "Zij zegt vaker nee tegen haar manager.", "Zij kiest vooraf waaraan zij haar week besteedt."


def acts(
    practice: Practice, server: SandboxServer, password: str, tell: Tell, heading: Callable[[str], None]
) -> Iterator[Act]:
    """Give what happens in the course of the coaching, each with what must be so before."""
    day = f"{practice.today(utc_now()) + timedelta(days=10):%-d-%-m-%Y}"
    reference: str = practice.database.value("SELECT reference FROM dossiers")

    def drop(where: str, name: str, data: str | bytes) -> None:
        tell("coach", f"drops drop/{where}/{name}")
        _put(practice.drops[where].root / name, data)

    def meet() -> None:
        heading("an appointment, for her calendar")
        drop("appointments", f"{reference}.yaml", f"wanneer: {day} 14:00\nwaar: Lindelaan 12, Utrecht\n")

    def invite() -> None:
        heading("her profile: by her consent, and to her alone")
        drop("profiles", f"{reference}.yaml", "link: https://vragenlijst.voorbeeld.example/7f3a\n")

    def report() -> None:
        heading("the report: she reads it first, and it goes on when she says yes")
        drop("reports", f"{reference} verslag.md", REPORT.format(changed=FIRST))

    def again() -> None:
        _agree(practice, tell)
        drop("reports", f"{reference} verslag 2.md", REPORT.format(changed=SECOND))

    def answer(version: int, text: str) -> None:
        _answer(server, password, practice, version, text, tell)

    yield lambda: True, meet
    yield lambda: _sent(practice, Purpose.APPOINTMENT, 1), invite
    yield (
        lambda: _sent(practice, Purpose.INVITATION, 1),
        lambda: drop("profiles", f"{reference} profiel.pdf", profile("Sanne Jansen")),
    )
    yield lambda: bool(_open(practice)) or _sent(practice, Purpose.PROFILE, 1), lambda: _agree(practice, tell)
    yield lambda: _sent(practice, Purpose.PROFILE, 1), report
    yield (
        lambda: _sent(practice, Purpose.REPORT, 1),
        lambda: answer(1, "Kun je de zin over mijn manager nog aanpassen?\n\nSanne"),
    )
    yield lambda: bool(_open(practice)), again
    yield lambda: _sent(practice, Purpose.REPORT, 2), lambda: answer(2, "Ja, akkoord.\n\nGroet, Sanne")
    yield lambda: _sent(practice, Purpose.REPORT, 2, Party.SPONSOR), lambda: _pay(practice, tell)


def done(practice: Practice) -> bool:
    """Tell whether the report has reached the sponsor and the invoice is paid."""
    paid = practice.database.value("SELECT count(*) FROM invoices WHERE paid_on IS NOT NULL")
    return bool(paid) and _sent(practice, Purpose.REPORT, 2, Party.SPONSOR)


def _sent(practice: Practice, purpose: Purpose, number: int, party: Party | None = None) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE purpose = ? AND round = ? AND state = ? AND (? IS NULL OR party = ?)",
            purpose, number, MessageState.ACCEPTED, party, party,
        )
    )  # fmt: skip


def _open(practice: Practice) -> list[attention.Waiting]:
    return attention.waiting(practice)


def _agree(practice: Practice, tell: Tell) -> None:
    """Let the coach look at what waits for her, and agree."""
    for one in _open(practice):
        tell("coach", f"pipeline attention accept {one.number}   ({one.title}: {'; '.join(one.reasons)})")
        tell("pipeline", attention.accept(practice, one.number, utc_now()))


def _answer(server: SandboxServer, password: str, practice: Practice, version: int, text: str, tell: Tell) -> None:
    """Let the client answer the mail that brought a version of the report."""
    token: str = practice.database.value(
        "SELECT token FROM messages WHERE purpose = ? AND round = ? AND party = ?",
        Purpose.REPORT,
        version,
        Party.CLIENT,
    )
    (received,) = (raw for raw in server.messages(CLIENT) if f"{OWN_HEADER}: {token}".encode() in raw)
    tell("client", f"answers: {text.splitlines()[0]}")
    people.answer(received, text, {}, server.smtp_port, password)


def _pay(practice: Practice, tell: Tell) -> None:
    reference: str = practice.database.value("SELECT reference FROM dossiers")
    tell("coach", f"pipeline paid {reference}   ({payments.paid(practice, reference, utc_now())})")


def _put(place: Path, data: str | bytes) -> None:
    place.write_bytes(data.encode() if isinstance(data, str) else data)


def profile(name: str) -> bytes:
    """Make a profile as its makers give it out: somebody's name on each page, and pages of prose."""
    pdf = Pdf.new()
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    for number in range(1, 5):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Resources = Dictionary(Font=Dictionary(F=font))
        lines = [(24, 700, name), (12, 660, "Persoonlijk profiel"), (10, 60, f"{name} - pagina {number}")]
        text = "".join(f"BT /F {size} Tf 70 {y} Td ({said}) Tj ET\n" for size, y, said in lines)
        page.Contents = Array([pdf.make_indirect(Stream(pdf, text.encode("cp1252")))])
    made = io.BytesIO()
    pdf.save(made)
    return made.getvalue()
