"""The demo: a fictional practice and a mail server of its own, and a whole coaching, from the dropped file to its end.

Nothing outside this computer is reached: the mail server listens on loopback and knows three mailboxes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import textwrap
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from pipeline import attention, newpractice
from pipeline.demo import coaching, people, years
from pipeline.incoming import consents
from pipeline.practice import Practice, opened
from pipeline.sandbox import SandboxServer
from pipeline.worker import Worker, alone, utc_now

COACH, CLIENT, SPONSOR = "marjan@delinde.example", "sanne.jansen@voorbeeld.example", "p.devries@waterrijk.example"
ACCOUNT = """mail:
  sender: {coach}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: plain-on-loopback, user: {coach}}}
  imap: {{host: 127.0.0.1, port: {imap}, security: plain-on-loopback, user: {coach}}}
  sent_copy: append
  provider: localhost
invoicing: {{when: at_acceptance, payment_days: 14}}
"""
PEOPLE = (COACH, CLIENT, SPONSOR)
FOREWORD = """\
A whole coaching, from the first file to the day on which the last of it is erased. The practice, the client and the \
sponsor are made up; they write Dutch. Their mail server runs on this computer: nothing is sent anywhere else."""
REFUSED = "profile_share"
PATIENCE = 90.0
MOST_WIDE, LEAST_WIDE = 100, 60
WIDTH = max(LEAST_WIDE, min(MOST_WIDE, shutil.get_terminal_size((MOST_WIDE, 24)).columns))
"""Lines are folded to the terminal; wider than this they are tiring to read."""


def demo(folder: Path | None) -> int:
    """Show the three roads, step by step, in `folder` (else a new temporary one); gives the exit code."""
    began = time.monotonic()
    root = newpractice.make((folder or Path(tempfile.mkdtemp(prefix="pipeline-demo-"))) / "praktijk-de-linde")
    print(textwrap.fill(FOREWORD, WIDTH) + "\n")
    password = os.urandom(12).hex()
    with SandboxServer(root.parent / "mail-server", dict.fromkeys(PEOPLE, password)) as server:
        _use(root, server, password)
        _say("practice", f"{root}")
        _say("server", f"SMTP on 127.0.0.1:{server.smtp_port}, IMAP on 127.0.0.1:{server.imap_port}")
        with opened(root) as practice, alone(practice.storage.root):
            _work(practice, server, password)
            _show(practice, server)
            told = coaching.done(practice) and _years(practice)
    print(f"\n{len(PEOPLE)} people and {time.monotonic() - began:.0f} seconds. Nothing left this computer.")
    return 0 if told else 1


def _years(practice: Practice) -> bool:
    """Show what goes once the promised years are over, and what the ledger says of it."""
    _heading("the promised years")
    practice.stopping.clear()  # the service of before has ended
    before = years.lying(practice)
    gone = years.run(practice, utc_now(), _say)
    _heading("what is left of it")
    for folder, after in years.lying(practice).items():
        if before[folder]:
            print(f"{folder:6} {before[folder]:2} mails before, {after} after")
    for path in sorted(practice.storage.root.glob("[!p]*/**/*")):
        if path.is_file():
            print(path.relative_to(practice.folder))
    _heading("what was promised, and the proof (pipeline clauses)")
    print("\n".join(years.proved(practice, utc_now())))
    return gone


def _use(root: Path, server: SandboxServer, password: str) -> None:
    """Point the practice at the demo's server, with the password where a service would have it."""
    file = root / "practice.yaml"
    account = ACCOUNT.format(coach=COACH, smtp=server.smtp_port, imap=server.imap_port)
    file.write_text(re.sub(r"^mail:\n(?:[ #].*\n)*", account, file.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    credentials = root.parent / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    credential = credentials / f"{COACH}@127.0.0.1"
    credential.write_text(password, "utf-8")
    credential.chmod(0o600)
    os.environ["CREDENTIALS_DIRECTORY"] = str(credentials)


def _work(practice: Practice, server: SandboxServer, password: str) -> None:
    """Start the service and let the people act, each when the one before is done, until everything is signed."""
    wake, began = threading.Event(), time.monotonic()
    acts: list[coaching.Act] = [
        (lambda: True, lambda: _drop(practice)),
        (lambda: _sent(practice), lambda: _sign(practice, server, password)),
        (lambda: _waiting(practice) == 2, lambda: _confirm(practice)),
        (lambda: _all_in(practice), lambda: acts.extend(coaching.acts(practice, server, password, _say, _heading))),
    ]

    def look(moved: int) -> None:
        if not moved and acts and acts[0][0]():
            acts.pop(0)[1]()
            worker.look_now()
            wake.set()
        elif (not moved and not acts and coaching.done(practice)) or time.monotonic() - began > PATIENCE:
            practice.stopping.set()
            wake.set()

    worker = Worker(practice, tell=lambda text: _say("pipeline", text))
    worker.after_pass = look
    worker.loop(wake)


def _drop(practice: Practice) -> None:
    _heading("a client file is dropped")
    _say("coach", "drops drop/clients/jansen.yaml")
    shutil.copyfile(practice.folder / "templates" / "nl" / "client.yaml", practice.drop.root / "jansen.yaml")


def _sign(practice: Practice, server: SandboxServer, password: str) -> None:
    """Let the sponsor sign the quote and the client the consent declaration, and answer the mail with it."""
    _heading("the papers are signed and come back")
    for who, address, text in (("sponsor", SPONSOR, "Akkoord, zie bijlage."), ("client", CLIENT, "Getekend terug.")):
        received = server.messages(address)[0]
        files = {}
        for name, data in people.attachments(received).items():
            row = practice.database.row("SELECT kind, boxes FROM documents WHERE file = ?", name)
            assert row is not None, name
            boxes = json.loads(row["boxes"])
            asked = consents.purposes(row["boxes"])
            files[name] = people.signed(data, boxes, {purpose: purpose != REFUSED for purpose in asked})
        _say(who, f"signs {', '.join(files)} and answers the mail")
        people.answer(received, text, files, server.smtp_port, password)


def _confirm(practice: Practice) -> None:
    """Let the coach look at what waits, and confirm it."""
    for one in attention.waiting(practice):
        _say("coach", f"pipeline attention accept {one.number}   ({one.title}: {'; '.join(one.reasons)})")
        _say("pipeline", attention.accept(practice, one.number, utc_now()))


def _sent(practice: Practice) -> bool:
    filed: int = practice.database.value("SELECT count(*) FROM messages WHERE copy_state = 'filed'")
    return filed == 2


def _waiting(practice: Practice) -> int:
    return len(attention.waiting(practice))


def _all_in(practice: Practice) -> bool:
    """Tell whether both papers are booked and the countersigned copies have gone."""
    booked = practice.database.value("SELECT count(*) FROM obligations WHERE state = 'fulfilled'")
    gone = practice.database.value(
        "SELECT count(*) FROM messages WHERE purpose = 'countersigned' AND copy_state = 'filed'"
    )
    waiting = practice.database.value("SELECT count(*) FROM messages WHERE state = 'queued' OR copy_state = 'wanted'")
    return (booked, gone, waiting) == (2, 2, 0)


def _show(practice: Practice, server: SandboxServer) -> None:
    """Show what each received, in short, and where the documents lie."""
    for who, address in (("sponsor", SPONSOR), ("client", CLIENT)):
        _heading(f"what the {who} received")
        for raw in server.messages(address):
            letter = message_from_bytes(raw, policy=policy.default)
            body = letter.get_body(("plain",))
            assert isinstance(body, EmailMessage)
            first = " ".join(body.get_content().replace("\r", "").split("\n\n")[1].split())
            print(textwrap.shorten(first, WIDTH, placeholder=" ..."))
            for part in letter.iter_attachments():
                print(f"    {part.get_filename()}  {len(part.get_payload(decode=True)) >> 10} kB")
    _heading("where things lie")
    for path in sorted(practice.storage.path("dossiers").rglob("*")):
        if path.is_file():
            print(path.relative_to(practice.folder))
    print(f"copies in Sent: {len(server.messages(COACH, 'Sent'))}")
    print(f"the whole practice: {practice.folder}")


def _heading(text: str) -> None:
    print(f"\n--- {text} {'-' * (WIDTH - len(text) - 5)}", flush=True)


def _say(who: str, text: str) -> None:
    """Tell one thing that happens, folded to the width of a terminal."""
    start = f"{time.strftime('%H:%M:%S')}  {who:9} "
    after = " " * len(start)
    told = textwrap.fill(
        text, WIDTH, initial_indent=start, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
    print(told, flush=True)
