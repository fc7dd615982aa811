"""One client's IMAP session: its state, and the loop that reads a command, runs it and answers it.

Takes in a `Channel`, leaves behind what the commands did to the store. A command that fails, whatever the
reason, is answered; only the end of the connection ends the session.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.sandbox import access, listing, mailboxes, messages, selecting
from pipeline.sandbox.arguments import RefusedError
from pipeline.sandbox.channel import Channel, Parts, TooBigError
from pipeline.sandbox.wire import BadSyntaxError, Token, Word, tokenise

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from pipeline.sandbox.store import Store
    from pipeline.sandbox.views import Hub, View

_LOG = logging.getLogger(__name__)
_TAGGED = re.compile(rb'(?P<tag>[^\x00-\x20\x7f-\xff(){%*"\\+]{1,100}) +(?P<rest>.*)', re.DOTALL)

_ANYWHERE = access.ANYWHERE
_BEFORE_LOGIN = access.BEFORE_LOGIN
_LOGGED_IN = access.LOGGED_IN | listing.COMMANDS | mailboxes.COMMANDS | selecting.OPENING
_SELECTED = messages.COMMANDS | selecting.COMMANDS
# While one of these runs, message numbers must not move (RFC 3501 section 7.4.1).
_NUMBERS_STAND = frozenset({"FETCH", "STORE", "SEARCH"})


@dataclass(frozen=True, slots=True)
class Site:
    """What all sessions share."""

    store: Store
    hub: Hub
    accounts: Mapping[str, str]
    clock: Callable[[], datetime]


class Command(Protocol):
    """A command: takes the session and its arguments, gives the text of the OK response."""

    def __call__(self, session: Session, arguments: list[Token], /) -> Awaitable[str]:
        """Run it. Raises RefusedError (NO) or BadSyntaxError (BAD)."""


class Session:
    """The state of one connection."""

    def __init__(self, channel: Channel, site: Site) -> None:
        """Start before login, with nothing selected."""
        self.channel = channel
        self.site = site
        self.account = ""
        self.view: View | None = None
        self.ended = False

    @property
    def selected(self) -> View:
        """The selected mailbox; RefusedError when none is."""
        if self.view is None:
            message = "No mailbox selected."
            raise RefusedError(message)
        return self.view

    def deselect(self) -> None:
        """Let go of the selected mailbox, if any."""
        if self.view:
            self.site.hub.leave(self.view)
        self.view = None

    async def run(self) -> None:
        """Serve the client until either side hangs up."""
        try:
            self.channel.send(b"* OK [CAPABILITY %b] Ready.\r\n" % access.CAPABILITY)
            while not self.ended:
                await self._serve_one()
                await self.channel.drain()
        except TimeoutError:
            self.channel.send(b"* BYE Disconnected for inactivity.\r\n")
        except (EOFError, OSError):
            _LOG.debug("client hung up")
        except asyncio.CancelledError:
            self.channel.send(b"* BYE Server shutting down.\r\n")
            raise
        finally:
            self.deselect()
            self.channel.close()

    async def _serve_one(self) -> None:
        try:
            parts = await self.channel.command()
        except TooBigError as error:
            tagged = _TAGGED.match(error.line)
            self.channel.send((tagged["tag"] if tagged else b"*") + b" BAD [TOOBIG] Too long.\r\n")
            self.ended = error.lost
            return
        first = parts[0]
        tagged = _TAGGED.fullmatch(first) if isinstance(first, bytes) else None
        if tagged is None:
            self.channel.send(b"* BAD Invalid tag or missing command.\r\n")
            return
        self.channel.send(await self._answer(tagged["tag"], [tagged["rest"], *parts[1:]]))
        if self.view and self.view.gone:
            self.channel.send(b"* BYE Selected mailbox was deleted.\r\n")
            self.ended = True

    async def _answer(self, tag: bytes, parts: Parts) -> bytes:
        """Run a command and give its tagged response."""
        name = ""
        try:
            name, arguments = _name(tokenise(parts))
            text = "OK " + await self._find(name)(self, arguments)
        except BadSyntaxError as error:
            return tag + f" BAD {error}.\r\n".encode()
        except RefusedError as error:
            text = f"NO {error}"
        except (EOFError, OSError):
            raise
        # Whatever else goes wrong in one command must not take the server away from all others.
        except Exception:  # noqa: BLE001  # see above; it is logged
            _LOG.exception("sandbox: %s failed", name)
            text = "NO [SERVERBUG] Internal error."
        if self.view:
            self.channel.send(self.view.report(expunges=name not in _NUMBERS_STAND))
        return tag + f" {text}\r\n".encode()

    def _find(self, name: str) -> Command:
        if name in _ANYWHERE:
            return _ANYWHERE[name]
        if name in _BEFORE_LOGIN and not self.account:
            return _BEFORE_LOGIN[name]
        if name in _LOGGED_IN and self.account:
            return _LOGGED_IN[name]
        if name in _SELECTED and self.view:
            return _SELECTED[name]
        known = name in _BEFORE_LOGIN or name in _LOGGED_IN or name in _SELECTED
        message = f"{name} not allowed now" if known else "Unknown command"
        raise BadSyntaxError(message)


def _name(tokens: list[Token]) -> tuple[str, list[Token]]:
    first = tokens[0] if tokens else None
    name = first.keyword if isinstance(first, Word) else ""
    second = tokens[1] if len(tokens) > 1 else None
    if name == "UID" and isinstance(second, Word):
        return f"UID {second.keyword}", tokens[2:]
    return name, tokens[1:]
