"""A dossier from its client file to its booked papers, in which everything that was ever typed is a canary.

A real mail server, real papers, mails in plain text, in base64 and in quoted-printable, a refused client file, a letter
of a stranger, an invoice in two halves. What is left of it afterwards is looked for in raw bytes.
"""

from __future__ import annotations

import base64
import json
import quopri
import re
import shutil
import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from pipeline import attention
from pipeline.demo import people
from pipeline.practice import Practice
from pipeline.retention import closing, planning, timetable
from pipeline.sandbox import SandboxServer
from pipeline.worker import utc_now
from tests.world import COACH, World

PASSWORD = "a password"
STRANGER = "kanariestranger@kanariestreet.example"
CLIENT, SPONSOR = "kanarieclient@kanariehome.example", "kanariesponsor@kanariework.example"
ACCOUNTS = dict.fromkeys((COACH, CLIENT, SPONSOR, STRANGER), PASSWORD)
FIELDS = {
    "client": {
        "name": "Kanáriename Zilverberk", "formerly": "Kanarieformerly Zoutman", "email": CLIENT,
        "salutation": "Beste Kanariesalutation", "phone": "kanariephone 06 918273", "role": "kanarierole",
        "organisation": "Kanarieorganisation",
    },
    "sponsor": {
        "organisation": "Kanariesponsorhouse", "contact": "Kanariecontact de Wit", "email": SPONSOR,
        "salutation": "Geachte Kanariegreeted", "address": "Kanarieaddress 12", "kvk": "83174926",
        "purchase_order": "kanarieorder-77",
    },
}  # fmt: skip
GOAL, LINE = "Kanariegoal: weer slapen.", "Kanarieline op maat"
MAILED = {
    "plain": "kanariemailplain", "base64": "kanáriemailbase", "quoted-printable": "kanáriemailquoted",
    "subject": "Kanariesubject",
}  # fmt: skip
STRANGE, DROPPED, DROPPED_NAME = "kanariestrange", "kanariedropped", "kanariefile"
STATUTORY, REST = "Kanariestatutory, 450 euro", "Kanarierest: coaching om weer te slapen"
PDF_OF_INVOICE = b"%PDF-1.7 Kanarieinvoicefile"
PDF_OF_STRANGER = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
WITHOUT = {"refleact": {"role", "organisation"}}
"""The fields of the client that a policy does not let in."""
YES = {"coaching": True, "profile_take": True, "report_receive": True, "keep_in_touch": False, "profile_share": True}


def canaries(policy_name: str) -> dict[str, str]:
    """Give everything that was typed about the people of this dossier, by what it is; the invoice is apart."""
    left_out = WITHOUT.get(policy_name, set())
    fields = {f"{who}.{name}": value for who, of in FIELDS.items() for name, value in of.items()}
    fields = {name: value for name, value in fields.items() if name.removeprefix("client.") not in left_out}
    mails = {f"mail.{name}": value for name, value in MAILED.items()}
    return fields | mails | {
        "goal": GOAL, "line": LINE, "stranger": STRANGE, "stranger.email": STRANGER, "dropped": DROPPED,
        "dropped.name": DROPPED_NAME, "invoice.rest": REST, "invoice.file": PDF_OF_INVOICE[9:].decode(),
    }  # fmt: skip


@dataclass
class Story:
    """A practice in which it happened, and its mail server."""

    world: World
    server: SandboxServer
    policy: str

    def post(self, sender: str, letter: EmailMessage | bytes) -> None:
        """Bring a mail to the coach's mailbox."""
        data = letter if isinstance(letter, bytes) else letter.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port) as line:
            line.login(sender, PASSWORD)
            line.sendmail(sender, [COACH], data)

    @property
    def reference(self) -> str:
        """The only dossier."""
        return str(self.world.rows("SELECT reference FROM dossiers")[0][0])


def client_text(policy_name: str) -> str:
    """Give the client file: every field that the policy lets in."""
    left_out = WITHOUT.get(policy_name, set())
    client = {name: value for name, value in FIELDS["client"].items() if name not in left_out}
    lines = [{"description": LINE, "unit_price": "100", "vat": "21"}]
    whole = {"client": client, "sponsor": FIELDS["sponsor"], "goal": GOAL, "lines": lines, "language": "nl"}
    return json.dumps(whole, ensure_ascii=False)


def account(port: int) -> str:
    """Give the coach's account at a port of this computer, as practice.yaml has it."""
    return f"{{host: 127.0.0.1, port: {port}, security: plain-on-loopback, user: {COACH}}}"


def _world(root: Path, server: SandboxServer, policy_name: str) -> World:
    world = World(root, smtp=account(server.smtp_port), imap=account(server.imap_port), sent_copy="append")
    world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
    world.change(r"^policy: .*$", f"policy: {policy_name}")
    world.small_templates()
    return world


def happen(root: Path, policy_name: str, server_root: Path | None = None) -> None:
    """Let it all happen in `root`; the mail server's mailboxes lie elsewhere where that is said."""
    with SandboxServer((server_root or root) / "server", ACCOUNTS) as server:
        story = Story(_world(root, server, policy_name), server, policy_name)
        story.world.drop(client_text(policy_name))
        story.world.work()
        _answer(story)
        story.world.drop(f"client: {{name: {DROPPED}}}\n", f"{DROPPED_NAME}.yaml")
        story.world.work()
        _accept_everything(story)
        story.world.work()
        _put_beside(story)


@contextmanager
def told(shelf: Path, root: Path, policy_name: str) -> Iterator[Story]:
    """Give a copy of what `happen` made, with its server running."""
    shutil.copytree(shelf / "server", root / "server")
    with SandboxServer(root / "server", ACCOUNTS) as server:
        world = _world(root, server, policy_name)
        shutil.copytree(shelf / "practice" / "storage", world.folder / "storage", dirs_exist_ok=True)
        shutil.copytree(shelf / "practice" / "drop", world.folder / "drop", dirs_exist_ok=True)
        yield Story(world, server, policy_name)


def _answer(story: Story) -> None:
    """Let client and sponsor answer with their signed papers, and say things in three encodings; a stranger writes."""
    for at, (address, number) in enumerate(((SPONSOR, 1), (CLIENT, 2))):
        received = story.server.messages(address)
        letter = _reply(received[-1], address, list(MAILED)[at + 1], list(MAILED.values())[at + 1])
        if (paper := _signed(story, received[-1], number)) is not None:
            name, data = paper
            letter.add_attachment(data, maintype="application", subtype="pdf", filename=name)
        story.post(address, letter)
    story.post(CLIENT, _reply(story.server.messages(CLIENT)[-1], CLIENT, "7bit", MAILED["plain"]))
    stranger = EmailMessage()
    stranger["From"], stranger["To"], stranger["Subject"] = STRANGER, COACH, f"{STRANGE}: mijn gegevens"
    stranger.set_content(f"{STRANGE}: ik wil mijn toestemming intrekken, en inzage in mijn persoonsgegevens.")
    stranger.add_attachment(PDF_OF_STRANGER, maintype="application", subtype="pdf", filename=f"{STRANGE}.pdf")
    story.post(STRANGER, stranger)


def _reply(raw: bytes, sender: str, encoding: str, text: str) -> EmailMessage:
    received = message_from_bytes(raw, policy=policy.default)
    letter = EmailMessage()
    letter["From"], letter["To"] = f"Kanarie <{sender}>", COACH
    letter["Subject"] = f"Re: {received['Subject']} {MAILED['subject']}"
    letter["In-Reply-To"] = letter["References"] = received["Message-ID"]
    letter.set_content(f"Hierbij. {text}\n{text.upper()}\n", cte=encoding)
    return letter


def _signed(story: Story, raw: bytes, number: int) -> tuple[str, bytes] | None:
    """Give the paper that somebody received, signed; None where it travels locked."""
    for name, data in people.attachments(raw).items():
        if f"-{number}-v" in name and b"/Encrypt" not in data:
            (boxes,) = story.world.rows("SELECT boxes FROM documents WHERE file = ?", name)
            return name, people.signed(data, json.loads(str(boxes[0])), YES)
    return None


def _accept_everything(story: Story) -> None:
    with story.world.opened() as practice:
        for one in attention.waiting(practice):
            attention.accept(practice, one.number, utc_now())


def _put_beside(story: Story) -> None:
    """Write what no road writes yet: an invoice, an approval, a lifted hold, a file that somebody put there."""
    reference, at = story.reference, utc_now().isoformat()
    with story.world.opened() as practice:
        run = practice.database.run
        file = f"dossiers/{reference}/{reference}-invoice-1.pdf"
        books = f"dossiers/{reference}/{reference}-invoice-1.xml"
        practice.storage.write(file, PDF_OF_INVOICE)
        practice.storage.write(books, STATUTORY.encode())
        practice.storage.write(f"dossiers/{reference}/extra/{reference}-put-there.txt", GOAL.encode())
        statutory, rest = (json.dumps({"text": text}) for text in (STATUTORY, REST))
        run("INSERT INTO invoices (number, dossier, issued_on, statutory, rest, file, sha256, books)"
        " VALUES ('2026-0001', ?, ?, ?, ?, ?, '00', ?)", reference, at[:10], statutory, rest, file, books)  # fmt: skip
        run(
            "INSERT INTO approvals (dossier, document, recipient, purpose, given, at, way)"
            " VALUES (?, 'seal', ?, 'send', 1, ?, 'coach')", reference, SPONSOR, at,
        )  # fmt: skip
        run(
            "INSERT INTO holds (dossier, kind, reason, placed_at, lifted_at) VALUES (?, 'hold', ?, ?, ?)",
            reference, GOAL, at, at,
        )  # fmt: skip


def live_on(practice: Practice, said: list[str], until: datetime, *, closed: bool = True) -> datetime:
    """Let the years pass to `until`: the coach closes the dossier, and agrees each time; gives the last moment."""
    reference = practice.database.value("SELECT reference FROM dossiers")
    if closed and closing.closed_on(practice, reference) is None:
        closing.close(practice, reference, utc_now())
    now = utc_now()
    while (day := next_day(practice, now, until)) is not None:
        for moment in (day - timedelta(days=13), day + timedelta(days=1), day + timedelta(days=15)):
            now = max(now + timedelta(minutes=1), moment)
            timetable.keep_promises(practice, now, said.append, asked=True)
    return now


def next_day(practice: Practice, now: datetime, until: datetime) -> datetime | None:
    """Give the next day on which something must be gone, before `until`."""
    ends = [one.term.gone_by for one in planning.endings(practice, practice.today(now)) if one.term.gone_by]
    days = sorted(datetime.combine(day, time(11), UTC) for day in ends)
    return next((day for day in days if day < until), None)


def needles(values: Mapping[str, str]) -> dict[bytes, str]:
    """Give every form in which a value can stand in raw bytes, with what it is."""
    return {form: name for name, value in values.items() for form in _forms(value)}


def _forms(value: str) -> set[bytes]:
    found: set[bytes] = set()
    for text in {value, value.lower(), value.upper()}:
        raw = text.encode()
        found |= {raw, text.encode("utf-16-le"), quopri.encodestring(raw), json.dumps(text)[1:-1].encode()}
        found |= {_in_base64(raw, shift) for shift in range(3)}
    return found


def _in_base64(raw: bytes, shift: int) -> bytes:
    """Give the middle of what a value looks like in base64 when it begins at a place of three."""
    coded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
    return coded[4 if shift else 0 : len(coded) - len(coded) % 4 - (4 if len(raw) % 3 else 0)][:40]


def found_in(data: bytes, wanted: Mapping[bytes, str]) -> set[str]:
    """Give what of `wanted` stands in these bytes."""
    pattern = re.compile(b"|".join(re.escape(form) for form in sorted(wanted, key=len, reverse=True)))
    return {wanted[hit[0]] for hit in pattern.finditer(data)}


def found_below(folder: Path, wanted: Mapping[bytes, str]) -> dict[str, set[str]]:
    """Give in which files below a folder, and in which names, something of `wanted` stands."""
    hits = {
        str(path.relative_to(folder)): found_in(
            (path.read_bytes() if path.is_file() else b"") + b"\n" + path.name.encode(), wanted
        )
        for path in sorted(folder.rglob("*"))
    }
    return {name: of for name, of in hits.items() if of}
