"""A coaching that runs: the quote and the consent form have gone, and what the client has allowed stands as a fact."""

from __future__ import annotations

import email
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, Order, Shelf, after, by_hand, plain
from tests.world import World


def running(
    shelf: Shelf, root: Path, server: ScriptedSmtp, *, sponsored: bool = True, policy: str = "kleur",
    consents: tuple[str, ...] = ("coaching",),
) -> World:  # fmt: skip
    """Give a practice with one dossier whose first mails were accepted and forgotten, with these consents given."""
    world = shelf.world(root, smtp=plain(server), order=Order(sponsored=sponsored))
    world.work(after(minutes=1))
    if policy != "kleur":
        world.change("^policy: kleur", f"policy: {policy}")
        world.change("^  version: .*", '  version: "2026-12"')
    for purpose in consents:
        consent(world, purpose)
    server.forget()
    return world


def consent(world: World, purpose: str, *, given: bool = True, at: datetime = START + timedelta(minutes=2)) -> None:
    """Write down a word of the client's, as the road in does when her form is booked."""
    dossier = world.reference
    known = len(world.rows("SELECT 1 FROM mails"))
    by_hand(
        world, "INSERT INTO mails (seal, file, state, dossier, next_at, stored_at) VALUES (?, '', 'filed', ?, ?, ?)",
        f"seal-{known}", dossier, at.isoformat(), at.isoformat(),
    )  # fmt: skip
    by_hand(
        world,
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " VALUES (?, ?, ?, ?, 'text', 'fields', (SELECT max(number) FROM mails), ?, ?)",
        dossier, purpose, int(given), f"{dossier}-2 v1", at.isoformat(), at.isoformat(),
    )  # fmt: skip


def mails(server: ScriptedSmtp) -> list[tuple[str, EmailMessage]]:
    """Give what was accepted: to whom, and the mail."""
    return [
        (recipient, email.message_from_bytes(mail.raw, policy=policy.default))
        for mail in server.accepted for recipient in mail.recipients
    ]  # fmt: skip


def text_of(mail: EmailMessage) -> str:
    """Give a mail's plain text."""
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


def files_of(mail: EmailMessage) -> dict[str, bytes]:
    """Give a mail's attachments by their names."""
    found = {}
    for part in mail.iter_attachments():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        found[str(part.get_filename())] = data
    return found
