"""The demo's people: they sign what they received, in a PDF reader, and send it back as an answer to the mail."""

from __future__ import annotations

import io
import math
import smtplib
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage

from pikepdf import Array, Dictionary, Name, Pdf

from pipeline.model import OWN_HEADER

POINT = 72 / 25.4
Place = list[float]


def signed(data: bytes, boxes: Mapping[str, Place], answers: Mapping[str, bool]) -> bytes:
    """Give the PDF with its boxes filled in and a signature drawn in its box, as a PDF reader does.

    `boxes` are name → [page, left, top, width, height] in mm; `answers` is purpose → yes or no.
    """
    ticked = {f"{purpose}-{'yes' if given else 'no'}" for purpose, given in answers.items()}
    with Pdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            for note in page.get("/Annots", []):
                if str(note.get("/T", "")) in ticked:
                    note["/V"] = note["/AS"] = Name("/on")
        _draw(pdf, boxes["signature"])
        made = io.BytesIO()
        pdf.save(made)
    return made.getvalue()


def _draw(pdf: Pdf, place: Place) -> None:
    """Put an ink annotation with its appearance in the box: a wavy line, with an end that goes up."""
    page = pdf.pages[int(place[0]) - 1]
    left, top, width, height = (value * POINT for value in place[1:])
    bottom = float(page.mediabox[3]) - top - height
    steps = [at / 60 for at in range(61)]
    points = [
        (width * (0.12 + 0.7 * at), height * (0.5 + 0.3 * math.sin(17 * at) * (1 - at) + 0.25 * at * at))
        for at in steps
    ]
    path = " ".join(f"{x:.1f} {y:.1f} {'l' if at else 'm'}" for at, (x, y) in enumerate(points))
    look = pdf.make_stream(f"0.1 0.15 0.5 RG 1.6 w 1 J 1 j {path} S".encode())
    look.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, width, height])})
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.Ink, Rect=[left, bottom, left + width, bottom + height], F=4, C=[0.1, 0.15, 0.5],
        InkList=[[value for x, y in points for value in (left + x, bottom + y)]], AP=Dictionary(N=look),
    )  # fmt: skip
    if "/Annots" not in page:
        page.obj["/Annots"] = Array([])
    page.obj["/Annots"].append(pdf.make_indirect(note))


def attachments(raw: bytes) -> dict[str, bytes]:
    """Give the files of a mail by their names."""
    letter = message_from_bytes(raw, policy=policy.default)
    return {part.get_filename() or "": part.get_content() for part in letter.iter_attachments()}


def answer(raw: bytes, text: str, files: Mapping[str, bytes], port: int, password: str) -> None:
    """Answer the mail `raw` with `files`, through the server on `port` of this computer."""
    received = message_from_bytes(raw, policy=policy.default)
    letter = EmailMessage()
    letter["From"], letter["To"] = received["To"], received["From"]
    letter["Subject"] = f"Re: {received['Subject']}"
    letter["In-Reply-To"] = letter["References"] = received["Message-ID"]
    letter["Message-ID"] = f"<re-{received[OWN_HEADER]}@{str(received['To']).rpartition('@')[2]}>"
    letter.set_content(text)
    for name, data in files.items():
        letter.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    with smtplib.SMTP("127.0.0.1", port) as line:
        line.login(str(received["To"]), password)
        line.send_message(letter)
