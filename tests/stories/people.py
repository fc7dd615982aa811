"""The client and the sponsor of a story: they read their mail in their own mailboxes, sign, and answer as programs do.

Takes what lies in a mailbox on the real server; leaves mail in the coach's. Each logs in as herself.
"""

from __future__ import annotations

import json
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from types import MappingProxyType

from pipeline.demo import people
from pipeline.model import Party
from pipeline.press import protect
from pipeline.tokens import document_password
from tests.mailstack.stack import MailStack
from tests.stories.letters import Received, called
from tests.world import World

PROVIDER = "mx.practice.example"
"""The name by which the coach's mail provider signs what it found of a sender."""
QUOTED = "\n\nOp 8 januari 2020 schreef {sender}:\n{lines}\n"


@dataclass
class Person:
    """Somebody with a mailbox of her own; `then` is what happens once her mail has come to the coach's mailbox."""

    who: str
    name: str
    address: str
    coach: str
    server: MailStack
    world: World
    then: Callable[[], None]

    def mails(self) -> list[Received]:
        """Give all that she ever received, the newest last; of one moment by what they carry."""
        return sorted(map(Received, self.server.messages(self.address)), key=lambda mail: (mail.date, mail.carries))

    @property
    def newest(self) -> Received:
        """The newest mail in her mailbox."""
        return self.mails()[-1]

    @property
    def got(self) -> list[str]:
        """What each mail that she received carries."""
        return [mail.carries for mail in self.mails()]

    def documents(self) -> dict[str, bytes]:
        """Give every document that she ever received, by what it is called."""
        return {name: mail.document(name) for mail in self.mails() for name in mail.carries.split(", ") if mail.files}

    def reads(self, document: str) -> bytes:
        """Give a document that she received as she reads it, its lock opened."""
        mail = next(mail for mail in reversed(self.mails()) if document in mail.carries.split(", "))
        name = next(name for name in mail.files if called([name]) == [document])
        return self.opened(name, mail.files[name])

    def signs(self, answers: Mapping[str, bool] = MappingProxyType({}), text: str = "Hierbij getekend terug.") -> None:
        """Fill in and sign every paper in the newest mail that brought one, with her `answers`, and send it back.

        What went out locked is opened with the password that the coach told her on the telephone.
        """
        brought = next(mail for mail in reversed(self.mails()) if any(map(self._boxes, mail.files)))
        signed = {
            name: people.signed(self.opened(name, data), boxes, answers)
            for name, data in brought.files.items() if (boxes := self._boxes(name))
        }  # fmt: skip
        self.answers(text, to=brought, files=signed)

    def answers(self, text: str, *, to: Received | None = None, files: Mapping[str, bytes] | None = None) -> None:
        """Answer a mail, the newest if none is named, with what it said quoted below."""
        asked = to or self.newest
        lines = "\n".join(f"> {line}".rstrip() for line in asked.text.splitlines())
        letter = EmailMessage()
        letter["From"], letter["To"] = f"{self.name} <{self.address}>", self.coach
        letter["Subject"] = f"Re: {asked.subject}"
        letter["In-Reply-To"] = letter["References"] = asked.letter["Message-ID"]
        letter.set_content(text + QUOTED.format(sender=self.coach, lines=lines))
        for name, data in (files or {}).items():
            letter.add_attachment(data, maintype="application", subtype="pdf", filename=name)
        self.sends(letter)

    def sends(self, letter: EmailMessage) -> None:
        """Send a mail to the coach over her own account; it is in the coach's mailbox when the program looks.

        The line on top is what the coach's provider writes above a mail whose sender it has found to be genuine.
        """
        domain = self.address.partition("@")[2]
        found = f"Authentication-Results: {PROVIDER}; dmarc=pass header.from={domain}\r\n"
        before = len(self.server.messages(self.coach))
        with smtplib.SMTP_SSL("localhost", self.server.submissions_port, context=self.server.tls()) as line:
            line.login(self.address, self.server.password(self.address))
            line.sendmail(self.address, [self.coach], found.encode() + letter.as_bytes(policy=policy.SMTP))
        self.server.wait_for(self.coach, before + 1)
        self.then()

    def opened(self, name: str, data: bytes) -> bytes:
        """Give a PDF as she reads it: with the password that she was told, where it has a lock."""
        if not protect.is_locked(data):
            return data
        ((key,),) = self.world.rows("SELECT value FROM settings WHERE name = 'key'")
        return protect.bare(data, document_password(bytes.fromhex(str(key)), name[:9], Party(self.who)))

    def _boxes(self, name: str) -> dict[str, list[float]]:
        """Tell where the boxes are that she sees in a paper; none in a file that asks nothing back."""
        rows = self.world.rows("SELECT boxes FROM documents WHERE file = ? AND boxes <> ''", name)
        boxes = json.loads(str(rows[0][0])) if rows else {}
        return boxes if "signature" in boxes else {}
