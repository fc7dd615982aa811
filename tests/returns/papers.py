"""The papers that were sent: printed by the real press from the shipped templates, kept on disk between runs."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2

from pipeline import newpractice, tokens
from pipeline.config.client import ClientFile
from pipeline.config.practice import read_practice_file
from pipeline.edges.press import Press, Printed
from pipeline.model import OPENING, Kind, Party, document_code, document_file
from pipeline.outgoing import plan
from pipeline.outgoing.values.base import Revision, Values, document_values
from pipeline.policy.policy import read_policy

KEY = bytes(range(32))
COACH = "marjan@delinde.example"
Picture = np.ndarray[Any, np.dtype[np.uint8]]
Change = Callable[[Values], object]

LINES = [
    {"description": "Intake en kennismaking", "quantity": "1", "unit": "gesprek", "unit_price": "145.00", "vat": "21"},
    {"description": "Coachgesprek van anderhalf uur", "quantity": "8", "unit": "gesprek", "unit_price": "172.50",
     "vat": "21"},
    {"description": "Wandelcoaching in het bos, per dagdeel", "quantity": "2", "unit": "dagdeel",
     "unit_price": "310.00", "vat": "9"},
]  # fmt: skip
SPONSOR = {
    "organisation": "Gemeente Waterrijk", "contact": "Peter de Vries", "email": "p.devries@waterrijk.example",
    "address": "Stadsplein 1\n1234 AB Waterrijk", "kvk": "87654321", "purchase_order": "INK-2026-118",
}  # fmt: skip
COMPANY = {
    "organisation": "Northgate Tooling Ltd", "contact": "Alison Hart", "email": "alison.hart@northgate.example",
    "address": "7 Mill Lane\nNorthgate",
}  # fmt: skip
CLIENTS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"client": {"name": "Sanne Jansen", "email": "sanne.jansen@voorbeeld.example"}, "programme": "loopbaan",
      "goal": "Meer rust en overzicht in een nieuwe rol.", "sponsor": SPONSOR}, 2),
    ({"client": {"name": "Ruben Kool", "email": "r.kool@post.example"}, "programme": "kort"}, 1),
    ({"client": {"name": "Tom Baker", "email": "tom.baker@home.example"}, "lines": LINES, "language": "en",
      "goal": "To lead a team without losing sleep over it."}, 2),
    ({"client": {"name": "Mieke van der Laan", "email": "mieke@vanderlaan.example", "organisation": "Laan Advies"},
      "lines": LINES * 6, "goal": "Grenzen stellen\nen dat volhouden."}, 3),
    ({"client": {"name": "Ines Okafor", "email": "ines.okafor@mail.example", "role": "Planner"}, "programme": "kort",
      "language": "en", "sponsor": COMPANY}, 1),
    ({"client": {"name": "Joost Brandsma", "email": "joost@brandsma.example"}, "programme": "loopbaan",
      "goal": "Uitzoeken of dit vak nog bij mij past."}, 1),
)  # fmt: skip
"""Each client file, and in how many revisions it was sent. All are fictional."""


@dataclass(frozen=True)
class Paper:
    """One document as it was sent, and to whom."""

    dossier: str
    kind: Kind
    version: int
    newest: int
    language: str
    party: Party
    signer: str
    email: str
    printed: Printed

    @property
    def file(self) -> str:
        """The name under which it was sent."""
        return document_file(self.dossier, self.kind, self.version)

    @property
    def token(self) -> str:
        """The token of the mail in which it was sent."""
        return tokens.message_token(KEY, self.dossier, self.version, self.party)

    @property
    def boxes(self) -> dict[str, list[float]]:
        """Its check boxes: name to page, left, top, width, height in mm."""
        return {name: place for name, place in self.printed.boxes.items() if name != "signature"}

    @property
    def signature(self) -> tuple[int, float, float, float, float]:
        """Where it is to be signed: page, left, top, width, height in mm."""
        page, *place = self.printed.boxes["signature"]
        left, top, width, height = place
        return int(page), left, top, width, height

    def picture(self, page: int, dpi: int) -> Picture:
        """Draw a page (from 1) as a program shows it, blue, green, red."""
        return draw(self.printed.data, page, dpi)


def draw(data: bytes, page: int, dpi: int) -> Picture:
    """Draw a page (from 1) of any PDF, with its annotations and fields."""
    with pypdfium2.PdfDocument(data) as document:
        if document.get_formtype():
            document.init_forms()
        bitmap = document[page - 1].render(scale=dpi / 72, rev_byteorder=False, may_draw_forms=True)
        return np.ascontiguousarray(bitmap.to_numpy()[:, :, :3]).copy()


def papers() -> list[Paper]:
    """Give every document that was sent, all clients and revisions; printed once, then taken from disk."""
    return [_paper(number, revision, kind) for number, (_, last) in enumerate(CLIENTS)
            for revision in range(1, last + 1) for kind in OPENING]  # fmt: skip


@cache
def _paper(number: int, version: int, kind: Kind) -> Paper:
    client, newest = _client(number), CLIENTS[number][1]
    party = plan.signer(client, kind)
    sponsor = client.sponsor if party is Party.SPONSOR else None
    name, email = (sponsor.contact, sponsor.email) if sponsor else (client.client.name, client.client.email)
    printed = reprinted(number, version, kind)
    language = client.language or "nl"
    return Paper(_reference(number), kind, version, newest, language, party, name, email, printed)


def number_of(paper: Paper) -> int:
    """Give which client of `CLIENTS` a paper is for."""
    return next(number for number in range(len(CLIENTS)) if _reference(number) == paper.dossier)


def reprinted(
    number: int, version: int, kind: Kind, change: Change = lambda _: None, template: str | None = None
) -> Printed:
    """Print a document, after `change` has been at its values: with the same code, as a clever forger would."""
    revision = Revision(
        _reference(number), version, f"2026-{number + 41:04d}", date(2026, 10, 4 + 9 * version), _client(number),
        date(2026, 9, 28) if version > 1 else None,
    )  # fmt: skip
    file = read_practice_file(newpractice.shipped())
    policy = read_policy(file.policy, newpractice.shipped(), file.language)
    values = document_values(revision, kind, file, policy)
    change(values)
    job = [f"{revision.language(file)}/{kind}.html", values, document_code(revision.reference, kind), version]
    return _kept(job, tokens.page_tag(KEY, revision.reference, kind, version))


def _client(number: int) -> ClientFile:
    return ClientFile.model_validate(CLIENTS[number][0])


def _reference(number: int) -> str:
    return tokens.reference(KEY, hashlib.sha256(str(CLIENTS[number][0]["client"]["name"]).encode()).hexdigest(), 0)


def _kept(job: list[Any], tag: str) -> Printed:
    name = hashlib.sha256(json.dumps([job, tag], sort_keys=True).encode()).hexdigest()[:32]
    data, boxes = kept_folder() / f"{name}.pdf", kept_folder() / f"{name}.json"
    if not boxes.exists():
        template, values, document, version = job
        printed = _press().print(template, values, document, version, tag)
        _keep(data, printed.data)
        _keep(boxes, json.dumps(printed.boxes).encode())
    pdf = data.read_bytes()
    with pypdfium2.PdfDocument(pdf) as document:
        return Printed(pdf, len(document), json.loads(boxes.read_text("utf-8")))


def _keep(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: several workers may be printing the same."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_bytes(data)
    half.rename(path)


@cache
def kept_folder() -> Path:
    """Give the folder in which printed papers are kept: another one when a template or the press has changed."""
    sources = [newpractice.shipped() / "practice.yaml", *sorted((newpractice.shipped() / "templates").rglob("*.*"))]
    sources += sorted(Path(newpractice.__file__).parent.glob("press/*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources if path.is_file())).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"pipeline-returns-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid(), f"{folder} belongs to somebody else"
    return folder


_presses: list[Press] = []


def _press() -> Press:
    if not _presses:
        _presses.append(Press(newpractice.shipped() / "templates", kept_folder() / "press", lambda _, __: b""))
    return _presses[0]


@contextmanager
def pressed() -> Iterator[None]:
    """End the press afterwards, if it was needed at all."""
    try:
        yield
    finally:
        while _presses:
            _presses.pop().close()
