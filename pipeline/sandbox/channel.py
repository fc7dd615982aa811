"""One IMAP connection as a channel of commands: lines with literals in, answers out, each within its limits.

Takes in an asyncio stream pair, leaves nothing behind but the bytes sent; knows no commands (RFC 3501 section
2.2).
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TypeAlias

from pipeline.sandbox.wire import BadSyntaxError, Literal

MAX_LINE = 65536
"""Octets in the text of one command, its literals not counted; real servers draw the line here too."""
MAX_MAIL = 40 * 1024 * 1024
"""Octets in one mail, and in all literals of one command: what mail providers accept, and some more."""
MAX_LITERAL_BEFORE_LOGIN = 8192
IDLE_SECONDS = 30 * 60
"""How long a silent client is kept (RFC 3501 section 5.4: at least 30 minutes)."""

Parts: TypeAlias = "list[bytes | Literal]"
_LITERAL = re.compile(rb"\{(\d{1,19})(\+?)\}\Z")


class TooBigError(BadSyntaxError):
    """A line or literal is over the limit.

    `line` is what was read of the command, `lost` whether it is still unread.
    """

    def __init__(self, line: bytes, *, lost: bool) -> None:
        """Keep the start of the command, for its tag."""
        super().__init__("[TOOBIG] Too long")
        self.line = line
        self.lost = lost


class Channel:
    """Commands in, answers out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over an open connection; its reader's limit must be MAX_LINE."""
        self._reader = reader
        self._writer = writer
        self.max_literals = MAX_LITERAL_BEFORE_LOGIN
        # A client that waits for an answer must not wait for its own delayed acknowledgement as well.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def command(self) -> Parts:
        """Read one command.

        Raises TooBigError, and EOFError or OSError when the client is gone or silent too long.
        """
        parts: Parts = []
        text = octets = 0
        while True:
            line = await self.line()
            parts.append(line)
            text += len(line)
            if text > MAX_LINE:
                raise TooBigError(_first(parts), lost=False)
            announced = _LITERAL.search(line)
            if announced is None:
                return parts
            parts[-1] = line[: announced.start()]
            octets += int(announced[1])
            if octets > self.max_literals:
                # A synchronising client has not sent the literal yet and may carry on; the other has (RFC
                # 7888 section 4).
                raise TooBigError(_first(parts), lost=bool(announced[2]))
            if not announced[2]:
                self.send(b"+ OK\r\n")
            parts.append(Literal(await self._exactly(int(announced[1]))))

    async def line(self) -> bytes:
        """Read one line, without its line break. Raises as `command` does."""
        async with asyncio.timeout(IDLE_SECONDS):
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                raise TooBigError(await self._skip_line(overrun.consumed), lost=False) from overrun
        return line.removesuffix(b"\n").removesuffix(b"\r")

    async def _skip_line(self, consumed: int) -> bytes:
        start = await self._reader.readexactly(consumed)
        while True:
            try:
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
            else:
                return start

    async def _exactly(self, count: int) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            return await self._reader.readexactly(count)

    def send(self, octets: bytes) -> None:
        """Put octets on their way."""
        self._writer.write(octets)

    async def drain(self) -> None:
        """Wait until the client has taken in most of what was sent. Raises OSError when it is gone."""
        await self._writer.drain()

    def close(self) -> None:
        """Hang up once everything is sent."""
        self._writer.close()


def _first(parts: Parts) -> bytes:
    return parts[0] if isinstance(parts[0], bytes) else b""
