"""`status`, `show`, `preview`: looking, which changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from pipeline import overview, tokens
from pipeline.errors import UsageError
from pipeline.incoming import consents
from pipeline.model import AttentionState, MessageState, Party, message_file
from pipeline.outgoing.mail import locking
from pipeline.practice import Practice, opened
from pipeline.worker import utc_now


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    status = commands.add_parser("status", parents=[shared], help="who waits for what; exit code 1 when you must act")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(command=_status)
    show = commands.add_parser("show", parents=[shared], help="all that is known of one dossier")
    show.add_argument("reference", metavar="REF")
    show.set_defaults(command=_show)
    preview = commands.add_parser("preview", parents=[shared], help="open what would go, or went, to whom")
    preview.add_argument("reference", metavar="REF")
    preview.set_defaults(command=_preview)


def _status(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        lines = overview.everything(practice, utc_now())
    if chosen.json:
        print(json.dumps(overview.as_data(lines), indent=2, ensure_ascii=False))
    elif not lines:
        print("nothing waits")
    else:
        for line in lines:
            print(f"{'!' if line.attention else ' '} {line.reference:12}  {line.what}: {line.text}")
    return int(any(line.attention for line in lines))


def known_dossier(practice: Practice, typed: str) -> str:
    """Give the dossier that was typed, or raise `UsageError` that names those there are."""
    reference = typed.strip().upper()
    if practice.database.value("SELECT 1 FROM dossiers WHERE reference = ?", reference):
        return reference
    known = practice.database.rows("SELECT reference FROM dossiers ORDER BY opened_at DESC LIMIT 10")
    names = ", ".join(row["reference"] for row in known) or "none yet"
    raise UsageError(f"there is no dossier {typed}; the latest are: {names}")


def _show(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        dossier = practice.database.row("SELECT * FROM dossiers WHERE reference = ?", reference)
        assert dossier is not None
        print(f"dossier {reference}  quote {dossier['quote_number']}  opened {_short(dossier['opened_at'])}")
        print(f"folder  {practice.storage.path(f'dossiers/{reference}')}")
        _show_password(practice, reference)
        for row in practice.database.rows("SELECT * FROM requests WHERE dossier = ? ORDER BY revision", reference):
            print(f"request v{row['revision']}  {row['state']}  {_short(row['accepted_at'])}")
            if row["reason"]:
                print(f"    {row['reason']}")
        for row in practice.database.rows(
            "SELECT * FROM documents WHERE dossier = ? ORDER BY version, kind", reference
        ):
            print(f"document {row['file']}  {row['kind']}  {row['pages']} pages  statement {row['statement']}")
        for row in practice.database.rows(
            "SELECT * FROM messages WHERE dossier = ? ORDER BY revision, rowid", reference
        ):
            copy = {"filed": ", copy in Sent", "wanted": ", copy in Sent to come"}.get(row["copy_state"], "")
            state = "kept in" if overview.kept_in(row) else row["state"]
            print(f"{overview.mail(row)}  {state}{copy}  {row['reason'] or ''}".rstrip())
        for row in practice.database.rows("SELECT * FROM obligations WHERE dossier = ? ORDER BY version", reference):
            print(f"{row['kind']} v{row['version']} from the {row['party']}  {row['state']}  due {row['due_at']}")
        _show_returned(practice, reference)
    return 0


def _show_password(practice: Practice, reference: str) -> None:
    """Print the password of the documents where they travel locked; it is said over the phone and written nowhere."""
    by_policy = locking.password_for(practice, reference, Party.CLIENT, practice.policy.mail_contents)
    if by_policy or locking.locks(practice, reference):
        parties = (Party.CLIENT, Party.SPONSOR) if _sponsored(practice, reference) else (Party.CLIENT,)
        for party in parties:
            password = tokens.document_password(practice.key, reference, party)
            print(f"password {password}  opens what the {party} receives; give it by phone, never by mail")


def _sponsored(practice: Practice, reference: str) -> bool:
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", reference
    )
    return bool(json.loads(facts).get("sponsor"))


def _show_returned(practice: Practice, reference: str) -> None:
    """Print what came back, and the consents as they stand."""
    for row in practice.database.rows("SELECT * FROM returns WHERE dossier = ? ORDER BY number", reference):
        verdict = row["verdict"].replace("_", " ")
        print(f"returned {row['kind']} v{row['version']}  {verdict}, {row['state']}  {_short(row['read_at'])}")
        for file in json.loads(row["files"]):
            print(f"    {practice.storage.path(file)}")
    for row in consents.standing(practice, reference):
        word = "given" if row["given"] else "withdrawn" if row["way"] == consents.WITHDRAWN else "refused"
        print(f"consent {row['purpose']}  {word}  {_short(row['at'])}  {row['document']}, read from {row['way']}")
    waits = practice.database.value(
        "SELECT count(*) FROM attention WHERE dossier = ? AND state = ?", reference, AttentionState.OPEN
    )
    if waits:
        print(f"{waits} waiting for you; see: pipeline attention")


def _short(at: str) -> str:
    return at[:16].replace("T", " ")


def _preview(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        rows = practice.database.rows(
            "SELECT * FROM messages WHERE dossier = ? AND state != ? ORDER BY revision, rowid",
            reference, MessageState.SUPERSEDED,
        )  # fmt: skip
        files = [practice.storage.path(message_file(row["token"])) for row in rows]
        if not files:
            raise UsageError(f"no mail has been made for {reference} yet; see: pipeline show {reference}")
        for row, file in zip(rows, files, strict=True):
            print(f"to the {row['party']} ({row['state']}): {file}")
        documents = practice.storage.path(f"dossiers/{reference}")
        print(f"documents: {documents}")
        open_files([*map(str, files), str(documents)])
    return 0


def open_files(paths: list[str]) -> None:
    """Open the files in the coach's own programs, where there is a desktop to do so."""
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if (
        opener
        and sys.stdout.isatty()
        and (sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    ):
        for path in paths:
            subprocess.Popen([opener, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
