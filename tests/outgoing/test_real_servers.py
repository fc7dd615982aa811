"""One round over Postfix and Dovecot, and the program as a process of its own: P1, P2, P3, P6, P12 where they meet."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.faults.scripted import ScriptedSmtp
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.outgoing.prepared import eventually
from tests.world import World, client_file

NUMBERS = itertools.count(1)
NAME = "Annelies van Ópdorp"
SEEN_WITHIN = 5.0


@dataclass(frozen=True)
class People:
    """Fresh mailboxes for one test."""

    coach: str
    client: str
    sponsor: str


@pytest.fixture
def people(mail: MailStack) -> People:
    """Give a coach, a client and a sponsor that nobody wrote to before."""
    number = next(NUMBERS)
    made = People(f"linde{number}@practice.example", f"annelies{number}@home.example", f"hr{number}@work.example")
    for address in vars(made).values():
        mail.add_address(address)
    return made


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail: MailStack, people: People) -> World:
    """Give a practice at a real provider: TLS and a login for both roads, a copy in Sent appended."""
    account = f"{{host: localhost, port: %d, security: tls, user: {people.coach}}}"
    world = World(tmp_path, smtp=account % mail.submissions_port, imap=account % mail.imaps_port, sent_copy="append")
    world.change("^  sender: .*", f"  sender: {people.coach}")
    world.small_templates()
    world.keep_password(f"{people.coach}@localhost", mail.password(people.coach))
    monkeypatch.setenv("SSL_CERT_FILE", mail.cafile)
    return world


def received(mail: MailStack, address: str) -> EmailMessage:
    """Give the one mail that arrives at an address."""
    (data,) = mail.wait_for(address, 1)
    return message_from_bytes(data, policy=policy.default)


def papers(letter: EmailMessage) -> dict[str, bytes]:
    """Give the attachments of a mail, which are PDF."""
    parts = list(letter.iter_attachments())
    assert {part.get_content_type() for part in parts} == {"application/pdf"}
    return {part.get_filename() or "": bytes(part.get_payload(decode=True)) for part in parts}


def says_who_it_is_from_and_no_more(letter: EmailMessage, coach: str, to: str) -> None:
    """Check the headers: one sender, one recipient, marked as automatic, no person in the subject."""
    assert [one.addr_spec for one in letter["From"].addresses] == [coach]
    assert [one.addr_spec for one in letter["To"].addresses] == [to]
    assert letter["Auto-Submitted"] == "auto-generated"
    assert not re.search(r"Annelies|pdorp|Peter|Vries|Work|@", letter["Subject"])


def dossier(world: World) -> dict[str, bytes]:
    """Give the documents as they lie in the dossier."""
    return {path.name: path.read_bytes() for path in (world.folder / "storage" / "dossiers").rglob("*.pdf")}


def copies(mail: MailStack, coach: str) -> list[tuple[bool, str]]:
    """Give of each mail in Sent whether it is read, and to whom it went."""
    with mail.imap(coach) as box:
        box.select_folder("Sent", readonly=True)
        held = box.fetch(box.search("ALL"), ["FLAGS", "BODY.PEEK[]"])
    return sorted(
        (b"\\Seen" in one[b"FLAGS"], str(message_from_bytes(one[b"BODY[]"], policy=policy.default)["To"]))
        for one in held.values()
    )


@needs_servers
def test_one_mail_with_both_papers_arrives_and_one_copy_is_in_sent(
    real: World, mail: MailStack, people: People
) -> None:
    real.drop(client_file(NAME, people.client))
    assert [real.program("run", "--once").returncode for _ in range(2)] == [0, 0]
    letter = received(mail, people.client)
    says_who_it_is_from_and_no_more(letter, people.coach, people.client)
    assert papers(letter) == dossier(real)
    assert len(dossier(real)) == 2
    assert copies(mail, people.coach) == [(True, people.client)]


@needs_servers
def test_with_a_sponsor_each_receives_only_what_is_theirs(real: World, mail: MailStack, people: People) -> None:
    real.drop(client_file(NAME, people.client, sponsor=people.sponsor))
    real.work()
    quote, consent = received(mail, people.sponsor), received(mail, people.client)
    says_who_it_is_from_and_no_more(quote, people.coach, people.sponsor)
    says_who_it_is_from_and_no_more(consent, people.coach, people.client)
    kept = dossier(real)
    assert papers(quote) == {name: data for name, data in kept.items() if "-1-v" in name}
    assert papers(consent) == {name: data for name, data in kept.items() if "-2-v" in name}
    assert NAME.encode() not in mail.messages(people.sponsor)[0].partition(b"\r\n\r\n")[0]
    assert copies(mail, people.coach) == [(True, people.client), (True, people.sponsor)]


@contextmanager
def running(world: World) -> Iterator[subprocess.Popen[str]]:
    """Run the program until the block ends; it watches already."""
    with subprocess.Popen(
        world.command("run"), env=world.environment(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert "watching" in process.stderr.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", ["moved", "written"])
def test_what_is_dropped_is_seen_within_seconds_and_sent(sending: World, server: ScriptedSmtp, how: str) -> None:
    with running(sending) as process:
        dropped, text = time.monotonic(), client_file(NAME)
        sending.drop(text) if how == "moved" else (sending.drop_folder / "new.yaml").write_text(text, "utf-8")
        eventually(lambda: not list(sending.drop_folder.glob("*.yaml")), SEEN_WITHIN)
        assert time.monotonic() - dropped < SEEN_WITHIN
        eventually(lambda: sending.states() == ["accepted"])
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert (process.returncode, len(server.accepted)) == (0, 1)
    assert "stopped" in log
    assert not re.search("Annelies|pdorp|sanne|@", log)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_stops_the_program_cleanly(sending: World, number: signal.Signals) -> None:
    with running(sending) as process:
        eventually((sending.folder / "storage" / "state.db").exists)
        process.send_signal(number)
        _, log = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in log, "stopped" in log) == (0, False, True)
    assert not list((sending.folder / "storage").glob("press/*"))
    assert sending.program("run", "--once").returncode == 0


@pytest.mark.long
def test_a_second_program_on_the_same_practice_ends_at_once_and_says_who_runs(sending: World) -> None:
    with running(sending) as process:
        for arguments in (["run"], ["run", "--once"]):
            second = sending.program(*arguments, timeout=20)
            assert second.returncode == 75
            assert f"process {process.pid}" in second.stderr
        assert sending.program("status").returncode == 0
        process.terminate()
        assert process.wait(20) == 0
