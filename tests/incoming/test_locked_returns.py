"""A document that went out locked comes back: still locked, printed to another file, or locked by somebody else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from pipeline.demo import people
from pipeline.press import protect
from pipeline.sandbox import SandboxServer
from pipeline.tokens import document_password
from tests.incoming.road import ACCOUNTS, PASSWORD, STRANGER, Road
from tests.world import CLIENT, COACH, World, client_file

YES = {"coaching": True, "keep_in_touch": False}


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Road]:
    """Give a practice under Refleact's policy whose papers went out locked."""
    where = "{{host: 127.0.0.1, port: {port}, security: plain-on-loopback, user: {user}}}"
    with SandboxServer(tmp_path / "server", ACCOUNTS) as server:
        smtp, imap = (where.format(port=port, user=COACH) for port in (server.smtp_port, server.imap_port))
        world = World(tmp_path, smtp=smtp, imap=imap)
        world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
        world.small_templates()
        world.change("^policy: kleur", "policy: refleact")
        world.drop(client_file())
        world.work()
        yield Road(world, server)


def password(road: Road) -> str:
    """Give the password of the only dossier."""
    with road.world.opened() as practice:
        return document_password(practice.key, road.reference)


def signed(road: Road, number: int, word: str) -> tuple[str, bytes]:
    """Give a document opened with the password, filled in and signed as in a PDF reader."""
    name, data = road.paper(CLIENT, number)
    ((boxes,),) = road.world.rows("SELECT boxes FROM documents WHERE file = ?", name)
    return name, people.signed(protect.bare(data, word), json.loads(str(boxes)), YES)


def saved_locked(data: bytes, word: str) -> bytes:
    """Save a PDF as a reader does that keeps the password of what it opened."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        saved = io.BytesIO()
        pdf.save(saved, encryption=pikepdf.Encryption(user=word, owner=word, R=6))
    return saved.getvalue()


@pytest.mark.parametrize("still_locked", [True, pytest.param(False, marks=pytest.mark.long)])
def test_what_comes_back_is_read_locked_or_not(locked: Road, *, still_locked: bool) -> None:
    word = password(locked)
    papers = [signed(locked, number, word) for number in (1, 2)]
    files = [(name, saved_locked(data, word) if still_locked else data) for name, data in papers]
    assert all(protect.is_locked(data) == still_locked for _, data in files)
    locked.post(locked.answer(CLIENT, "Hierbij.", *files))
    locked.work()
    assert sorted(map(str, (row[2] for row in locked.verdicts()))) == ["signed", "signed"]


def test_what_comes_back_in_a_new_mail_is_opened_by_the_reference_in_its_name(locked: Road) -> None:
    word = password(locked)
    name, data = signed(locked, 1, word)
    letter = locked.answer(CLIENT, "Hierbij.", (name, saved_locked(data, word)), sender=STRANGER)
    for header in ("In-Reply-To", "References"):
        del letter[header]
    locked.post(letter)
    locked.work()
    assert [row[2] for row in locked.verdicts()] == ["signed"]


def test_the_blank_that_comes_back_locked_is_no_signature(locked: Road) -> None:
    locked.post(locked.answer(CLIENT, "Ik kijk er nog naar.", locked.paper(CLIENT, 1)))
    locked.work()
    assert [row[2] for row in locked.verdicts()] == ["not_signed"]


def test_what_somebody_else_locked_waits_for_the_coach(locked: Road) -> None:
    name, data = signed(locked, 1, password(locked))
    locked.post(locked.answer(CLIENT, "Hierbij.", (name, saved_locked(data, "AAAA-BBBB-CCCC"))))
    locked.work()
    assert (locked.verdicts(), locked.waits()) == ([], ["papers"])
