"""Looking in the mailbox: where what can matter lies is noted (`arrivals`), once, and of other mail nothing is kept.

A mail is noted in the transaction in which the folder's mark advances, so that none is skipped. Nothing is changed in
the mailbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from pipeline.edges import mailbox
from pipeline.incoming import facts, places
from pipeline.incoming.mail import Correspondent, Known
from pipeline.incoming.worth import Light, passed_over, worth
from pipeline.practice import Practice, account_of
from pipeline.steps import each

Tell = Callable[[str], None]
AT_ONCE = 500
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
