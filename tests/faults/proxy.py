"""``FaultProxy``: stands between a client and a real mail server on loopback, and breaks the line on order.

Takes in the server's port and rules; leaves a log of the bytes of both directions. Lines are looked into in
clear, or when the proxy ends TLS itself; after STARTTLS it only counts bytes.
"""

import asyncio
import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.certificates import identity
from tests.faults.passage import Passage
from tests.faults.rules import Direction, Rule

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Logged:
    """Bytes as they came in from one side: which connection (from 0), which way, what."""

    connection: int
    direction: Direction
    data: bytes


class FaultProxy:
    """A listening port on 127.0.0.1 that leads to another one.

    With ``tls_to``, a client context that trusts the server, both sides are TLS and the proxy reads what
    passes; its own certificate is for localhost and 127.0.0.1, by the authority in ``cafile``.
    """

    host = _HOST

    def __init__(self, to_port: int, *, tls_to: ssl.SSLContext | None = None) -> None:
        """Prepare; ``with`` opens ``port``."""
        self._to_port = to_port
        self._tls_to = tls_to
        presented = identity("good")
        self._tls_here = None if tls_to is None else presented.context
        self._authority = presented.authority_pem
        self._rules: list[Rule] = []
        self._passages: set[Passage] = set()
        self._joins = 0
        self._log: list[Logged] = []
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Listen."""
        self._place = tempfile.TemporaryDirectory()
        self.cafile = str(Path(self._place.name) / "ca.pem")
        Path(self.cafile).write_bytes(self._authority)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._wait(self._open())
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Cut every connection and close the port."""
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._place.cleanup()

    def tls(self) -> ssl.SSLContext:
        """Return a client context that trusts this proxy and no other server."""
        return ssl.create_default_context(cafile=self.cafile)

    def add(self, *rules: Rule) -> None:
        """Let these rules act from now on, on open connections too; the first that fits acts."""
        self._rules.extend(rules)

    def behave(self) -> None:
        """Forget all rules and take connections again."""
        self._rules.clear()
        self.take_again()

    def refuse(self) -> None:
        """Close the port: new connections are refused by the system; open ones stay."""
        self._wait(self._close())

    def take_again(self) -> None:
        """Open the same port again after ``refuse``."""
        self._wait(self._open())

    def cut_all(self) -> None:
        """Reset every open connection, both sides."""
        self._wait(self._cut_all())

    @property
    def log(self) -> list[Logged]:
        """Everything that came in so far, in order; a copy."""
        return list(self._log)

    def said(self, direction: Direction) -> bytes:
        """Return all bytes sent in one direction, over all connections, as they came in at the proxy."""
        return b"".join(entry.data for entry in self._log if entry.direction == direction)

    def connections(self) -> int:
        """Return how many connections there have been."""
        return self._joins

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._joined, sock=self._bound(), ssl=self._tls_here)

    def _bound(self) -> socket.socket:
        listener = socket.create_server((_HOST, self.port))
        self.port = int(listener.getsockname()[1])
        # Connections inherit it; without it each round trip waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut_all(self) -> None:
        for passage in list(self._passages):
            passage.cut(reset=True)

    async def _end(self) -> None:
        await self._close()
        await self._cut_all()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = None if self._tls_to is None else "localhost"
        try:
            there = await asyncio.open_connection(
                _HOST, self._to_port, ssl=self._tls_to, server_hostname=name, limit=1 << 20
            )
        except OSError:
            # The server is away, and so are we, in the same words.
            writer.transport.abort()
            return
        number = self._joins
        self._joins += 1
        passage = Passage(
            (reader, writer),
            there,
            self._rules,
            lambda way, data: self._log.append(Logged(number, way, data)),
        )
        self._passages.add(passage)
        with contextlib.suppress(asyncio.CancelledError):
            await passage.run()
        self._passages.discard(passage)
