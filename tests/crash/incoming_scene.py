"""Where a crash on the road in takes place: a practice whose papers went out, and people's mail in its mailbox.

Takes in a folder; leaves there the practice as it waits, made once, and a copy of it, with a server of its own, for
each crash. Every copy has the same key and the same mail, so that what comes of it can be compared to the letter.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.incoming import samples
from tests.incoming.road import STRANGER, Road, copied, letter, send_papers
from tests.world import CLIENT, COACH, World

PROVIDER = "localhost"
"""The name by which the server of the scene says how sure it is of a sender."""
Place = tuple[str, int, str, str, bytes]
Letter = EmailMessage | bytes


@dataclass(frozen=True)
class Arrived:
    """One practice with unread answers in its mailbox; `root` is all that there is of it."""

    root: Path
    road: Road

    @property
    def world(self) -> World:
        """The practice."""
        return self.road.world

    @property
    def mailbox(self) -> list[Place]:
        """Everything in the coach's mailbox: folder, UID, flags, INTERNALDATE and octets."""
        with closing(sqlite3.connect(self._store)) as store:
            return store.execute(
                "SELECT folder.name, uid, flags, received, raw FROM mail JOIN folder ON folder.id = mail.folder"
                " JOIN content ON content.id = mail.content WHERE account = ? ORDER BY folder.name, uid",
                (COACH,),
            ).fetchall()

    def renumber(self) -> None:
        """Number the coach's INBOX anew, as a server does after a repair: old numbers now mean other mails."""
        with closing(sqlite3.connect(self._store)) as store, store:
            inbox = store.execute("SELECT id FROM folder WHERE account = ? AND name = 'INBOX'", (COACH,)).fetchone()
            last = "(SELECT max(uidvalidity) FROM folder)"
            store.execute(f"UPDATE folder SET uidvalidity = {last} + 1, uidnext = uidnext + 2 WHERE id = ?", inbox)
            store.execute("UPDATE mail SET uid = -uid WHERE folder = ?", inbox)
            store.execute("UPDATE mail SET uid = 2 - uid WHERE folder = ?", inbox)

    @property
    def _store(self) -> Path:
        return self.root / "server" / "mail.db"


class Shelf:
    """A practice whose papers went out and whose people answered, and copies of it for as many crashes as are wanted.

    Her own note goes to another mailbox than the one that is read.
    """

    def __init__(
        self, root: Path, letters: Callable[[Road], Iterable[Letter]], choose: Callable[[World], None]
    ) -> None:
        """Let the papers go out and `letters` come back; `choose` makes the choices of this practice in its files."""
        self.root, self.choose = root, choose
        self._numbers = itertools.count()
        send_papers(root / "sent", sponsored=False)
        with copied(root / "sent", root / "waiting") as road:
            for mail in letters(road):
                hers = isinstance(mail, EmailMessage) and "In-Reply-To" in mail
                road.post(mail, sender=CLIENT if hers else STRANGER)

    @contextmanager
    def scene(self, of: Path | None = None) -> Iterator[Arrived]:
        """Give a copy that nobody worked on yet, with its server running; or one of a scene that was left in `of`.

        Safe to call from threads.
        """
        root = self.root / str(next(self._numbers))
        with copied(of or self.root / "waiting", root) as road:
            road.world.change(r"^  email: .*$", f"  email: {STRANGER}")
            road.world.change(r"^  version: .*$", '  version: "2026-12"')  # another address is another statement
            self.choose(road.world)
            yield Arrived(root, road)


def asking(root: Path) -> Shelf:
    """Give a shelf where what is signed waits for the coach, and a consent is taken back."""
    return Shelf(root, lambda road: (_papers(road), _reply(road), _withdrawal(), _newsletter()), lambda _: None)


def booking(root: Path) -> Shelf:
    """Give a shelf where papers book themselves, countersigned copies go out within the run, and a mail bounced."""
    choice = f"returns: {{confirm: never}}\nmail:\n  provider: {PROVIDER}"
    return Shelf(
        root,
        lambda road: (_papers(road), _reply(road), _bounce(road), _newsletter()),
        lambda world: world.change(r"^mail:$", choice),
    )


def tidying(root: Path) -> Shelf:
    """Give a shelf where a rule marks and moves a plain answer."""
    return Shelf(root, lambda road: (_newsletter(), _reply(road), _withdrawal()), _mark_and_move)


def _mark_and_move(world: World) -> None:
    rules = world.folder / "inbox_rules.yaml"
    rule = (
        "rules:\n  - {name: Antwoord, when: {reply_to_us: yes}, then: file_correspondence, mark: Terug, move: Archive}"
    )
    rules.write_text(rules.read_text("utf-8").replace("rules:", rule, 1), "utf-8")


def _papers(road: Road) -> EmailMessage:
    return road.answer(CLIENT, "Getekend terug.", road.signed(CLIENT, 1), road.signed(CLIENT, 2))


def _reply(road: Road) -> EmailMessage:
    return road.answer(CLIENT, "Fijn dat we kunnen beginnen. Groet, Sanne")


def _withdrawal() -> EmailMessage:
    return letter(CLIENT, "Toch niet", "Beste Marjan, hierbij trek ik mijn toestemming in. Sanne")


def _bounce(road: Road) -> bytes:
    (token, message_id), *_ = road.world.rows("SELECT token, message_id FROM messages")
    ours = samples.postfix_bounce().replace(samples.OURS.encode(), str(message_id).encode())
    return ours.replace(samples.TOKEN.encode(), str(token).encode())


def _newsletter() -> EmailMessage:
    mail = letter(STRANGER, "Nieuwsbrief van deze maand", "Tien tips voor het najaar.")
    mail["List-Unsubscribe"] = "<mailto:uit@elsewhere.example>"
    return mail
