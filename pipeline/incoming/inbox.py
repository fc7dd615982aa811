"""From the mail server to bytes of our own: what can matter is found once, and kept as it came before it is read.

`look` notes where a mail lies that can matter (`arrivals`), in the transaction in which the folder's mark advances;
`fetch` stores its bytes, then says so. The same bytes in another folder, or after the server numbered its folders anew,
are the same mail. Nothing is changed in the mailbox, and of other mail nothing is kept.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger, mailbox
from pipeline.errors import NotReachable
from pipeline.incoming import facts, places
from pipeline.incoming.mail import Correspondent, Known
from pipeline.incoming.worth import Light, passed_over, worth
from pipeline.model import AttentionState, MailState
from pipeline.practice import Practice, account_of
from pipeline.steps import each, pause

Tell = Callable[[str], None]
AT_ONCE = 500
LARGEST = 40 << 20
SHOWN_AFTER = 8
CLOSED = "one of the mail folders cannot be opened; the others are looked in"


def look(practice: Practice, now: datetime, tell: Tell) -> int:
    """Look in every folder for what came since the last look; gives how many mails were found that can matter.

    Raises `NotReachable` when the mailbox is away, `ConfigError` for a folder in practice.yaml that there is not.
    """
    server = practice.file.mail.imap
    if server is None:
        return 0
    search = _Search(practice, account_of(server), now, tell)
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        listed = box.folders()
        names = places.watched(listed, practice.file.mail.folders)
        search.forget({one.name for one in listed})
        return each(practice, names, lambda name: search.look(box, name))


class _Search:
    """One look through the folders; the facts that judging needs are read when the first new mail needs them."""

    def __init__(self, practice: Practice, account: str, now: datetime, tell: Tell) -> None:
        self.practice, self.account, self.now, self.tell = practice, account, now, tell
        self._known: Known | None = None

    def look(self, box: mailbox.Mailbox, folder: str) -> int:
        try:
            return self._look(box, folder)
        except mailbox.Withheld:
            if folder.upper() == places.INBOX:
                raise
            if CLOSED not in self.practice.reported:
                self.practice.reported.add(CLOSED)
                self.tell(CLOSED)
            return 0

    def _look(self, box: mailbox.Mailbox, folder: str) -> int:
        kept = self.practice.database.row(
            "SELECT uidvalidity, next_uid FROM folders WHERE account = ? AND folder = ?", self.account, folder
        )
        if kept is not None and box.status(folder) == mailbox.State(kept["uidvalidity"], kept["next_uid"]):
            return 0
        state = box.examine(folder)
        following = state.next_uid or 1
        known_so_far = kept is not None and kept["uidvalidity"] == state.uidvalidity and following >= kept["next_uid"]
        start = kept["next_uid"] if kept is not None and known_so_far else 1
        found = list(self._worthy(box, start, following, anew=not known_so_far))
        return self._note(folder, state.uidvalidity, following, found, anew=not known_so_far)

    def _worthy(self, box: mailbox.Mailbox, start: int, end: int, *, anew: bool) -> Iterator[Light]:
        """Give the mails with these UIDs that can matter; `anew`: some may be older than our first mail."""
        first_sent = _first_sent(self.practice) if anew else None
        if anew and first_sent is None:
            return
        uids = box.uids(start, end)
        for some in (uids[at : at + AT_ONCE] for at in range(0, len(uids), AT_ONCE)):
            seen = box.glimpses(some)
            yield from (Light(one.uid, one.size) for one in seen if one.headers is None)
            lights = [_light(one, one.headers) for one in seen if one.headers is not None]
            yield from self._judged(
                box, [one for one in lights if not anew or not passed_over(one, self.known, first_sent)]
            )

    def _judged(self, box: mailbox.Mailbox, lights: list[Light]) -> Iterator[Light]:
        sender = self.practice.file.mail.sender
        verdicts = [(light, worth(light, self.known, sender)) for light in lights]
        yield from (light for light, verdict in verdicts if verdict)
        unsure = {light.uid: light for light, verdict in verdicts if verdict is None}
        parts = box.parts(sorted(unsure)) if unsure else {}
        for uid, files in parts.items():
            # What the server cannot take apart is looked at, rather than missed.
            if files is None or worth(_with_files(unsure[uid], files), self.known, sender):
                yield unsure[uid]

    def _note(self, folder: str, uidvalidity: int, following: int, found: list[Light], *, anew: bool) -> int:
        database, noted = self.practice.database, 0
        with database.transaction():
            if anew:  # the old numbers mean nothing any more, and may be given out again
                database.run("DELETE FROM arrivals WHERE account = ? AND folder = ?", self.account, folder)
            for light in found:
                noted += database.run(
                    "INSERT OR IGNORE INTO arrivals (account, folder, uidvalidity, uid, size, next_at, found_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    self.account, folder, uidvalidity, light.uid, light.size, self.now.isoformat(),
                    self.now.isoformat(),
                )  # fmt: skip
            database.run(
                "INSERT INTO folders (account, folder, uidvalidity, next_uid) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET uidvalidity = excluded.uidvalidity, next_uid = excluded.next_uid",
                self.account, folder, uidvalidity, following,
            )  # fmt: skip
        return noted

    def forget(self, there: set[str]) -> None:
        """Forget the folders that are gone; what lay in one that got another name is found under that one."""
        if not any(name.upper() == places.INBOX for name in there):
            return  # every account has an INBOX: a list without it is not the whole list
        database = self.practice.database
        rows = database.rows("SELECT folder FROM folders WHERE account = ?", self.account)
        for gone in [row["folder"] for row in rows if row["folder"] not in there]:
            with database.transaction():
                database.run("DELETE FROM folders WHERE account = ? AND folder = ?", self.account, gone)
                database.run(
                    "DELETE FROM arrivals WHERE account = ? AND folder = ? AND mail IS NULL", self.account, gone
                )

    @property
    def known(self) -> Known:
        if self._known is None:
            self._known = _known(self.practice)
        return self._known


def _light(one: mailbox.Glimpse, headers: dict[str, str]) -> Light:
    subject = {"subject": mailbox.decoded(headers["subject"])} if "subject" in headers else {}
    return Light(one.uid, one.size, one.internal_date, headers | subject)


def _with_files(light: Light, files: tuple[mailbox.Part, ...]) -> Light:
    return Light(light.uid, light.size, light.internal_date, light.headers, files)


def _first_sent(practice: Practice) -> datetime | None:
    first = practice.database.value("SELECT min(first_tried_at) FROM messages")
    return datetime.fromisoformat(first) if first else None


def _known(practice: Practice) -> Known:
    """Give what is known, and also the addresses that we wrote to before a dossier got another one."""
    known = facts.known(practice)
    written = {sent.recipient.lower(): (Correspondent(sent.dossier, sent.party),) for sent in known.sent.values()}
    return Known(known.sent, written | known.addresses)


def fetch(practice: Practice, now: datetime, tell: Tell) -> int:
    """Store what was found and is due, byte for byte; gives how many mails are now kept.

    Raises `NotReachable` when the mailbox is away.
    """
    server = practice.file.mail.imap
    due = practice.database.rows(
        "SELECT * FROM arrivals WHERE mail IS NULL AND reason IS NULL AND next_at <= ? AND account = ?"
        " ORDER BY folder, uidvalidity, attempts, uid",
        now.isoformat(), account_of(server) if server else "",
    )  # fmt: skip
    if server is None or not due:
        return 0
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        groups = itertools.groupby(due, lambda row: (row["folder"], row["uidvalidity"]))
        return sum(_fetch_from(practice, box, list(rows), now, tell) for _, rows in groups)


def _fetch_from(practice: Practice, box: mailbox.Mailbox, rows: list[sqlite3.Row], now: datetime, tell: Tell) -> int:
    """Fetch from one folder; when it was numbered anew the rows stay, and the next look puts them right."""
    try:
        if box.examine(rows[0]["folder"]).uidvalidity != rows[0]["uidvalidity"]:
            return 0
    except mailbox.Withheld:
        for row in rows:
            _try_later(practice, row, now, tell)
        return 0
    return each(
        practice,
        rows,
        lambda row: _fetch_one(practice, box, row, now, tell),
        lambda row: _try_later(practice, row, now, tell),
    )


def _fetch_one(practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    try:
        raw = box.whole(row["uid"]) if row["size"] <= LARGEST else b""
        if raw is None:  # a person moved it or threw it away; moved, it is found where it lies now
            _set(practice, row, "DELETE FROM arrivals")
            return 0
        if not 0 < len(raw) <= LARGEST:
            _too_large(practice, box, row, max(len(raw), row["size"]), now, tell)
            return 0
    except NotReachable as error:
        _try_later(practice, row, now, tell)
        if isinstance(error, mailbox.Withheld):
            return 0
        raise
    _keep(practice, row, raw, now)
    return 1


def _keep(practice: Practice, row: sqlite3.Row, raw: bytes, now: datetime) -> None:
    """Store the bytes, and then say that they are there."""
    database = practice.database
    seal = tokens.seal(practice.key, hashlib.sha256(raw).hexdigest())
    file = mail_file(seal)
    if not database.value("SELECT 1 FROM mails WHERE seal = ?", seal):
        practice.storage.write(file, raw)
    with database.transaction():
        new = database.run(
            "INSERT OR IGNORE INTO mails (seal, file, state, next_at, stored_at) VALUES (?, ?, ?, ?, ?)",
            seal, file, MailState.STORED, now.isoformat(), now.isoformat(),
        )  # fmt: skip
        _change(practice, row, "UPDATE arrivals SET mail = (SELECT number FROM mails WHERE seal = ?)", seal)
        if new:
            ledger.record(database, now, "mail.stored", seal=seal)
        if row["attempts"] >= SHOWN_AFTER:
            _settle(practice, _cannot_fetch(row), now)


def mail_file(seal: str) -> str:
    """Give the file in the storage that holds a mail as it came."""
    return f"mail/{seal}.eml"


def _too_large(
    practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, size: int, now: datetime, tell: Tell
) -> None:
    """Leave a mail where it is, and ask the coach to look at it."""
    seen = next(iter(box.glimpses([row["uid"]])), None)
    sender = (seen.headers or {}).get("from", "") if seen else ""
    date = seen.internal_date.date().isoformat() if seen and seen.internal_date else row["found_at"][:10]
    values = {
        "folder": row["folder"], "date": date, "sender": mailbox.decoded(sender)[:200] or "?",
        "size": f"{size / 1e6:.0f} MB",
    }  # fmt: skip
    with practice.database.transaction():
        _change(practice, row, "UPDATE arrivals SET reason = ?", _reasons("mail_too_large", values))
        _show(practice, _reasons("mail_too_large", values), now)
    tell("a mail is too large to be read; the coach must look at it")


def _try_later(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> None:
    attempts = row["attempts"] + 1
    with practice.database.transaction():
        _change(
            practice, row, "UPDATE arrivals SET attempts = ?, next_at = ?",
            attempts, (now + pause(row["attempts"])).isoformat(),
        )  # fmt: skip
        if attempts == SHOWN_AFTER:
            _show(practice, _cannot_fetch(row), now)
            tell("a mail cannot be fetched; it is tried again, and the coach must look at it")


def _cannot_fetch(row: sqlite3.Row) -> str:
    return _reasons("cannot_fetch", {"folder": row["folder"], "date": row["found_at"][:10]})


def _reasons(word: str, values: dict[str, str]) -> str:
    return json.dumps([[word, values]], ensure_ascii=False)


def _show(practice: Practice, reasons: str, now: datetime) -> None:
    """Ask the coach to look, once: a folder that is numbered anew brings up nothing again."""
    if not practice.database.value("SELECT 1 FROM attention WHERE what = 'arrival' AND reasons = ?", reasons):
        practice.database.run(
            "INSERT INTO attention (what, reasons, state, opened_at) VALUES ('arrival', ?, ?, ?)",
            reasons, AttentionState.OPEN, now.isoformat(),
        )  # fmt: skip


def _settle(practice: Practice, reasons: str, now: datetime) -> None:
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = ?, decision = 'fetched'"
        " WHERE what = 'arrival' AND reasons = ? AND state = ?",
        AttentionState.SETTLED, now.isoformat(), reasons, AttentionState.OPEN,
    )  # fmt: skip


def _set(practice: Practice, row: sqlite3.Row, change: str, *values: object) -> None:
    with practice.database.transaction():
        _change(practice, row, change, *values)


def _change(practice: Practice, row: sqlite3.Row, change: str, *values: object) -> None:
    practice.database.run(
        f"{change} WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
        *values, row["account"], row["folder"], row["uidvalidity"], row["uid"],
    )  # fmt: skip
