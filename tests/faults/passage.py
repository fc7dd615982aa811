"""One connection through a fault proxy: two streams, and the rules carried out on them.

Takes in both ends; leaves them closed.
"""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Callable

from tests.faults.rules import Direction, Rule, Watch

End = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CHUNK = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_STARTTLS = re.compile(rb"^(\S+ )?STARTTLS\r\n$", re.IGNORECASE)
_GO_AHEAD = re.compile(rb"^(220|\S+ OK)")


class _CutError(Exception):
    """The connection was ended on purpose."""


class Passage:
    """Passes bytes both ways, a line at a time, until an end closes or a rule cuts."""

    def __init__(self, client: End, server: End, rules: list[Rule], record: Callable[[Direction, bytes], None]) -> None:
        """``record`` is told every piece that comes in."""
        self._client, self._server = client, server
        # Kept now: a TLS transport that is closed no longer tells its socket.
        self._sockets = [writer.get_extra_info("socket") for _, writer in (client, server)]
        self._watch = Watch(rules)
        self._record = record
        self._tls_asked = False
        self._opaque = False
        self._silent: set[Direction] = set()

    async def run(self) -> None:
        """Return when the connection is over, for whatever reason."""
        await asyncio.gather(
            self._pass(self._client[0], self._server[1], "to server"),
            self._pass(self._server[0], self._client[1], "to client"),
        )

    def cut(self, *, reset: bool) -> None:
        """End both sides now: by RST, or by FIN after what was already passed on."""
        for writer, handle in zip((self._client[1], self._server[1]), self._sockets, strict=True):
            if not reset:
                writer.close()
                continue
            # It may be closed already; in early Python 3.11 a closed TLS transport has lost its protocol.
            with contextlib.suppress(OSError):
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            with contextlib.suppress(AttributeError):
                writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Direction) -> None:
        rest = b""
        try:
            while data := await source.read(_CHUNK):
                self._record(way, data)
                rest = await self._forward(rest + data, sink, way)
            await self._write(sink, rest, way)
            sink.close()
        except (OSError, _CutError):
            self.cut(reset=False)

    async def _forward(self, data: bytes, sink: asyncio.StreamWriter, way: Direction) -> bytes:
        """Pass on the complete lines, and return what is left of an incomplete one."""
        while not self._opaque:
            line, found, data = data.partition(b"\n")
            if not found:
                return line
            await self._line(line + found, sink, way)
        await self._write(sink, data, way)
        return b""

    async def _line(self, line: bytes, sink: asyncio.StreamWriter, way: Direction) -> None:
        changed = line
        for rule in self._watch.line_rules(way):
            if not self._watch.acts_on(rule, changed):
                continue
            if rule.action != "rewrite":
                await self._act_on_line(rule, changed, sink)
                return
            changed = re.sub(rule.line or b"", rule.text, changed)
        self._note(line, way)
        await self._write(sink, changed, way)

    async def _act_on_line(self, rule: Rule, line: bytes, sink: asyncio.StreamWriter) -> None:
        if rule.action == "reply":
            await self._answer(rule, line)
        elif rule.action != "drop":
            await self._act(rule)
            self._note(line, rule.direction)
            await self._write(sink, line, rule.direction)

    def _note(self, line: bytes, way: Direction) -> None:
        self._watch.arm(way, line)
        if way == "to server":
            self._tls_asked = bool(_STARTTLS.match(line))
        elif self._tls_asked:
            # What follows is a handshake, which has no lines.
            self._tls_asked = False
            self._opaque = bool(_GO_AHEAD.match(line))

    async def _write(self, sink: asyncio.StreamWriter, data: bytes, way: Direction) -> None:
        if not data:
            return
        struck = self._watch.byte_rule(way, len(data))
        if struck is not None:
            rule, passed = struck
            self._put(sink, data[:passed], way)
            await sink.drain()
            await self._act(rule)
            data = data[passed:]
        self._put(sink, data, way)
        await sink.drain()

    def _put(self, sink: asyncio.StreamWriter, data: bytes, way: Direction) -> None:
        if way not in self._silent:
            sink.write(data)

    async def _answer(self, rule: Rule, line: bytes) -> None:
        back = self._client[1] if rule.direction == "to server" else self._server[1]
        found = re.search(rule.line or b"", line)
        back.write(found.expand(rule.text) if found else rule.text)
        await back.drain()

    async def _act(self, rule: Rule) -> None:
        if rule.action == "delay":
            await asyncio.sleep(rule.seconds)
        elif rule.action == "stall":
            self._silent.add(rule.direction)
        else:
            self.cut(reset=rule.action == "reset")
            raise _CutError
