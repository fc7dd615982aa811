"""Where a practice promised no personal data in mail: nobody can be read on the way, and each document has a lock.

Refleact's promise (R-Tr.7) is the policy of these practices.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pikepdf
import pytest

from pipeline.model import OPENING
from pipeline.policy.policy import policy_file
from pipeline.press import protect
from pipeline.press.stamp import fingerprint
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.back import Paper, road_out, take_back
from tests.outgoing.prepared import after, by_hand, frozen, plain, reference, shown
from tests.world import CLIENT, SPONSOR, World, client_file

CLIENT_FILE = (
    'client: {name: "Sanne Zwartkruis", email: "sanne@home.example", phone: "06 5555 0142"}\n'
    "sponsor: {organisation: Gemeente Hogeveld, contact: Peter Quispel, email: peter@work.example,"
    ' address: "Dorpsplein 14, 9999 XK Hogeveld", kvk: "87654321", purchase_order: INK-2026-77}\n'
    "goal: Rustig worden en weer plezier hebben in een eigen team\nprogramme: kort\n"
)
CANARIES = ("zwartkruis", "quispel", "hogeveld", "5555", "dorpsplein", "87654321", "ink-2026", "plezier")


@pytest.fixture
def promised(tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice under Refleact's policy that sends through `server`."""
    world = World(tmp_path, smtp=plain(server))
    world.change("^policy: kleur", "policy: refleact")
    return world


@pytest.fixture
def small(promised: World) -> World:
    """Give the same with templates of a few lines."""
    promised.small_templates()
    return promised


def parsed(data: bytes) -> EmailMessage:
    """Read a mail as a receiver does."""
    return message_from_bytes(data, policy=policy.default)


def attachments(data: bytes) -> dict[str, bytes]:
    """Give the files of a mail."""
    return {str(part.get_filename()): bytes(part.get_payload(decode=True)) for part in parsed(data).iter_attachments()}


def readable(data: bytes) -> str:
    """Give all that a mail says without opening its attachments, and what their bytes say as they are."""
    letter = parsed(data)
    said = [f"{name}: {value}" for name, value in letter.items() if name != "To"]
    said += [str(part.get_content()) for part in letter.walk() if part.get_content_maintype() == "text"]
    said += [file.decode("latin-1") for file in attachments(data).values()]
    return "\n".join(said).casefold()


def passwords(world: World) -> dict[str, str]:
    """Give the passwords as the coach is shown them, by whom each is for."""
    said = world.typed("show", reference(world)).stdout.splitlines()
    return {line.split()[5]: line.split()[1] for line in said if line.startswith("password")}


def password(world: World) -> str:
    """Give the client's password as the coach is shown it."""
    return passwords(world)["client"]


def denied(world: World) -> list[dict[str, str]]:
    """Give what the ledger says of gates that were closed."""
    entries = [json.loads(str(row[0])) for row in world.rows("SELECT entry FROM ledger ORDER BY number")]
    return [entry for entry in entries if entry["event"] == "gate.denied"]


def test_nobody_can_read_a_person_on_the_way_but_in_the_greeting(promised: World, server: ScriptedSmtp) -> None:
    promised.drop(CLIENT_FILE)
    promised.work(after())
    assert sorted(mail.recipients for mail in server.accepted) == [(SPONSOR,), (CLIENT,)]
    for mail in server.accepted:
        hers = "beste sanne zwartkruis," if mail.recipients == (CLIENT,) else "beste peter quispel,"
        said = readable(mail.raw)
        assert said.count(hers) == 2  # once in the plain text, once in the HTML
        assert [word for word in CANARIES if word in said.replace(hers, "")] == []


def test_the_documents_open_with_the_password_that_the_coach_is_shown_and_not_without(
    promised: World, server: ScriptedSmtp
) -> None:
    promised.drop(CLIENT_FILE)
    promised.work(after())
    told, folder = passwords(promised), promised.folder / "storage" / "dossiers" / reference(promised)
    words = {CLIENT: told["client"], SPONSOR: told["sponsor"]}
    for to, name, file in [
        (mail.recipients[0], *one) for mail in server.accepted for one in attachments(mail.raw).items()
    ]:
        word, (other,) = words[to], {*words.values()} - {words[to]}
        for wrong in ("", word.lower(), word[:-1], reference(promised), other):
            assert protect.bare(file, wrong) == b""
        assert protect.strongly(file, word) and protect.strongly(file, word.replace("-", ""))
        document = protect.bare(file, word)
        assert document == protect.bare((folder / name).read_bytes())
        assert fingerprint(document) == f"{name[:11]} v1"


def test_the_mail_says_that_the_document_is_locked_and_how_the_password_comes(
    promised: World, server: ScriptedSmtp
) -> None:
    promised.drop(CLIENT_FILE)
    promised.drop(client_file("Tom Reed", "tom@home.example", more="language: en\n"), "reed.yaml")
    promised.work(after())
    said = {mail.recipients[0]: parsed(mail.raw).get_body(("plain",)).get_content() for mail in server.accepted}  # type: ignore[union-attr]  # there is one
    assert "De bijlage is vergrendeld" in said[SPONSOR] and "telefonisch" in said[SPONSOR]
    assert "The attachments are locked" in said["tom@home.example"] and "by phone" in said["tom@home.example"]
    blocks = said[CLIENT].replace("\r\n", "\n").split("\n\n")
    assert "-2-v1.pdf" in blocks[[block[:10] for block in blocks].index("De bijlage") - 1]


def test_the_password_is_written_nowhere(promised: World, server: ScriptedSmtp) -> None:
    promised.drop(CLIENT_FILE)
    told = "\n".join(promised.work(after()))
    word = password(promised)
    kept = [path.read_bytes() for path in (promised.folder / "storage").rglob("*") if path.is_file()]
    said = [*kept, told.encode(), *(readable(mail.raw).upper().encode() for mail in server.accepted)]
    for form in (word, word.replace("-", "")):
        assert [text[:40] for text in said if form.encode() in text] == []
    assert f"pipeline show {reference(promised)}" in told
    assert len(word) == 14 and [len(group) for group in word.split("-")] == [4, 4, 4]


def test_each_dossier_has_a_password_of_its_own_and_keeps_it(small: World, server: ScriptedSmtp) -> None:
    small.drop(client_file())
    small.work(after())
    first = password(small)
    small.drop(client_file(more="goal: Rust\n"))
    small.work(after(hours=1))
    assert password(small) == first
    newest = attachments(server.accepted[-1].raw)
    assert all(protect.strongly(file, first) for file in newest.values()) and "-v2" in next(iter(newest))
    small.drop(client_file("Tom Reed", "tom@home.example"), "reed.yaml")
    small.work(after(hours=2))
    others = attachments(server.accepted[-1].raw)
    assert not any(protect.strongly(file, first) for file in others.values())


@pytest.mark.parametrize(
    ("template", "text", "shows"),
    [
        ("nl/mail/quote_and_consent.txt", "{{ greeting }}\n\nVoor Sanne.\n", "client.name"),
        ("nl/mail/quote_and_consent.txt", "{{ greeting }} {{ greeting }}\n\nHierbij.\n", "client.name"),
        ("mail.html", "<p>{{ greeting }}</p><p title='06-55550142'></p>", "client.phone"),
        ("mail.html", "<p>{{ greeting }}</p><!-- sanne@home.example -->", "client.email"),
    ],
)
def test_a_template_that_names_her_keeps_the_mail_in_and_the_ledger_says_by_which_clause(
    small: World, server: ScriptedSmtp, template: str, text: str, shows: str
) -> None:
    (small.folder / "templates" / template).write_text(text, "utf-8")
    small.drop(client_file().replace("email:", 'phone: "06 5555 0142", email:'))
    small.work(after())
    assert (small.states(), server.accepted) == (["refused"], [])
    (entry,) = denied(small)
    assert (entry["rules"], entry["clauses"]) == ("refleact.mail.no_personal_data", "R-Tr.7")
    ((reason,),) = small.rows("SELECT reason FROM messages")
    assert shows in str(reason) and "Sanne" not in str(reason)
    assert shown(small, after(hours=1)) == ["refused"]
    assert not any(line.startswith("C: MAIL") for line in server.dialogue)  # not a byte of it was handed over


def test_whatever_a_template_asks_of_a_person_it_is_given_nobody(small: World, server: ScriptedSmtp) -> None:
    text = "{{ greeting }}\n\n{{ client.name }}/{{ client.email }}/{{ client.phone }}/{{ client.greeting }}.\n"
    (small.folder / "templates" / "nl" / "mail" / "quote_and_consent.txt").write_text(text, "utf-8")
    small.drop(client_file())
    small.work(after())
    (mail,) = server.accepted
    assert "de cliënt///." in readable(mail.raw)


def test_a_policy_that_lets_no_document_travel_leaves_the_mail_for_the_coach(
    small: World, server: ScriptedSmtp
) -> None:
    own = policy_file("refleact", small.folder, "nl")[0].decode()
    (small.folder / "mine.yaml").write_text(own.replace("instead: encrypted_pdf", "instead: nothing"), "utf-8")
    small.change("^policy: refleact", "policy: mine.yaml")
    small.drop(client_file())
    small.work(after())
    small.work(after(days=2))
    assert (small.states(), server.accepted, shown(small, after(days=2))) == (["refused"], [], ["refused"])
    assert [entry["clauses"] for entry in denied(small)] == ["R-Tr.7"]
    assert "password" not in small.typed("show", reference(small)).stdout


def unlock(data: bytes, word: str) -> bytes:
    """Take the lock off a document."""
    return protect.bare(data, word)


def weaken(data: bytes, word: str) -> bytes:
    """Lock a document as it was done long ago, with RC4."""
    with pikepdf.open(io.BytesIO(data), password=word) as pdf:
        saved = io.BytesIO()
        pdf.save(saved, encryption=pikepdf.Encryption(user=word, owner=word, R=3, aes=False, metadata=False))
        return saved.getvalue()


def another(data: bytes, word: str) -> bytes:
    """Lock another document with the same password."""
    with pikepdf.open(io.BytesIO(data), password=word) as pdf:
        pdf.pages.append(pdf.pages[0])
        saved = io.BytesIO()
        pdf.save(saved, encryption=pikepdf.Encryption(user=word, owner=word.replace("-", ""), R=6))
        return saved.getvalue()


@pytest.mark.parametrize("act", [unlock, weaken, another])
def test_a_frozen_mail_is_looked_at_again_at_the_moment_of_the_send(
    small: World, server: ScriptedSmtp, act: Callable[[bytes, str], bytes]
) -> None:
    server.at("connect", "421 4.3.2 closed")
    small.drop(client_file())
    small.work(after())
    file, word = frozen(small)[CLIENT], password(small)
    letter = parsed(file.read_bytes())
    for part in letter.iter_attachments():
        name, data = str(part.get_filename()), part.get_payload(decode=True)
        assert isinstance(data, bytes)
        part.set_content(
            act(data, word), maintype="application", subtype="pdf", filename=name, disposition="attachment"
        )
    forged = letter.as_bytes(policy=policy.SMTP.clone(max_line_length=400))
    file.write_bytes(forged)
    by_hand(small, "UPDATE messages SET sha256 = ?", hashlib.sha256(forged).hexdigest())
    server.behave()
    small.work(after(hours=2))
    assert (small.states(), server.accepted) == (["refused"], [])


def test_what_was_made_before_the_promise_does_not_leave_after_it(queued: World, server: ScriptedSmtp) -> None:
    queued.change("^policy: kleur", "policy: refleact")
    queued.change('^  version: "2026-11"', '  version: "2026-12"')
    queued.work(after())
    assert (queued.states(), server.accepted) == (["refused"], [])


def test_reminders_and_copies_are_locked_too(small: World, server: ScriptedSmtp) -> None:
    small.drop(client_file())
    small.work(after())
    word, reminded = password(small), after(days=8)
    small.work(reminded)
    for kind in OPENING:
        take_back(small, Paper(kind, reminded() + timedelta(hours=1)))
    with small.opened() as practice:
        road_out(practice, after(days=9))
    subjects = [mail.recipients[0] for mail in server.accepted]
    assert subjects == [CLIENT, CLIENT, CLIENT, "marjan@delinde.example"]
    for mail in server.accepted[:3]:
        files = attachments(mail.raw)
        assert len(files) == 2 and all(protect.strongly(file, word) for file in files.values())
    assert attachments(server.accepted[3].raw) == {}


def test_a_mail_that_is_composed_again_after_a_crash_carries_the_same_document(
    small: World, server: ScriptedSmtp
) -> None:
    small.drop(client_file())
    server.at("connect", "421 4.3.2 closed")
    small.work(after())
    first = frozen(small)[CLIENT].read_bytes()
    with closing(sqlite3.connect(small.folder / "storage" / "state.db")) as database, database:
        database.execute("DELETE FROM messages")
        database.execute("UPDATE requests SET state = 'written'")
    server.behave()
    small.work(after(hours=3))
    (mail,) = server.accepted
    word = password(small)
    for name, file in attachments(mail.raw).items():
        assert protect.bare(file, word) == protect.bare(attachments(first)[name], word) != b""


def test_the_ledger_says_which_promises_an_accepted_mail_kept(small: World, server: ScriptedSmtp) -> None:
    small.drop(CLIENT_FILE)
    small.work(after())
    entries = [json.loads(str(row[0])) for row in small.rows("SELECT entry FROM ledger ORDER BY number")]
    kept = {entry["clauses"] for entry in entries if entry["event"] == "message.accepted"}
    assert kept == {"R-De.1 R-Tr.7", "R-Tr.7"}
