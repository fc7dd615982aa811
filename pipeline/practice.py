"""An opened practice folder: its rules and its edges in one hand, for as long as one command works on it."""

from __future__ import annotations

import secrets as randomness
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.config.practice import FILE, PracticeFile, Server, read_practice_file
from pipeline.config.rules import FILE as RULES
from pipeline.config.rules import InboxRules, read_rules
from pipeline.edges import office, secrets
from pipeline.edges.accepts import DROPS
from pipeline.edges.database import Database
from pipeline.edges.folder import DropFolder
from pipeline.edges.press import Press
from pipeline.edges.reader import Reader
from pipeline.edges.storage import Storage, network_disk
from pipeline.errors import ConfigError
from pipeline.policy.policy import Policy, read_policy
from pipeline.secret import Secret


@dataclass
class Practice:
    """What every step works with.

    `drops` are its drop folders by their names, `drop` the one for client files. `key` is the practice's own secret for
    references, tokens and page codes; `read_at` is when its files that are in force were changed; `stopping` is set to
    end the work after the item at hand.
    """

    folder: Path
    file: PracticeFile
    rules: InboxRules
    policy: Policy
    storage: Storage
    database: Database
    drops: Mapping[str, DropFolder]
    press: Press
    reader: Reader
    key: bytes
    read_at: tuple[int, ...]
    stopping: threading.Event = field(default_factory=threading.Event)
    reported: set[str] = field(default_factory=set)
    secrets: dict[str, Secret] = field(default_factory=dict)

    def reread(self) -> bool:
        """Take over practice.yaml, the rules and an own policy when they have changed; tells whether they had.

        Raises `FileProblems` when it cannot be used; what was read before stays in force.
        """
        changed_at = _changed_at(self.folder, self.file.policy)
        if changed_at == self.read_at:
            return False
        self.read_at = changed_at
        file = read_practice_file(self.folder)
        self.read_at = _changed_at(self.folder, file.policy)
        policy, rules = read_policy(file.policy, self.folder, file.language), _rules(self.folder, file.language)
        self.file, self.policy, self.rules = file, policy, rules
        return True

    @property
    def drop(self) -> DropFolder:
        """The drop folder for client files."""
        return self.drops["clients"]

    def still_written(self) -> bool:
        """Tell whether the last look into a drop folder saw a file that somebody was still writing."""
        return any(drop.waiting for drop in self.drops.values())

    def today(self, now: datetime) -> date:
        """Give the date of `now` on the practice's calendar."""
        return now.astimezone(ZoneInfo(self.file.timezone)).date()

    def day_of(self, at: str) -> date:
        """Give the date of a moment as it stands in the database, on the practice's calendar."""
        return self.today(datetime.fromisoformat(at))

    def secret_of(self, server: Server) -> Secret:
        """Find the password of an account when it is first needed; it may have to be typed, so it is asked for once."""
        account = account_of(server)
        if account not in self.secrets:
            self.secrets[account] = secrets.find(account)
        return self.secrets[account]


def account_of(server: Server) -> str:
    """Give the name under which an account's password is kept."""
    return f"{server.user}@{server.host}"


@contextmanager
def opened(folder: Path) -> Iterator[Practice]:
    """Open the practice in `folder` for as long as the block lasts."""
    folder = folder.resolve()
    file = read_practice_file(folder)
    read_at = _changed_at(folder, file.policy)
    for needed in (folder / "drop" / "clients", folder / "templates"):
        if not needed.is_dir():
            raise ConfigError(f"the folder {needed} is missing; is the drive connected? Else type: mkdir -p {needed}")
    drops = _drops(folder / "drop")
    policy, rules = read_policy(file.policy, folder, file.language), _rules(folder, file.language)
    storage = Storage(folder / "storage")
    kind = network_disk(storage.root)
    if kind:
        raise ConfigError(f"{storage.root} is on a network drive ({kind}), where nothing is safe; move the practice")
    database = Database(storage.path("state.db"))
    press = Press(folder / "templates", storage.path("press"), office.to_pdf)
    reader = Reader(storage.path("reading"))
    try:
        key = _own_key(database)
        yield Practice(folder, file, rules, policy, storage, database, drops, press, reader, key, read_at)
    finally:
        reader.close()
        press.close()
        database.close()


def _drops(folder: Path) -> dict[str, DropFolder]:
    """Give the drop folders; one that an older version of the program did not know is made."""
    for name in DROPS:
        try:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:
            raise ConfigError(f"{folder / name} must be a folder; move what is there to another place") from None
    return {name: DropFolder(folder / name, accepts) for name, accepts in DROPS.items()}


def _rules(folder: Path, language: str) -> InboxRules:
    try:
        return read_rules(folder, language)
    except FileNotFoundError:
        raise ConfigError(f"{folder / RULES} is missing; for none at all, write in it: rules: []") from None


def _changed_at(folder: Path, policy: str) -> tuple[int, ...]:
    """Give when the practice's files were last changed; 0 for one that is not there, which reading it says better."""
    files = (folder / FILE, folder / RULES, folder / policy)
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in files)


def _own_key(database: Database) -> bytes:
    """Give the practice's key; it is made once."""
    if not database.value("SELECT 1 FROM settings WHERE name = 'key'"):
        with database.transaction():
            database.run("INSERT OR IGNORE INTO settings VALUES ('key', ?)", randomness.token_hex(32))
    return bytes.fromhex(database.value("SELECT value FROM settings WHERE name = 'key'"))
