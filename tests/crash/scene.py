"""Where a crash takes place: a fresh practice and fresh mailboxes each time, on one shared mail server.

Takes in a folder; leaves the practices in it for whoever wants to look at a violation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.sandbox import SandboxServer
from tests.world import World, client_file

PASSWORD = "open-sesame"
NAME = "jansen.yaml"
# Only for speed: without compilers in PATH nobody asks them where a library lies, and no desktop store is sought.
QUICK = {"PATH": "/nonexistent", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


class Server(Protocol):
    """Where mail arrives."""

    def messages(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """Give the mails in a folder of an account."""


class Stage(Protocol):
    """What makes scenes."""

    def scene(self, *, sponsored: bool) -> Scene:
        """Give a practice that nobody worked on yet, with a file in its drop folder."""


@dataclass(frozen=True)
class Scene:
    """One practice with one dropped client file; `sponsor` is None where the client pays."""

    world: World
    server: Server
    coach: str
    client: str
    sponsor: str | None
    dropped: str

    @property
    def recipients(self) -> list[str]:
        """Who must receive one mail each."""
        return [self.client] if self.sponsor is None else [self.sponsor, self.client]

    def arrived(self, recipient: str) -> list[bytes]:
        """Give the mails that the server accepted for `recipient`."""
        return self.server.messages(recipient)

    def copies(self) -> list[bytes]:
        """Give the mails in the coach's Sent."""
        return self.server.messages(self.coach, "Sent")


class Post:
    """The mail server of all scenes, with mailboxes for `places` of them."""

    def __init__(self, root: Path, places: int) -> None:
        """Make the mailboxes in `root`; the practices come beside them."""
        self.root = root
        self._numbers = itertools.count()
        accounts = {address: PASSWORD for number in range(places) for address in addresses(number)}
        self.server = SandboxServer(root / "server", accounts)

    def scene(self, *, sponsored: bool) -> Scene:
        """Give a practice that nobody worked on yet, with a file in its drop folder; safe to call from threads."""
        number = next(self._numbers)
        coach, _, _ = addresses(number)
        login = f"host: 127.0.0.1, security: plain-on-loopback, user: {coach}"
        world = World(
            self.root / str(number),
            smtp=f"{{{login}, port: {self.server.smtp_port}}}",
            imap=f"{{{login}, port: {self.server.imap_port}}}",
            sent_copy="append",
        )
        world.keep_password(f"{coach}@127.0.0.1", PASSWORD)
        return set_up(world, self.server, number, sponsored=sponsored)


@contextmanager
def posted(root: Path, places: int) -> Iterator[Post]:
    """Keep a mail server for as long as the block lasts."""
    post = Post(root, places)
    with post.server:
        yield post


def set_up(world: World, server: Server, number: int, *, sponsored: bool) -> Scene:
    """Make scene `number` of a practice that has its mail account: its addresses, and the dropped file."""
    coach, client, payer = addresses(number)
    sponsor = payer if sponsored else None
    world.change(r"^  sender: .*$", f"  sender: {coach}")
    world.small_templates()
    text = client_file(email=client, sponsor=sponsor)
    world.drop(text, NAME)
    return Scene(world, server, coach, client, sponsor, text)


def addresses(number: int) -> tuple[str, str, str]:
    """Give the addresses of coach, client and sponsor of scene `number`."""
    return f"coach{number}@practice.example", f"client{number}@home.example", f"sponsor{number}@work.example"
