"""The demo: a fictional practice and a mail server of its own, a client file dropped, and what becomes of it.

Nothing outside this computer is reached: the mail server listens on loopback and knows three mailboxes.
"""

from __future__ import annotations

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

from pipeline import newpractice
from pipeline.practice import Practice, opened
from pipeline.sandbox import SandboxServer
from pipeline.worker import Worker, alone

COACH, CLIENT, SPONSOR = "marjan@delinde.example", "sanne.jansen@voorbeeld.example", "p.devries@waterrijk.example"
ACCOUNT = """mail:
  sender: {coach}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: plain-on-loopback, user: {coach}}}
  imap: {{host: 127.0.0.1, port: {imap}, security: plain-on-loopback, user: {coach}}}
  sent_copy: append
"""
PATIENCE = 60.0


def demo(folder: Path | None) -> int:
    """Show the road out, step by step, in `folder` (else a new temporary one); gives the exit code."""
    root = newpractice.make(folder or Path(tempfile.mkdtemp(prefix="pipeline-demo-")) / "praktijk-de-linde")
    password = os.urandom(12).hex()
    with SandboxServer(root.parent / "mail-server", dict.fromkeys((COACH, CLIENT, SPONSOR), password)) as server:
        _use(root, server, password)
        _say("practice", f"{root}")
        _say("server", f"SMTP on 127.0.0.1:{server.smtp_port}, IMAP on 127.0.0.1:{server.imap_port}")
        with opened(root) as practice, alone(practice.storage.root):
            _work(practice)
            _show(practice, server)
            return 0 if _done(practice) else 1


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


def _work(practice: Practice) -> None:
    """Start the service, drop the client file as a coach would, and wait until the mail has gone."""
    wake, began = threading.Event(), time.monotonic()

    def drop() -> None:
        time.sleep(1.5)
        _say("coach", "drops drop/clients/jansen.yaml")
        shutil.copyfile(practice.folder / "templates" / "nl" / "client.yaml", practice.drop.root / "jansen.yaml")

    def look(moved: int) -> None:
        if (not moved and _done(practice)) or time.monotonic() - began > PATIENCE:
            practice.stopping.set()
            wake.set()

    worker = Worker(practice, tell=lambda text: _say("pipeline", text))
    worker.after_pass = look
    coach = threading.Thread(target=drop)
    coach.start()
    worker.loop(wake)
    coach.join()


def _done(practice: Practice) -> bool:
    sent = practice.database.value("SELECT count(*) FROM messages WHERE copy_state = 'filed'")
    waiting = practice.database.value("SELECT count(*) FROM messages WHERE copy_state != 'filed'")
    return bool(sent) and not waiting


def _show(practice: Practice, server: SandboxServer) -> None:
    """Show the mail as it was received, and where the documents lie."""
    for who, address in (("sponsor", SPONSOR), ("client", CLIENT)):
        for raw in server.messages(address):
            letter = message_from_bytes(raw, policy=policy.default)
            print(f"\n--- as the {who} received it " + "-" * 40)
            for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted"):
                print(f"{name}: {letter[name]}")
            body = letter.get_body(("plain",))
            assert isinstance(body, EmailMessage)
            print(textwrap.indent(body.get_content().rstrip(), "  "))
            for part in letter.iter_attachments():
                print(f"  [{part.get_filename()}, {len(part.get_content()) >> 10} kB]")
    print("\n--- where things lie " + "-" * 48)
    for path in sorted(practice.storage.path("dossiers").rglob("*.pdf")):
        print(path)
    print(f"copies in Sent: {len(server.messages(COACH, 'Sent'))}")
    print(f"the whole practice: {practice.folder}   (pipeline status --practice {practice.folder})")


def _say(who: str, text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {who:9} {text}", flush=True)
