"""A practice for a test: real folders, real SQLite, the real press, and whatever mail server the test brings.

`World.drop` puts a client file there as a file manager does, `World.work` lets the program do what there is to do,
in this process; `World.typed` carries out a command here too, `World.program` in a process of its own.
"""

from __future__ import annotations

import io
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path

from pipeline import newpractice
from pipeline.cli import main
from pipeline.practice import Practice, opened
from pipeline.worker import Worker, utc_now
from tests import warm

COACH = "coach@practice.example"
CLIENT = "sanne@home.example"
SPONSOR = "peter@work.example"
NOWHERE = "{host: 127.0.0.1, port: 9, security: plain-on-loopback}"
SMALL = {
    "quote.html": '<p>Quote {{ quote.number }} for {{ client.name }}{% if goal %}: {{ goal }}{% endif %}</p>'
    '<p>{{ total.including }}</p><div id="signature" style="width:85mm;height:30mm"></div>',
    "consent.html": '<p>Consent of {{ client.name }}</p>{% for q in questions %}<p>{{ q.text }} '
    '<input type="checkbox" name="{{ q.name }}-yes" style="appearance:auto;width:5mm;height:5mm">'
    '<input type="checkbox" name="{{ q.name }}-no" style="appearance:auto;width:5mm;height:5mm"></p>{% endfor %}'
    '<div id="signature" style="width:85mm;height:30mm"></div>',
    "mail/quote.txt": "{{ greeting }}\n\nQuote {{ reference }}.\n",
    "mail/consent.txt": "{{ greeting }}\n\nConsent {{ reference }}.\n",
    "mail/quote_and_consent.txt": "{{ greeting }}\n\nBoth {{ reference }}.\n",
}  # fmt: skip


def client_file(name: str = "Sanne Jansen", email: str = CLIENT, *, sponsor: str | None = None, more: str = "") -> str:
    """Give the text of a client file; `sponsor` is the sponsor's address, `more` is added as it is."""
    payer = f"sponsor: {{organisation: Work, contact: Peter de Vries, email: {sponsor}}}\n" if sponsor else ""
    return f'client: {{name: "{name}", email: "{email}"}}\n{payer}programme: kort\n{more}'


class World:
    """One practice folder of a test."""

    def __init__(self, root: Path, *, smtp: str = NOWHERE, imap: str = "", sent_copy: str = "none") -> None:
        """Make the practice in `root`/practice; `smtp` and `imap` are YAML mappings for practice.yaml."""
        self.folder = newpractice.make(root / "practice")
        self.settings = root / "settings"
        account = f"mail:\n  sender: {COACH}\n  smtp: {smtp}\n  sent_copy: {sent_copy}\n"
        self.change(r"^daily_note: yes", "daily_note: no")
        self.change(r"^mail:\n(?:[ #].*\n)*", account + (f"  imap: {imap}\n" if imap else ""))

    def change(self, pattern: str, replacement: str) -> None:
        """Change practice.yaml by a regular expression, which must match once."""
        file = self.folder / "practice.yaml"
        text, count = re.subn(pattern, lambda _: replacement, file.read_text("utf-8"), flags=re.MULTILINE)
        assert count == 1, f"{pattern} matches {count} times"
        file.write_text(text, "utf-8")

    def small_templates(self) -> None:
        """Take templates of a few lines, where a test is about something else than their looks."""
        templates = self.folder / "templates"
        for language in ("nl", "en"):
            for name, text in SMALL.items():
                (templates / language / name).write_text(text, "utf-8")

    def keep_password(self, account: str, password: str) -> None:
        """Keep a password where the program looks for it: a file for its owner only."""
        folder = self.settings / "pipeline" / "passwords"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / account
        file.write_text(password, "utf-8")
        file.chmod(0o600)

    @property
    def drop_folder(self) -> Path:
        """Where client files are dropped."""
        return self.folder / "drop" / "clients"

    def drop(self, content: str | bytes, name: str = "jansen.yaml", within: str = "clients") -> Path:
        """Put a finished file into a drop folder, as moving it there does."""
        made = self.folder.parent / f"{name}.made"
        made.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(made, (1_700_000_000, 1_700_000_000))
        return made.rename(self.folder / "drop" / within / name)

    def note(self, name: str = "jansen.yaml", within: str = "clients") -> str | None:
        """Give the note beside a dropped file, or None."""
        for suffix in (".LEESMIJ.txt", ".README.txt"):
            note = self.folder / "drop" / within / f"{name}{suffix}"
            if note.exists():
                return note.read_text("utf-8")
        return None

    @contextmanager
    def opened(self) -> Iterator[Practice]:
        """Open the practice in this process; its press and its reader are shared with other practices of this run."""
        before = os.environ.get("XDG_CONFIG_HOME")
        os.environ["XDG_CONFIG_HOME"] = str(self.settings)
        try:
            with opened(self.folder) as practice:
                warm.serve(practice)
                yield practice
        finally:
            os.environ.pop("XDG_CONFIG_HOME", None)
            if before is not None:
                os.environ["XDG_CONFIG_HOME"] = before

    def work(self, clock: Callable[[], datetime] = utc_now) -> list[str]:
        """Do what there is to do, from a fresh start until nothing moves; gives what was told."""
        told: list[str] = []
        with self.opened() as practice:
            worker = Worker(practice, clock, told.append)
            worker.start()
            worker.until_quiet()
        return told

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give the environment for a process of the program."""
        own = {"PIPELINE_PRACTICE": str(self.folder), "XDG_CONFIG_HOME": str(self.settings)}
        return {**os.environ, **own, **(more or {})}

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of the program."""
        return [sys.executable, "-m", "pipeline", *arguments]

    def program(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the program with `arguments` in a process of its own, until it ends."""
        return subprocess.run(
            self.command(*arguments), env=self.environment(), capture_output=True, text=True, timeout=timeout,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry out a command in this process, which takes a tenth of the time; what it logs is not in its words."""
        out, said = io.StringIO(), io.StringIO()
        around, umask = dict(os.environ), os.umask(0o077)
        os.environ.update(PIPELINE_PRACTICE=str(self.folder), XDG_CONFIG_HOME=str(self.settings))
        try:
            with redirect_stdout(out), redirect_stderr(said):
                code = main([*arguments])
        finally:
            os.umask(umask)
            os.environ.clear()
            os.environ.update(around)
        return subprocess.CompletedProcess([*arguments], code, out.getvalue(), said.getvalue())

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database, as an onlooker."""
        with closing(sqlite3.connect(f"file:{self.folder}/storage/state.db?mode=ro", uri=True)) as database:
            return database.execute(sql, values).fetchall()

    @property
    def reference(self) -> str:
        """The reference of the one dossier that there is."""
        ((reference,),) = self.rows("SELECT reference FROM dossiers")
        return str(reference)

    def states(self) -> list[object]:
        """Give the states of all mails, in the order in which they were composed."""
        return [row[0] for row in self.rows("SELECT state FROM messages ORDER BY rowid")]
