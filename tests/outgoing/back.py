"""What the road in leaves in the rows: papers that came back and were booked, answers heard; and the road out after it.

The roads do not know each other: rows are all that passes between them, so these are written here as rows.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from PIL import Image, ImageDraw

from pipeline.model import Kind
from pipeline.outgoing.opening import countersigned, reminders
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.reading.findings import Certificate, Findings, Ink, Way
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import Clock
from tests.promises.papers import Letter, read
from tests.world import World

BY_HAND = Findings(signature=Ink.SIGNED)
IN_FIELDS = Findings(signature=Ink.SIGNED, signature_way=Way.FIELDS, boxes_way=Way.FIELDS)
DIGITAL = Findings(signature_way=Way.CERTIFICATE, certificate=Certificate(intact=True, signer="S. Jansen Certified"))


def drawn(width: int, height: int) -> bytes:
    """Give a picture of a signature of that many pixels, as the reader cuts it out."""
    picture = Image.new("L", (width, height), "white")
    ImageDraw.Draw(picture).line([(5, height - 9), (width // 3, 8), (width - 5, height // 2)], fill=0, width=4)
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()


@dataclass(frozen=True)
class Paper:
    """A document that came back: what was read, the picture of it, and the consents given or refused."""

    kind: Kind
    at: datetime
    state: str = "booked"
    version: int = 1
    findings: Findings = BY_HAND
    picture: bytes = b""
    answers: Mapping[str, bool] = field(default_factory=dict)
    confirmed: bool = False
    original: bytes = b""


def take_back(world: World, paper: Paper) -> None:
    """Write the rows and files of one paper of the only dossier."""
    ((reference,),) = world.rows("SELECT reference FROM dossiers")
    at, storage = paper.at.isoformat(), world.folder / "storage"
    with closing(sqlite3.connect(storage / "state.db")) as database, database:
        mail = database.execute(
            "INSERT INTO mails (seal, file, state, next_at, stored_at) VALUES (hex(randomblob(9)), ?, 'filed', ?, ?)",
            (f"mail/{paper.kind}.eml", at, at),
        ).lastrowid
        picture, original = f"{reference}-{mail}.png", f"{reference}-{mail}.bin"
        for name, data in ((picture, paper.picture), (original, paper.original)):
            (storage / name).write_bytes(data)
            (storage / name).chmod(0o600)
        number = database.execute(
            "INSERT INTO returns (mail, dossier, kind, version, verdict, reasons, findings, files, picture, state,"
            " read_at, decided_at) VALUES (?, ?, ?, ?, 'signed', '[]', ?, ?, ?, ?, ?, ?)",
            (mail, reference, paper.kind, paper.version, json.dumps(paper.findings.as_data()), json.dumps([original]),
             picture if paper.picture else None, paper.state, at, at),
        ).lastrowid  # fmt: skip
        if paper.confirmed:
            database.execute(
                "INSERT INTO attention (what, dossier, return, reasons, state, opened_at, settled_at, decision)"
                " VALUES ('return', ?, ?, '[]', 'settled', ?, ?, 'accepted')", (reference, number, at, at),
            )  # fmt: skip
        if paper.state == "booked":
            database.execute(
                "UPDATE obligations SET state = 'fulfilled', settled_at = ? WHERE kind = ? AND version = ?",
                (at, paper.kind, paper.version),
            )
        for purpose, given in paper.answers.items():
            database.execute(
                "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
                " VALUES (?, ?, ?, ?, 'S', 'pixels', ?, ?, ?)",
                (reference, purpose, int(given), f"{reference}-2 v{paper.version}", mail, at, at),
            )


def road_out(practice: Practice, clock: Clock) -> list[str]:
    """Take the steps after the road in, each twice as a worker does that starts over; gives what was told."""
    told: list[str] = []
    for _ in range(2):
        reminders.expire(practice, clock(), told.append)
        reminders.remind(practice, clock(), told.append)
        countersigned.countersign(practice, clock(), told.append)
        outbox.send(practice, clock, told.append)
    return told


def letters(server: ScriptedSmtp) -> list[tuple[str, Letter]]:
    """Give the mails that were accepted, each with its one recipient."""
    assert all(len(mail.recipients) == 1 for mail in server.accepted)
    return [(mail.recipients[0], read(mail.raw)) for mail in server.accepted]
